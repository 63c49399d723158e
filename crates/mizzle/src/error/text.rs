//! What an error says.

use std::error::Error as StdError;
use std::fmt;

use super::{Error, Kind};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            Kind::Connect => f.write_str("no connection to the cluster"),
            Kind::Statement => match self.server() {
                Some(error) => write!(f, "{} (SQLSTATE {})", error.message(), error.code().code()),
                None => f.write_str("the server refused the statement"),
            },
            Kind::ConnectionLost => f.write_str("the connection was lost during a statement"),
            Kind::LostBeforeCommit => {
                f.write_str("the connection was lost before COMMIT was sent: the transaction has taken no effect")
            }
            Kind::OutcomeUnknown => {
                f.write_str("the connection was lost during COMMIT: the transaction may or may not have taken effect")
            }
            Kind::NotCommitted => {
                f.write_str("the connection was lost during COMMIT, and the transaction did not take effect")
            }
            Kind::Exhausted(exhausted) => exhausted.fmt(f),
            Kind::Aborted => {
                f.write_str("the transaction was rolled back: one of its statements was refused, yet the closure returned Ok")
            }
            Kind::Abandoned => {
                f.write_str("the transaction was rolled back: the future of one of its statements was dropped before its answer")
            }
            Kind::Escaped => {
                f.write_str("the transaction was rolled back: its `Tx` was kept beyond the closure it was given to")
            }
            Kind::Build => f.write_str("the query cannot be written as SQL"),
            Kind::Read => f.write_str("a row cannot be read as the Rust type asked for"),
            Kind::NotFound => f.write_str("no row was found"),
            Kind::TooManyRows { found } => {
                write!(f, "{found} rows in one statement: Aurora DSQL takes at most 3,000 rows a transaction and 65,535 parameters")
            }
            Kind::RowLimit { written, more: Some(more) } => write!(
                f,
                "the transaction has written {written} rows and cannot write {more} more: Aurora DSQL takes 3,000 rows a transaction"
            ),
            Kind::RowLimit { written, more: None } => write!(
                f,
                "the statement crosses Aurora DSQL's limit of 3,000 rows a transaction; {written} rows were written before it"
            ),
            Kind::Bulk => match self.as_bulk() {
                Some(bulk) => bulk.fmt(f),
                None => f.write_str("work in chunks ended early"),
            },
            Kind::NoParent { table } => write!(f, "no such row in \"{table}\" for this one to belong to"),
            Kind::Restricted { table, by } => {
                write!(f, "a row of \"{table}\" cannot be deleted: rows of \"{by}\" belong to it")
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        if let Some(source) = self.source() {
            write!(f, ": {source:?}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
