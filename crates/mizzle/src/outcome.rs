//! What became of a transaction: the answer that a COMMIT can have, as a type.

use crate::error::Error;

/// How a transaction ended. [`Db::transaction`](crate::Db::transaction) gives the same as a `Result`.
#[derive(Clone, Debug)]
#[must_use]
pub enum Outcome<T, E> {
    /// The server said so, or the [commit marker](crate::CommitMarker) did.
    Committed(T),
    /// Every attempt lost to another transaction, or its connection before COMMIT, and had no effect;
    /// [`Error::as_exhausted`] tells how many there were.
    Conflicted(Error),
    /// The connection was lost during COMMIT: the transaction may or may not have taken effect, and was not run again.
    Unknown(Error),
    /// The closure returned an error, or the server refused something for good; nothing took effect.
    RolledBack(E),
}

impl<T, E> Outcome<T, E> {
    /// Whether the transaction took effect; `None` when nobody knows.
    #[must_use]
    pub fn took_effect(&self) -> Option<bool> {
        match self {
            Self::Committed(_) => Some(true),
            Self::Conflicted(_) | Self::RolledBack(_) => Some(false),
            Self::Unknown(_) => None,
        }
    }

    /// In a word, for traces.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Committed(_) => "committed",
            Self::Conflicted(_) => "conflicted",
            Self::Unknown(_) => "unknown",
            Self::RolledBack(_) => "rolled back",
        }
    }

    /// The value, or whichever error there is; [`Error::is_outcome_unknown`] tells the unknown from the others.
    ///
    /// # Errors
    /// All but `Committed`.
    pub fn into_result(self) -> Result<T, E>
    where
        E: From<Error>,
    {
        match self {
            Self::Committed(value) => Ok(value),
            Self::Conflicted(error) | Self::Unknown(error) => Err(error.into()),
            Self::RolledBack(error) => Err(error),
        }
    }
}
