//! What a transaction has written, beside what Aurora DSQL lets one transaction write.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::statement::Statement;

/// Rows that one transaction may change, <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html>.
pub(crate) const ROWS: u64 = 3_000;
/// Bytes that one transaction may write, from the same page.
const BYTES: u64 = 10 << 20;

/// What a transaction has written so far, and what is left of Aurora DSQL's limits. Given by [`Tx::budget`](crate::Tx::budget).
///
/// ```no_run
/// # use mizzle::prelude::*;
/// # fn main() {}
/// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64 }
/// # async fn fill(db: &mizzle::Db, rows: &[NewAccount]) -> Result<(), mizzle::Error> {
/// db.transaction(async |tx| {
///     for rows in rows.chunks(100) {
///         if tx.budget().rows_left() < 100 {
///             break;
///         }
///         tx.insert_many(rows).await?;
///     }
///     Ok::<_, mizzle::Error>(())
/// })
/// .await
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    rows: u64,
    bytes: u64,
}

impl Budget {
    /// Rows inserted, updated and deleted so far, as the server counted them. A row that was changed by two statements counts twice;
    /// rows changed by foreign keys' actions are known to the server alone.
    ///
    /// # Example
    /// ```no_run
    /// # fn example(tx: &mizzle::Tx) {
    /// println!("{} rows are changed", tx.budget().rows());
    /// # }
    /// ```
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many more of 3,000 rows.
    ///
    /// # Example
    /// ```no_run
    /// # fn example(tx: &mizzle::Tx) {
    /// assert!(tx.budget().rows_left() <= 3_000);
    /// # }
    /// ```
    #[must_use]
    pub fn rows_left(&self) -> u64 {
        ROWS.saturating_sub(self.rows)
    }

    /// Bytes of the values sent by statements that wrote: an estimate of what Aurora DSQL counts, which knows of defaults, of
    /// compression and of index entries.
    ///
    /// # Example
    /// ```no_run
    /// # fn example(tx: &mizzle::Tx) {
    /// println!("about {} bytes are written", tx.budget().bytes());
    /// # }
    /// ```
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many more of 10 MiB, by the same estimate.
    ///
    /// # Example
    /// ```no_run
    /// # fn example(tx: &mizzle::Tx) {
    /// if tx.budget().bytes_left() < 1 << 20 {
    ///     println!("that is enough for one transaction");
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn bytes_left(&self) -> u64 {
        BYTES.saturating_sub(self.bytes)
    }
}

/// Counts while a transaction is under way; its statements may run side by side.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    rows: AtomicU64,
    bytes: AtomicU64,
    /// Rows that an INSERT made, which are as many different rows.
    inserted: AtomicU64,
    /// Rows that went, and that an INSERT may have made again.
    deleted: AtomicU64,
}

/// What a statement writes, by its first word. A write inside of WITH is the server's to count: its answer tells of the last part only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    verb: Verb,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    /// Each row is one that was not there.
    Insert,
    /// INSERT … ON CONFLICT, or UPDATE.
    Change,
    Delete,
}

impl Written {
    pub(crate) fn by(statement: &Statement) -> Option<Self> {
        let sql = statement.sql.trim_start();
        let opens = |word: &str| sql.get(..word.len()).is_some_and(|first| first.eq_ignore_ascii_case(word));
        let verb = if opens("INSERT") {
            if sql.contains("ON CONFLICT") { Verb::Change } else { Verb::Insert }
        } else if opens("UPDATE") {
            Verb::Change
        } else if opens("DELETE") {
            Verb::Delete
        } else {
            return None;
        };
        Some(Self { verb, bytes: statement.bytes() })
    }
}

impl Meter {
    pub(crate) fn sent(&self, written: Written) {
        self.bytes.fetch_add(written.bytes, Ordering::Relaxed);
    }

    pub(crate) fn wrote(&self, written: Written, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        match written.verb {
            Verb::Insert => self.inserted.fetch_add(rows, Ordering::Relaxed),
            Verb::Delete => self.deleted.fetch_add(rows, Ordering::Relaxed),
            Verb::Change => 0,
        };
    }

    pub(crate) fn budget(&self) -> Budget {
        Budget { rows: self.rows.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }

    /// Refuses inserts that Aurora DSQL is certain to refuse.
    ///
    /// How often it counts a row that is changed again is not known, so only rows that are certainly different ones count here; the
    /// rest is left to the server.
    pub(crate) fn check(&self, flight: &[Statement]) -> Result<(), Error> {
        let more: u64 = flight.iter().map(|statement| statement.inserts).sum();
        let certain =
            self.inserted.load(Ordering::Relaxed).saturating_sub(self.deleted.load(Ordering::Relaxed));
        if certain + more > ROWS {
            return Err(Error::row_limit(self.budget().rows, Some(more), None));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sql: &str, inserts: u64) -> Statement {
        Statement { inserts, ..Statement::new(sql, []) }
    }

    fn verb(sql: &str) -> Option<Verb> {
        Written::by(&statement(sql, 0)).map(|written| written.verb)
    }

    #[test]
    fn the_first_word_says_what_is_written() {
        assert_eq!(verb("INSERT INTO a VALUES (1)"), Some(Verb::Insert));
        assert_eq!(verb(" insert into a values (1)"), Some(Verb::Insert));
        assert_eq!(verb("INSERT INTO a VALUES (1) ON CONFLICT DO NOTHING"), Some(Verb::Change));
        assert_eq!(verb("UPDATE a SET b = 1"), Some(Verb::Change));
        assert_eq!(verb("DELETE FROM a"), Some(Verb::Delete));
        assert_eq!(verb("SELECT 1"), None);
        assert_eq!(verb("WITH gone AS (DELETE FROM a RETURNING 1) SELECT count(*) FROM gone"), None);
        assert_eq!(verb("été"), None);
    }

    #[test]
    fn only_what_is_certainly_too_much_is_refused() {
        let meter = Meter::default();
        let write = |sql, rows| meter.wrote(Written::by(&statement(sql, 0)).expect("it writes"), rows);
        let more = |inserts| meter.check(&[statement("INSERT INTO a VALUES (1)", inserts)]);
        write("INSERT INTO a VALUES (1)", 2_000);
        assert!(more(1_000).is_ok());
        let error = more(1_001).expect_err("3,001 rows");
        assert!(error.is_over_budget() && error.to_string().contains("2000"), "{error}");
        // the same rows again, for all we know
        write("UPDATE a SET b = 1", 2_000);
        assert!(more(1_000).is_ok());
        assert_eq!((meter.budget().rows(), meter.budget().rows_left()), (4_000, 0));
        write("DELETE FROM a", 500);
        assert!(more(1_500).is_ok() && more(1_501).is_err());
    }
}
