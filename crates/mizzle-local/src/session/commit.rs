//! `COMMIT`: whoever comes first wins; what PostgreSQL holds no more is written again.

use std::io;
use std::sync::Arc;

use super::adjudicator::COMMIT;
use super::seat::Line;
use super::transaction::Transaction;
use super::view::as_bytea;
use super::{Session, Step, Stop};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::txn::{Clash, Reserved, orphans, overlay};
use crate::wire::Fields;

impl Session {
    /// The client's own `COMMIT`.
    pub(super) async fn commit(&mut self) -> Step {
        match self.transaction.take() {
            Some(transaction) if transaction.aborted => {
                self.answer.complete("ROLLBACK");
                return Ok(());
            }
            Some(transaction) => {
                if !transaction.explicit {
                    self.warn("25P01", "there is no transaction in progress");
                }
                self.conclude_or_fault(transaction).await?;
            }
            None => self.warn("25P01", "there is no transaction in progress"),
        }
        self.answer.complete("COMMIT");
        Ok(())
    }

    /// Ends the transaction of statements that came in one flight.
    pub(super) async fn close_implicit(&mut self) -> Step {
        match self.transaction.take() {
            Some(transaction) if !transaction.explicit => self.conclude_or_fault(transaction).await,
            other => {
                self.transaction = other;
                Ok(())
            }
        }
    }

    /// Commits, or says who came first.
    pub(super) async fn conclude(&mut self, transaction: Transaction) -> Step {
        let seat = Arc::clone(&self.seat);
        if transaction.writes.is_empty() && !transaction.ddl {
            let mut line = seat.line().await;
            let said = self.end_read(&mut line, &transaction).await?;
            return self.said(said);
        }
        if self.commit_together(&transaction).await? {
            return Ok(());
        }
        self.commit_alone(&transaction).await
    }

    /// Commits what PostgreSQL holds, at the same time as others whose keys are other ones. False when PostgreSQL
    /// holds it no more, or when it depends on how another commit comes out.
    async fn commit_together(&mut self, transaction: &Transaction) -> Step<bool> {
        let (cluster, seat) = (Arc::clone(&self.cluster), Arc::clone(&self.seat));
        let judge = &cluster.adjudicator;
        if transaction.ddl {
            return Ok(false);
        }
        // The latch before the backend: whoever parks us only ever tries to have it.
        let _writing = judge.write().await?;
        let mut line = seat.line().await;
        if !line.begun {
            return Ok(false);
        }
        let Some(reserved) = self.reserve(&mut line, transaction).await? else { return Ok(false) };
        let said = judge.commit(&seat, &mut line).await?;
        line.end();
        match said {
            Ok(_) => {
                reserved.record();
                Ok(true)
            }
            Err(fields) if is_doubtful(&fields, &reserved, transaction) => Ok(false),
            Err(fields) => self.said(Err(fields)).map(|()| true),
        }
    }

    async fn commit_alone(&mut self, transaction: &Transaction) -> Step {
        let (cluster, seat) = (Arc::clone(&self.cluster), Arc::clone(&self.seat));
        let judge = &cluster.adjudicator;
        let _alone = judge.alone().await?;
        let mut line = seat.line().await;
        let Some(reserved) = self.reserve(&mut line, transaction).await? else {
            return Err(Refusal::conflict().into());
        };
        let mut written = line.begun;
        if written {
            let said = judge.commit(&seat, &mut line).await?;
            line.end();
            if let Err(fields) = said {
                if !is_doubtful(&fields, &reserved, transaction) {
                    return self.said(Err(fields));
                }
                written = false;
            }
        }
        if !written {
            let said = self.write_again(&mut line, transaction).await?;
            self.said(said)?;
        }
        if !transaction.writes.is_empty() {
            reserved.record();
        }
        if transaction.ddl {
            judge.schema_changed().await?;
        }
        Ok(())
    }

    /// A place in the log; none while somebody else's commit, still under way, may be in conflict.
    async fn reserve(&self, line: &mut Line, transaction: &Transaction) -> Step<Option<Reserved>> {
        let cluster = &self.cluster;
        let reserved = verdict(transaction, line.begun, &cluster.limits).and_then(|()| {
            match cluster.adjudicator.log.reserve(&transaction.snapshot, &transaction.writes) {
                Ok(reserved) => Ok(Some(reserved)),
                Err(Clash::Open) => Ok(None),
                Err(Clash::Lost) => Err(Refusal::conflict()),
            }
        });
        if reserved.is_err() && line.begun {
            line.rollback().await?;
        }
        Ok(reserved?)
    }

