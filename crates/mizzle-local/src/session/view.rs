//! A statement on a reconstructed view: the latest state made into what the transaction sees, and rolled back after.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::perform::{Outcome, YIELDS, lost};
use super::seat::{Line, Seat};
use super::unit::Unit;
use super::{Session, Step};
use crate::refusal::Refusal;
use crate::txn::{overlay, stilled};

impl Session {
    /// The latest state, made into the transaction's own, for one statement.
    pub(super) async fn in_view(
        &mut self,
        seat: &Arc<Seat>,
        mut line: OwnedMutexGuard<Line>,
        unit: &Unit,
        attempt: usize,
    ) -> Step<Outcome> {
        let cluster = Arc::clone(&self.cluster);
        let judge = &cluster.adjudicator;
        let _alone = judge.alone().await?;
        let Some(transaction) = &self.transaction else { return Ok(Outcome::Failed) };
        if transaction.snapshot.is_outdated() {
            return Err(Refusal::schema_changed().into());
        }
        let snapshot = &transaction.snapshot;
        let catalog = snapshot.catalog();
        let script = overlay(&catalog, &snapshot.newer(), &transaction.writes) + &stilled(&catalog);
        let rows = transaction.writes.rows.to_string();
        let bytes = as_bytea(&script);
        let replay = [judge.secret(), bytes.as_str()];
        let state = [rows.as_str(), transaction.began.at()?];
        let mut statements: Vec<(&str, &[&str])> = vec![("BEGIN ISOLATION LEVEL REPEATABLE READ", &[])];
        if !script.is_empty() {
            statements.push(("SELECT sys.local_replay($1, $2)", &replay));
        }
        statements.push((
            "SELECT pg_catalog.set_config('mizzle.block', 'on', true), pg_catalog.set_config('mizzle.rows', $1, true), \
             pg_catalog.set_config('mizzle.now', $2, true)",
            &state,
        ));
        statements.extend(transaction.settings.iter().map(|sql| (sql.as_str(), &[][..])));
        if transaction.read_only {
            statements.push(("SET TRANSACTION READ ONLY", &[]));
        }
        self.held = true;
        let holding = judge.hold(seat);
        seat.open(attempt < YIELDS).await;
        let ready = judge.script(seat, &mut line, &statements).await?;
        line.epoch += 1;
        if let Err(fields) = ready {
            tracing::debug!(state = fields.state(), message = fields.message(), "no view");
            let stopped = seat.close(&mut line).await?;
            drop(holding);
            line.rollback().await?;
            return match stopped.by_client {
                true => Err(Refusal::new("57014", "canceling statement due to user request").into()),
                false => Ok(Outcome::Again),
            };
        }
        // Said so that the exchange knows of the block; nobody else may think there is one to park.
        line.begun = true;
        if !self.mark_locks(&mut line).await? {
            seat.close(&mut line).await?;
            line.rollback().await?;
            return Ok(Outcome::Again);
        }
        let ran = self.send(seat, &mut line, unit, attempt).await;
        drop(holding);
        let (failure, stopped) = ran?;
        let outcome = if lost(failure.as_deref(), stopped) {
            Outcome::Again
        } else if failure.is_some() {
            Outcome::Failed
        } else {
            Outcome::Done(self.locked(&mut line).await?)
        };
        line.rollback().await?;
        Ok(outcome)
    }

    /// A block for a statement that cannot run in a view; nothing has been written yet.
    pub(super) async fn begin_again(
        &mut self,
        mut line: OwnedMutexGuard<Line>,
    ) -> Step<OwnedMutexGuard<Line>> {
        let settings = self.transaction.as_ref().map(|transaction| transaction.settings.clone());
        let settings = settings.unwrap_or_default();
        let mut statements: Vec<(&str, &[&str])> = vec![("BEGIN ISOLATION LEVEL REPEATABLE READ", &[])];
        statements.extend(settings.iter().map(|sql| (sql.as_str(), &[][..])));
        let outcome = line.script(&statements).await?;
        line.begun = true;
        match outcome {
            Ok(_) => Ok(line),
            Err(fields) => Err(Refusal::new(fields.state(), fields.message()).into()),
        }
    }
}

/// Text past the client's encoding, as a parameter of type `bytea`.
pub(super) fn as_bytea(text: &str) -> String {
    format!("\\x{}", hex::encode(text))
}
