//! A commit that may be made to fail.

use std::io;

use super::{Session, Step, Stop};
use crate::fault::Fault;
use crate::refusal::Refusal;

/// How a connection ends that is to be lost: without a word.
const LOST: io::ErrorKind = io::ErrorKind::ConnectionAborted;

impl Session {
    /// `COMMIT`, unless a fault was asked for.
    pub(super) async fn commit_or_fault(&mut self) -> Step {
        let open =
            self.transaction.as_ref().is_some_and(|transaction| transaction.explicit && !transaction.aborted);
        let fault = if open { self.cluster.faults.at_commit() } else { None };
        match fault {
            Some(Fault::DataConflict) => self.lose(Refusal::conflict()).await,
            Some(Fault::SchemaConflict) => {
                self.lose(Refusal::new("40001", "schema has been updated by another transaction (OC001)"))
                    .await
            }
            Some(Fault::Unavailable) => self.lose(Refusal::new("XX000", "server unavailable")).await,
            Some(Fault::DropBeforeCommit) => Err(Stop::Io(LOST.into())),
            Some(Fault::DropAfterCommit) => {
                self.commit().await?;
                Err(Stop::Io(LOST.into()))
            }
            Some(Fault::RefuseConnection) | None => self.commit().await,
        }
    }

    /// The transaction is rolled back, and its `COMMIT` hears why.
    async fn lose(&mut self, refusal: Refusal) -> Step {
        self.abort().await?;
        self.transaction = None;
        Err(Stop::Refused(refusal))
    }

    /// Whether the client is to hear nothing more.
    pub(super) fn is_lost(error: &io::Error) -> bool {
        error.kind() == LOST
    }
}
