//! The transaction a session owns: how it opens, what it remembers, how it ends.

use tokio::time::Instant;

use super::{Session, Step, Stop, relay};
use crate::refusal::Refusal;
use crate::rules;
use crate::statement::{Kind, Statement};
use crate::wire::Fields;

/// An open transaction.
#[derive(Debug)]
pub(super) struct Transaction {
    /// Opened by `BEGIN`, not by several statements in one flight.
    pub(super) explicit: bool,
    /// Whether the backend is inside a block of ours.
    pub(super) begun: bool,
    /// Something failed: only the end of the transaction is heard.
    pub(super) aborted: bool,
    seen: rules::Seen,
    since: Instant,
}

impl Transaction {
    fn new(explicit: bool, begun: bool) -> Transaction {
        Transaction { explicit, begun, aborted: false, seen: rules::Seen::default(), since: Instant::now() }
    }
}

impl Session {
    /// Says no to a statement that may not run here and now.
    pub(super) fn admit(&self, statement: &Statement) -> Result<(), Refusal> {
        let aborted = self.transaction.as_ref().is_some_and(|transaction| transaction.aborted);
        if aborted && !statement.kind.ends_transaction() {
            return Err(Refusal::aborted());
        }
        if let Some(refusal) = &statement.refusal {
            tracing::info!(target: "mizzle_local::statement", refused = refusal.message, "{}", statement.sql);
            let mut refusal = refusal.clone();
            refusal.position = refusal.position.map(|position| position + statement.offset);
            return Err(refusal);
        }
        Ok(())
    }

    /// Says no to a statement that does not go with what the transaction did before, else remembers it.
    pub(super) fn enter(&mut self, statement: &Statement) -> Result<(), Refusal> {
        tracing::info!(target: "mizzle_local::statement", "{}", statement.sql);
        if statement.kind == Kind::Forget {
            self.statements.clear();
        }
        let limit = self.cluster.limits.transaction_age;
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        let age = transaction.since.elapsed();
        if transaction.explicit && age > limit && statement.kind != Kind::Rollback {
            let (age, limit) = (age.as_secs(), limit.as_secs());
            let mut refusal = Refusal::new("54000", format!("transaction age limit of {limit}s exceeded"));
            refusal.detail = Some(format!("Current transaction age {age}s exceeds {limit}s"));
            return Err(refusal);
        }
        transaction.seen.enter(statement.kind, transaction.explicit || transaction.begun)
    }

    /// Opens a transaction for statements that come in one flight.
    pub(super) fn open_implicit(&mut self, begun: bool) {
        self.transaction = Some(Transaction::new(false, begun));
    }

    pub(super) async fn begin(&mut self, read_only: Option<bool>) -> Step {
        match &mut self.transaction {
            Some(transaction) if transaction.explicit => {
                self.warn("25001", "there is already a transaction in progress");
            }
            Some(transaction) if transaction.begun => transaction.explicit = true,
            _ => {
                let mode = match read_only {
                    Some(true) => " READ ONLY",
                    Some(false) => " READ WRITE",
                    None => "",
                };
                self.command(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ{mode}")).await?;
                match &mut self.transaction {
                    Some(transaction) => (transaction.explicit, transaction.begun) = (true, true),
                    None => self.transaction = Some(Transaction::new(true, true)),
                }
            }
        }
        self.answer.complete("BEGIN");
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Step {
        match self.transaction.take() {
            Some(transaction) if transaction.aborted => {
                self.answer.complete("ROLLBACK");
                return Ok(());
            }
            Some(transaction) if transaction.begun || self.unsynced => {
                if !transaction.explicit {
                    self.warn("25P01", "there is no transaction in progress");
                }
                self.command("COMMIT").await?;
            }
            _ => self.warn("25P01", "there is no transaction in progress"),
        }
        self.answer.complete("COMMIT");
        Ok(())
    }

    pub(super) async fn rollback(&mut self) -> Step {
        match self.transaction.take() {
            Some(transaction) if transaction.aborted => {}
            Some(transaction) if transaction.begun || self.unsynced => self.command("ROLLBACK").await?,
            _ => self.warn("25P01", "there is no transaction in progress"),
        }
        self.answer.complete("ROLLBACK");
        Ok(())
    }

    /// Ends the transaction of statements that came in one flight.
    pub(super) async fn close_implicit(&mut self) -> Step {
        match &self.transaction {
            Some(transaction) if !transaction.explicit => {
                let begun = transaction.begun;
                self.transaction = None;
                if begun { self.command("COMMIT").await } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// After an error: the backend is rolled back at once, and an explicit transaction waits for its end.
    pub(super) async fn abort(&mut self) -> std::io::Result<()> {
        let open = match &mut self.transaction {
            Some(transaction) => {
                let open = transaction.begun && !transaction.aborted;
                transaction.aborted = true;
                open
            }
            None => false,
        };
        if open || self.unsynced {
            let _ = self.backend.command("ROLLBACK", &[]).await?;
            self.unsynced = false;
        }
        if self.transaction.as_ref().is_some_and(|transaction| !transaction.explicit) {
            self.transaction = None;
        }
        Ok(())
    }

    /// Runs a statement of ours that answers no rows. Its round trip closes every unit before it.
    async fn command(&mut self, sql: &str) -> Step {
        let outcome = self.backend.command(sql, &[]).await?;
        self.unsynced = false;
        match outcome {
            Ok(_) => Ok(()),
            Err(fields) => {
                self.relay_error(&fields, None);
                Err(Stop::Failed)
            }
        }
    }

    pub(super) fn relay_error(&mut self, fields: &Fields, statement: Option<&Statement>) {
        self.answer.frame(b'E', &relay::error(fields, statement).to_body());
    }

    /// Runs a statement that needs no backend, or only our own words to it.
    pub(super) async fn run_local(&mut self, statement: &Statement) -> Step {
        self.enter(statement)?;
        match statement.kind {
            Kind::Begin { read_only } => self.begin(read_only).await,
            Kind::Commit => self.commit_or_fault().await,
            Kind::Rollback => self.rollback().await,
            _ => {
                self.answer.complete("ALTER TABLE");
                Ok(())
            }
        }
    }
}
