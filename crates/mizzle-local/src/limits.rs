//! The limits of a cluster: one table of names, sizes and sources.

use std::time::Duration;

use crate::Error;

/// One size: of rows, of bytes, of time.
trait Size: Copy {
    fn read(text: &str) -> Option<Self>;
    /// As PostgreSQL's settings carry it.
    fn to_setting(self) -> String;
}

/// Declares the limits. Each row: its documentation, name, type, size, and whether PostgreSQL's side enforces it.
macro_rules! limits {
    ($($(#[$doc:meta])+ $name:ident: $kind:ty = $size:expr, $side:ident;)+) => {
        /// The limits of a cluster; all of them may be lowered so that tests can reach them.
        ///
        /// The sizes are those of the page *Cluster quotas and database limits* of the user guide unless another
        /// source is named.
        ///
        /// # Example
        /// ```
        /// let mut limits = mizzle_local::Limits::default();
        /// limits.rows = 10;
        /// limits.set("transaction_age", "250ms").unwrap();
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Limits {
            $($(#[$doc])+ pub $name: $kind,)+
        }

        impl Default for Limits {
            fn default() -> Limits {
                Limits { $($name: $size,)+ }
            }
        }

        impl Limits {
            /// The names that [`set`](Limits::set) knows: those of the fields.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// Sets one limit by its name: a number, a size such as `10MiB`, a time such as `5min` or `250ms`.
            ///
            /// # Errors
            /// When there is no such limit, or the text is no size of its kind.
            pub fn set(&mut self, name: &str, size: &str) -> Result<(), Error> {
                match name {
                    $(stringify!($name) => {
                        self.$name = <$kind as Size>::read(size.trim()).ok_or_else(|| unreadable(name, size))?;
                    })+
                    _ => {
                        return Err(Error::new(format!("there is no limit {name:?}"))
                            .with_hint(format!("the limits are {}", Limits::NAMES.join(", "))));
                    }
                }
                Ok(())
            }

            /// Whether a few small rows are within every limit, so that nobody has to count them.
            pub(crate) fn are_roomy(self) -> bool {
                self.smallest() >= 1_000 && self.rows >= 400 && self.transaction_bytes >= 16 << 10
            }

            /// The smallest of what a row or a part of it may have.
            fn smallest(self) -> u64 {
                let parts = [self.key_bytes, self.value_bytes, self.char_bytes, self.varchar_bytes];
                parts.into_iter().fold(self.row_bytes, u64::min)
            }

            /// What PostgreSQL must know, as settings of its own.
            pub(crate) fn to_settings(self) -> Vec<(&'static str, String)> {
                let all =
                    [$((concat!("mizzle.", stringify!($name), "_limit"), self.$name.to_setting(), Side::$side)),+];
                // Most rows are smaller than that, and need no other look.
                let smallest = ("mizzle.smallest_limit", self.smallest().to_setting(), Side::Data);
                all.into_iter()
                    .chain([smallest])
                    .filter(|(_, _, side)| *side == Side::Data)
                    // The counter of rows has had its name for longer than the others.
                    .map(|(name, size, _)| (if name == "mizzle.rows_limit" { "mizzle.row_limit" } else { name }, size))
                    .collect()
            }
        }
    };
}

/// Who enforces a limit.
#[derive(PartialEq, Eq)]
enum Side {
    /// The session, here.
    Here,
    /// Triggers in PostgreSQL.
    Data,
}

limits! {
    /// Rows that one transaction may change, rows changed by cascades included: 3,000.
    rows: u32 = 3_000, Data;
    /// Bytes that one transaction may write: 10 MiB. Rows changed count with their entries in indexes that are not
    /// partial, rows locked with their keys; sizes are those of the values as text, before compression.
    transaction_bytes: u64 = 10 << 20, Data;
    /// How long a transaction may be open: 5 minutes.
    transaction_age: Duration = Duration::from_secs(300), Here;
    /// How long a connection may be open: 60 minutes.
    connection_age: Duration = Duration::from_secs(3_600), Here;
    /// Connections of a cluster: 10,000. PostgreSQL behind has 200, whatever is said here.
    connections: u32 = 10_000, Here;
    /// New connections a second, once the burst is used up: 100.
    connection_rate: u32 = 100, Here;
    /// New connections that may come at once: 1,000.
    connection_burst: u32 = 1_000, Here;
    /// Bytes of one protocol message: 10 MiB.
    message: usize = 10 << 20, Here;
    /// Bytes of a row: 2 MiB.
    row_bytes: u64 = 2 << 20, Data;
    /// Bytes of a key, of a primary key or an index: 1 KiB.
    key_bytes: u64 = 1 << 10, Data;
    /// Bytes of a `text`, `bytea`, `json` or `jsonb`: 1 MiB (page *Supported data types*). Counted before
    /// compression, where the service counts after it.
    value_bytes: u64 = 1 << 20, Data;
    /// Bytes of a `char(n)`: 4,096 (page *Supported data types*).
    char_bytes: u64 = 4_096, Data;
    /// Bytes of a `varchar(n)`: 65,535 (page *Supported data types*).
    varchar_bytes: u64 = 65_535, Data;
    /// Columns of a table: 255.
    columns: u32 = 255, Data;
    /// Columns of a primary key or an index: 8.
    key_columns: u32 = 8, Data;
    /// Indexes of a table, the primary key and invalid ones included: 24.
    indexes: u32 = 24, Data;
    /// Extended statistics of a table: 5.
    statistics: u32 = 5, Data;
    /// Schemas, `public` and `sys` not counted: 10.
    schemas: u32 = 10, Data;
    /// Tables: 1,000.
    tables: u32 = 1_000, Data;
    /// Views: 5,000.
    views: u32 = 5_000, Data;
    /// Bytes of a view's definition: 2 MiB.
    view_bytes: u64 = 2 << 20, Data;
    /// Sequences, those of identity columns included: 5,000.
    sequences: u32 = 5_000, Data;
}

fn unreadable(name: &str, size: &str) -> Error {
    Error::new(format!("{size:?} is no size for the limit {name}"))
        .with_hint("write a number, a size such as 10MiB, or a time such as 5min or 250ms")
}

impl Size for u32 {
    fn read(text: &str) -> Option<u32> {
        text.replace('_', "").parse().ok()
    }

    fn to_setting(self) -> String {
        self.to_string()
    }
}

impl Size for u64 {
    fn read(text: &str) -> Option<u64> {
        let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '_').unwrap_or(text.len());
        let number: u64 = text[..end].replace('_', "").parse().ok()?;
        let unit: u64 = match text[end..].trim() {
            "" | "B" => 1,
            "kB" | "KiB" => 1 << 10,
            "MB" | "MiB" => 1 << 20,
            "GB" | "GiB" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(unit)
    }

    fn to_setting(self) -> String {
        self.to_string()
    }
}

impl Size for usize {
    fn read(text: &str) -> Option<usize> {
        usize::try_from(<u64 as Size>::read(text)?).ok()
    }

    fn to_setting(self) -> String {
        self.to_string()
    }
}

impl Size for Duration {
    fn read(text: &str) -> Option<Duration> {
        read_duration(text)
    }

    fn to_setting(self) -> String {
        format!("{}ms", self.as_millis())
    }
}

/// `250ms`, `30s`, `5min`, `1h`; a bare number counts seconds.
pub(crate) fn read_duration(text: &str) -> Option<Duration> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '_').unwrap_or(text.len());
    let number: u64 = text[..end].replace('_', "").parse().ok()?;
    let unit = match text[end..].trim() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_by_name() {
        let mut limits = Limits::default();
        for (name, size) in
            [("rows", "10"), ("transaction_bytes", "1MiB"), ("transaction_age", "250ms"), ("message", "64kB")]
        {
            limits.set(name, size).unwrap();
        }
        assert_eq!((limits.rows, limits.transaction_bytes, limits.message), (10, 1 << 20, 64 << 10));
        assert_eq!(limits.transaction_age, Duration::from_millis(250));
        assert_eq!(limits.set("age", "1").unwrap_err().to_string(), "there is no limit \"age\"");
        let error = limits.set("rows", "many").unwrap_err();
        assert_eq!(error.to_string(), "\"many\" is no size for the limit rows");
        assert!(limits.set("connection_age", "5 weeks").is_err());
    }

    #[test]
    fn postgresql_hears_of_what_its_triggers_enforce() {
        let settings = Limits::default().to_settings();
        assert!(settings.contains(&("mizzle.row_limit", "3000".to_owned())));
        assert!(settings.iter().all(|(name, _)| !name.contains("age") && !name.contains("connection")));
    }
}