    /// Nothing was written: there is nothing to fail. What was set stays set, with or without the block.
    async fn end_read(&self, line: &mut Line, transaction: &Transaction) -> io::Result<Result<(), Fields>> {
        if line.begun && transaction.read_only {
            // The client need not wait for it, and what comes next comes after it.
            line.owe_prepared(&[COMMIT], drop);
            line.end();
            return Ok(Ok(()));
        }
        let mut statements: Vec<(&str, &[&str])> = Vec::new();
        if !line.begun {
            if transaction.settings.is_empty() {
                return Ok(Ok(()));
            }
            statements.push(("BEGIN", &[]));
            statements.extend(transaction.settings.iter().map(|sql| (sql.as_str(), &[][..])));
        }
        statements.push(("COMMIT", &[]));
        self.end_block(line, &statements).await
    }

    /// Puts the transaction's writes on top of the latest state, which nobody changes meanwhile.
    async fn write_again(
        &self,
        line: &mut Line,
        transaction: &Transaction,
    ) -> io::Result<Result<(), Fields>> {
        let catalog = transaction.snapshot.catalog();
        let mut script = overlay(&catalog, &[], &transaction.writes);
        for query in orphans(&catalog, &transaction.writes) {
            script.push_str(&query);
            script.push_str(";\n");
        }
        let bytes = as_bytea(&script);
        let replay = [self.cluster.adjudicator.secret(), bytes.as_str()];
        let mut statements: Vec<(&str, &[&str])> = vec![("BEGIN ISOLATION LEVEL REPEATABLE READ", &[])];
        statements.extend(transaction.settings.iter().map(|sql| (sql.as_str(), &[][..])));
        if !script.is_empty() {
            statements.push(("SELECT sys.local_replay($1, $2)", &replay));
        }
        statements.push(("COMMIT", &[]));
        let said = self.end_block(line, &statements).await?;
        // What nobody but a newer commit can have taken: a value in a partial or computed unique index.
        Ok(said.map_err(|fields| match fields.state() {
            "23503" => fields,
            state if state.starts_with("23") => Fields(vec![(b'C', "40001".to_owned())]),
            _ => fields,
        }))
    }

    async fn end_block(
        &self,
        line: &mut Line,
        statements: &[(&str, &[&str])],
    ) -> io::Result<Result<(), Fields>> {
        let judge = &self.cluster.adjudicator;
        let said = judge.script(&self.seat, line, statements).await?;
        match said {
            Ok(_) => line.end(),
            Err(_) => line.rollback().await?,
        }
        Ok(said.map(drop))
    }

    fn said(&mut self, said: Result<(), Fields>) -> Step {
        match said {
            Ok(()) => Ok(()),
            Err(fields) => {
                self.relay_error(&fields, None);
                Err(Stop::Failed)
            }
        }
    }
}

/// Whether a `COMMIT` failed because of what it met and not of what it is: deferred foreign keys look at the latest
/// state. When the rows are put there, ours are looked at.
fn is_doubtful(fields: &Fields, reserved: &Reserved, transaction: &Transaction) -> bool {
    matches!(fields.state(), "40001" | "40P01")
        || fields.state().starts_with("23") && !reserved.is_next_to(&transaction.snapshot)
}

/// Whether the transaction may commit whatever the others wrote.
fn verdict(transaction: &Transaction, begun: bool, limits: &Limits) -> Result<(), Refusal> {
    // RESET ALL makes the trigger forget its count; ours stays.
    if transaction.writes.rows > limits.rows as usize {
        return Err(Refusal::new("54000", "transaction row limit exceeded"));
    }
    if transaction.writes.bytes as u64 > limits.transaction_bytes {
        let (size, most) = (size(transaction.writes.bytes as u64), size(limits.transaction_bytes));
        let mut refusal = Refusal::new("54000", format!("transaction size limit {most} exceeded"));
        refusal.detail = Some(format!("Current transaction size {size} > {most}"));
        return Err(refusal);
    }
    if transaction.snapshot.is_outdated() || transaction.ddl && !begun {
        return Err(Refusal::schema_changed());
    }
    Ok(())
}

/// Bytes as the limit's message counts them.
fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{}mb", bytes.div_ceil(1 << 20)) } else { format!("{bytes}b") }
}
