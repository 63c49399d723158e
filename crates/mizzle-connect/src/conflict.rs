//! Which errors mean that another transaction won.

use std::borrow::Cow;
use std::error::Error as StdError;

use tokio_postgres::error::DbError;

/// Why DSQL refused a transaction that may simply run again.
///
/// DSQL takes no locks: the first transaction to commit wins, the other one is refused with SQLSTATE 40001 and the
/// kind in its message. Source: AWS user guide, "Concurrency control in Aurora DSQL".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// OC000: another transaction changed the same rows.
    Data,
    /// OC001: another transaction changed the schema. The session learns the new one with this very refusal.
    Schema,
}

impl Conflict {
    /// The conflict behind an error, wherever in its chain of sources it stands.
    ///
    /// An error of tokio-postgres counts by its SQLSTATE alone; so do sqlx's and Diesel's with the features of their names. An
    /// error that hides the SQLSTATE counts when its text is DSQL's own.
    pub fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(answer) = Answer::of(error) {
                return Self::of_code(&answer.code, answer.message);
            }
            if let Some(conflict) = Self::of_text(&error.to_string()) {
                return Some(conflict);
            }
            next = inner(error);
        }
        None
    }

    /// The conflict that the server's error tells of.
    pub fn of_db_error(error: &DbError) -> Option<Self> {
        Self::of_code(error.code().code(), error.message())
    }

    /// 40001 is the SQLSTATE, the kind stands in the message. OC000 and OC001 as SQLSTATEs are historic, and AWS's
    /// connectors still look for them.
    fn of_code(code: &str, message: &str) -> Option<Self> {
        match code {
            "OC000" => Some(Self::Data),
            "OC001" => Some(Self::Schema),
            "40001" if message.contains("OC001") || message.contains("schema has been updated") => {
                Some(Self::Schema)
            }
            "40001" => Some(Self::Data),
            _ => None,
        }
    }

    /// Both words are asked for, because a text may hold the user's own data.
    fn of_text(text: &str) -> Option<Self> {
        if !text.contains("another transaction") {
            None
        } else if text.contains("(OC001)") {
            Some(Self::Schema)
        } else if text.contains("(OC000)") {
            Some(Self::Data)
        } else {
            None
        }
    }
}

/// What the server said, out of an error that shows it.
struct Answer<'a> {
    code: Cow<'a, str>,
    message: &'a str,
}

impl<'a> Answer<'a> {
    fn of(error: &'a (dyn StdError + 'static)) -> Option<Self> {
        let db = match error.downcast_ref::<tokio_postgres::Error>() {
            Some(error) => error.as_db_error(),
            None => error.downcast_ref::<DbError>(),
        };
        if let Some(db) = db {
            return Some(Self { code: db.code().code().into(), message: db.message() });
        }
        #[cfg(feature = "sqlx")]
        if let Some(::sqlx::Error::Database(db)) = error.downcast_ref() {
            return Some(Self { code: db.code()?, message: db.message() });
        }
        #[cfg(feature = "diesel-async")]
        if let Some(error) = error.downcast_ref() {
            return Self::of_diesel(error);
        }
        None
    }

    /// Diesel has kinds for the SQLSTATEs it knows; the others are `Unknown`.
    #[cfg(feature = "diesel-async")]
    fn of_diesel(error: &'a diesel::result::Error) -> Option<Self> {
        use diesel::result::{DatabaseErrorKind, Error};

        match error {
            Error::DatabaseError(DatabaseErrorKind::Unknown, _) => None,
            Error::DatabaseError(kind, answer) => {
                let conflict = matches!(kind, DatabaseErrorKind::SerializationFailure);
                Some(Self { code: if conflict { "40001" } else { "" }.into(), message: answer.message() })
            }
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::of_diesel(commit_error),
            _ => None,
        }
    }
}

/// The next error inwards; `io::Error` hides what it wraps from `source()`.
fn inner<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    #[derive(Debug)]
    struct Wrapped(&'static str, Option<Box<dyn StdError + Send + Sync>>);

    impl fmt::Display for Wrapped {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Wrapped {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|source| source as &(dyn StdError + 'static))
        }
    }

    fn wrapped(text: &'static str) -> Wrapped {
        Wrapped(
            "the order was not saved",
            Some(Box::new(Wrapped("query", Some(Box::new(Wrapped(text, None)))))),
        )
    }

    #[test]
    fn the_sqlstate_decides_and_the_message_tells_the_kind() {
        for (code, message, expect) in [
            ("40001", "change conflicts with another transaction (OC000)", Some(Conflict::Data)),
            ("40001", "schema has been updated by another transaction (OC001)", Some(Conflict::Schema)),
            ("40001", "mutation conflicts with another transaction, retry as needed", Some(Conflict::Data)),
            ("40001", "schema has been updated by another transaction, please retry", Some(Conflict::Schema)),
            ("OC000", "", Some(Conflict::Data)),
            ("OC001", "", Some(Conflict::Schema)),
            ("23505", "duplicate key, says another transaction (OC000)", None),
            ("40P01", "deadlock detected", None),
        ] {
            assert_eq!(Conflict::of_code(code, message), expect, "{code} {message}");
        }
    }

    #[test]
    fn a_conflict_is_found_behind_other_errors() {
        let data = "change conflicts with another transaction (OC000)";
        assert_eq!(Conflict::of(&wrapped(data)), Some(Conflict::Data));
        assert_eq!(
            Conflict::of(&wrapped("schema has been updated by another transaction (OC001)")),
            Some(Conflict::Schema)
        );
        assert_eq!(Conflict::of(&std::io::Error::other(wrapped(data))), Some(Conflict::Data));
    }

    #[test]
    fn other_texts_are_no_conflict() {
        assert_eq!(Conflict::of(&wrapped("owner (OC000) already exists")), None);
        assert_eq!(Conflict::of(&wrapped("another transaction is open")), None);
    }
}
