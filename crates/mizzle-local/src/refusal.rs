//! A refusal: what the local DSQL says no with, before anybody writes it to a client.

/// One error as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) state: String,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    /// Where in the statement, in characters counted from 1.
    pub(crate) position: Option<usize>,
}

impl Refusal {
    pub(crate) fn new(state: &str, message: impl Into<String>) -> Refusal {
        Refusal { state: state.to_owned(), message: message.into(), detail: None, hint: None, position: None }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }

    /// Another transaction changed the same rows first.
    pub(crate) fn conflict() -> Refusal {
        Refusal::new("40001", "change conflicts with another transaction (OC000)")
    }

    /// Another session changed the catalog.
    pub(crate) fn schema_changed() -> Refusal {
        Refusal::new("40001", "schema has been updated by another transaction (OC001)")
    }

    /// A statement inside a transaction that already failed.
    pub(crate) fn aborted() -> Refusal {
        Refusal::new(
            "25P02",
            "current transaction is aborted, commands ignored until end of transaction block",
        )
    }

    /// A client that broke the protocol.
    pub(crate) fn protocol(message: impl Into<String>) -> Refusal {
        Refusal::new("08P01", message)
    }
}
