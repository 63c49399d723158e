//! Commits and statements that may be made to fail.

use std::io;
use std::sync::Arc;

use super::transaction::Transaction;
use super::{Session, Step, Stop};
use crate::fault::Fault;
use crate::refusal::Refusal;

/// How a connection ends that is to be lost: without a word.
const LOST: io::ErrorKind = io::ErrorKind::ConnectionAborted;

impl Session {
    /// Commits the transaction, unless a fault was asked for.
    pub(super) async fn conclude_or_fault(&mut self, transaction: Transaction) -> Step {
        let cluster = Arc::clone(&self.cluster);
        let wrote = !transaction.writes.is_empty();
        if !(transaction.explicit || transaction.ddl || wrote) || !cluster.faults.watch_commits() {
            return self.conclude(transaction).await;
        }
        let catalog = transaction.snapshot.catalog();
        let strike = cluster.faults.at_commit(wrote, |table| transaction.writes.writes(&catalog, table));
        tokio::time::sleep(strike.before).await;
        match strike.fault {
            Some(Fault::DataConflict) => return self.lose(&Refusal::conflict()).await,
            Some(Fault::SchemaConflict) => return self.lose(&Refusal::schema_changed()).await,
            Some(Fault::Unavailable) => {
                return self.lose(&Refusal::new("XX000", "server unavailable")).await;
            }
            Some(Fault::DropBeforeCommit) => return Err(Stop::Io(LOST.into())),
            _ => {}
        }
        self.conclude(transaction).await?;
        if strike.fault == Some(Fault::DropAfterCommit) {
            return Err(Stop::Io(LOST.into()));
        }
        tokio::time::sleep(strike.after).await;
        Ok(())
    }

    /// Goes on with a statement, unless the connection is to be lost here.
    pub(super) fn survive(&self) -> Step {
        if self.cluster.faults.at_statement() { Err(Stop::Io(LOST.into())) } else { Ok(()) }
    }

    /// The transaction is rolled back, and its commit hears why.
    async fn lose(&mut self, refusal: &Refusal) -> Step {
        let mut line = self.seat.line().await;
        if line.begun {
            line.rollback().await?;
        }
        drop(line);
        self.refuse(refusal);
        Err(Stop::Failed)
    }

    /// Whether the client is to hear nothing more.
    pub(super) fn is_lost(error: &io::Error) -> bool {
        error.kind() == LOST
    }
}
