//! The transaction a session owns: how it opens, what it remembers, how it is given up.

use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

use super::seat::Line;
use super::{Session, Step};
use crate::engine::Outcome;
use crate::refusal::Refusal;
use crate::rules;
use crate::statement::{Kind, Statement};
use crate::txn::{Snapshot, WriteSet};

/// Begins a transaction that only reads; stays prepared.
pub(super) const BEGIN_READ: (&str, &str) =
    ("mizzle_begin_read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");

/// An open transaction.
#[derive(Debug)]
pub(super) struct Transaction {
    /// Opened by `BEGIN`, not by several statements in one flight.
    pub(super) explicit: bool,
    /// Something failed: only the end of the transaction is heard.
    pub(super) aborted: bool,
    pub(super) read_only: bool,
    pub(super) snapshot: Snapshot,
    pub(super) began: Began,
    pub(super) writes: WriteSet,
    /// Whether it ran a statement that changes the catalog.
    pub(super) ddl: bool,
    /// What has to be set again wherever it goes on.
    pub(super) settings: Vec<String>,
    seen: rules::Seen,
    since: Instant,
    /// Too old for anything but its end.
    expired: bool,
}

/// When PostgreSQL says that a transaction began, as text, or why it did not: known once its answer was heard.
#[derive(Debug, Clone, Default)]
pub(super) struct Began(Arc<OnceLock<Result<String, Refusal>>>);

impl Began {
    fn hear(&self, outcome: Outcome) {
        let at = outcome
            .map(|rows| {
                rows.into_iter().next().and_then(|row| row.into_iter().nth(1).flatten()).unwrap_or_default()
            })
            .map_err(|fields| Refusal::new(fields.state(), fields.message()));
        // there is one answer
        let _ = self.0.set(at);
    }

    pub(super) fn at(&self) -> Result<&str, Refusal> {
        self.0.get().map_or(Ok(""), |at| at.as_deref().map_err(Refusal::clone))
    }
}

impl Session {
    /// Says no to a statement that may not run here and now.
    pub(super) fn admit(&self, statement: &Statement) -> Result<(), Refusal> {
        let aborted = self.transaction.as_ref().is_some_and(|transaction| transaction.aborted);
        if aborted && !statement.kind.ends_transaction() {
            return Err(Refusal::aborted());
        }
        let refusal = match &statement.copy {
            Some(copy) if self.cluster.copy => &copy.refusal,
            _ => &statement.refusal,
        };
        if let Some(refusal) = refusal {
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
        let old = transaction.expired || age > limit;
        if transaction.explicit && old && statement.kind != Kind::Rollback {
            let (age, limit) = (age.as_secs(), limit.as_secs());
            let mut refusal = Refusal::new("54000", format!("transaction age limit of {limit}s exceeded"));
            refusal.detail = Some(format!("Current transaction age {age}s exceeds {limit}s"));
            return Err(refusal);
        }
        transaction.seen.enter(statement.kind)
    }

    /// When the open transaction is too old for anything but its end, if a client may let it come to that.
    pub(super) fn expiry(&self) -> Option<Instant> {
        let transaction = self.transaction.as_ref()?;
        (transaction.explicit && !transaction.expired)
            .then(|| transaction.since + self.cluster.limits.transaction_age)
    }

    /// An idle transaction that is too old keeps neither locks nor the commits after it.
    pub(super) async fn expire(&mut self) -> std::io::Result<()> {
        if let Some(transaction) = &mut self.transaction {
            transaction.expired = true;
            transaction.snapshot.release();
            self.leave_block(&mut *self.seat.line().await).await?;
        }
        Ok(())
    }

    /// Opens a transaction for statements that come in one flight.
    pub(super) async fn open_implicit(&mut self) -> Step {
        self.open(false, None).await
    }

    /// Takes the snapshot now, with no commit in flight: what PostgreSQL sees and where the log stands are the same.
    ///
    /// A transaction that only reads, and whose next message is here, does not wait for PostgreSQL: the latch is given
    /// back when the answer is met on the way to that of the next statement.
    async fn open(&mut self, explicit: bool, read_only: Option<bool>) -> Step {
        let begin = match read_only {
            Some(true) => BEGIN_READ,
            Some(false) => ("mizzle_begin_write", "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"),
            None => ("mizzle_begin", "BEGIN ISOLATION LEVEL REPEATABLE READ"),
        };
        let look = (
            "mizzle_look",
            "SELECT pg_catalog.set_config('mizzle.block', 'on', true), \
             pg_catalog.to_char(pg_catalog.transaction_timestamp() AT TIME ZONE 'UTC', \
             'YYYY-MM-DD HH24:MI:SS.US+00')",
        );
        let mut line = self.seat.line().await;
        let cluster = Arc::clone(&self.cluster);
        let still = cluster.adjudicator.look().await?;
        let snapshot = cluster.adjudicator.log.snapshot();
        let began = Began::default();
        let answer = began.clone();
        let heard = move |outcome| {
            answer.hear(outcome);
            drop(still);
        };
        line.owe_prepared(&[begin, look], heard);
        line.begun = true;
        line.epoch += 1;
        self.opening = explicit && read_only == Some(true) && self.client.has_next();
        if !self.opening {
            line.settle().await?;
            if let Err(refusal) = began.at() {
                line.rollback().await?;
                return Err(refusal.into());
            }
        }
        self.transaction = Some(Transaction {
            explicit,
            aborted: false,
            read_only: read_only == Some(true),
            snapshot,
            began,
            writes: WriteSet::default(),
            ddl: false,
            settings: Vec::new(),
            seen: rules::Seen::default(),
            since: Instant::now(),
            expired: false,
        });
        Ok(())
    }

    /// Hears from PostgreSQL that the transaction is open, before anything is waited for.
    pub(super) async fn opened(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.opening) { self.seat.line().await.settle().await } else { Ok(()) }
    }

    pub(super) async fn begin(&mut self, read_only: Option<bool>) -> Step {
        match &mut self.transaction {
            Some(transaction) if transaction.explicit => {
                self.warn("25001", "there is already a transaction in progress");
            }
            Some(transaction) => transaction.explicit = true,
            None => self.open(true, read_only).await?,
        }
        self.answer.complete("BEGIN");
        Ok(())
    }

    pub(super) async fn rollback(&mut self) -> Step {
        match self.transaction.take() {
            Some(_) => self.leave_block(&mut *self.seat.line().await).await?,
            None => self.warn("25P01", "there is no transaction in progress"),
        }
        self.answer.complete("ROLLBACK");
        Ok(())
    }

    /// After an error: the backend is rolled back at once, and an explicit transaction waits for its end.
    pub(super) async fn abort(&mut self) -> std::io::Result<()> {
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        transaction.aborted = true;
        if !transaction.explicit {
            self.transaction = None;
        }
        self.leave_block(&mut *self.seat.line().await).await
    }

    async fn leave_block(&self, line: &mut Line) -> std::io::Result<()> {
        if line.begun { line.rollback().await } else { Ok(()) }
    }

    /// Runs a statement that needs no backend, or only our own words to it.
    pub(super) async fn run_local(&mut self, statement: &Statement) -> Step {
        self.survive()?;
        self.opened().await?;
        self.enter(statement)?;
        match statement.kind {
            Kind::Begin { read_only } => self.begin(read_only).await,
            Kind::Commit => self.commit().await,
            Kind::Rollback => self.rollback().await,
            _ => {
                self.answer.complete("ALTER TABLE");
                Ok(())
            }
        }
    }
}
