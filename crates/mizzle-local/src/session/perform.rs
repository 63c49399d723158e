//! One statement in its transaction: natively as long as that is exact, else in a view of its own.
//!
//! ```text
//!             ┌──────────── run ◀───────────┐
//! native ─────┤                             │ again, in a view
//!             └─ parked? preempted? 40001? in doubt? ─┘
//! ```
//!
//! PostgreSQL checks uniqueness, foreign keys and row locks against the latest state. So the outcome of a native
//! write counts only if no newer commit can have had a part in it; it is held back until that is known.

use std::io;
use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;

use super::lock::{Locked, Locks};
use super::seat::{Line, Seat, Stopped};
use super::unit::Unit;
use super::{Session, Step, Stop};
use crate::refusal::Refusal;
use crate::statement::{Kind, Statement};
use crate::txn::{WriteSet, is_doubtful};

/// How often a statement gives way before it stays.
pub(super) const YIELDS: usize = 5;

/// How often a statement is run before we give up.
const ATTEMPTS: usize = 20;

/// What a statement does to its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Read,
    Set,
    Lock,
    Write,
    Ddl,
}

/// How a run came out.
pub(super) enum Outcome {
    /// It counts; rows that it locked.
    Done(Vec<Locked>),
    /// The client has been told.
    Failed,
    /// It does not count.
    Again,
}

impl Weight {
    fn of(statement: &Statement) -> Weight {
        match statement.kind {
            Kind::Write => Weight::Write,
            Kind::Lock | Kind::LockKey => Weight::Lock,
            Kind::Ddl => Weight::Ddl,
            Kind::Set => Weight::Set,
            _ => Weight::Read,
        }
    }

    /// Whether its outcome is judged.
    fn is_judged(self) -> bool {
        !matches!(self, Weight::Read | Weight::Set)
    }
}

impl Session {
    /// Runs a unit with the statement in it.
    pub(super) async fn perform(&mut self, unit: &Unit, statement: &Statement) -> Step {
        self.survive()?;
        let mut weight = Weight::of(statement);
        if statement.kind == Kind::Forget {
            self.seat.line().await.forget();
        }
        let catalog = self.cluster.adjudicator.log.lock().catalog();
        if weight == Weight::Read && catalog.hides_write(&statement.sql) {
            weight = Weight::Write;
        }
        self.locks = Locks::of(statement, &catalog);
        if weight == Weight::Read && self.locks != Locks::Told {
            weight = Weight::Lock;
        }
        if self.transaction.is_some() {
            return self.within(unit, statement, weight).await;
        }
        if !weight.is_judged() {
            return self.pass(unit).await;
        }
        let alone = weight != Weight::Ddl && !self.cluster.faults.watch_commits();
        if alone && self.at_once(unit, statement).await? {
            return Ok(());
        }
        let mark = self.answer.len();
        for _ in 1..ATTEMPTS {
            let schema = self.cluster.adjudicator.ordered();
            let done = self.autocommit(unit, statement, weight).await;
            // Parked between its end and its commit, or met by the end of a job: no session changed the catalog.
            let parked = matches!(&done, Err(Stop::Refused(refusal)) if *refusal == Refusal::schema_changed())
                && self.cluster.adjudicator.ordered() == schema;
            if parked {
                self.abort().await?;
                self.answer.truncate(mark);
                continue;
            }
            if done.is_err() {
                // What was answered was not committed after all: rows and completion are not heard.
                self.answer.retract(mark);
            }
            return done;
        }
        Err(Refusal::schema_changed().into())
    }

    /// A transaction of one statement.
    async fn autocommit(&mut self, unit: &Unit, statement: &Statement, weight: Weight) -> Step {
        self.open_implicit().await?;
        self.within(unit, statement, weight).await?;
        self.close_implicit().await
    }

    /// A read outside a transaction: PostgreSQL's own snapshot is the one.
    async fn pass(&mut self, unit: &Unit) -> Step {
        let seat = Arc::clone(&self.seat);
        let mark = self.answer.len();
        for attempt in 0.. {
            let mut line = seat.line().await;
            let (failure, stopped) = self.send(&seat, &mut line, unit, attempt).await?;
            if given_way(failure.as_deref(), stopped) {
                self.answer.truncate(mark);
                continue;
            }
            self.note_captured();
            if failure.is_some() {
                return Err(Stop::Failed);
            }
            break;
        }
        Ok(())
    }

    /// Runs a write and has PostgreSQL commit it in the same round trip, where that is exact: at once with others if
    /// it reads nothing, else alone while no transaction is open and there is nobody to conflict with. False when
    /// neither is the case, or when somebody else was in its way.
    async fn at_once(&mut self, unit: &Unit, statement: &Statement) -> Step<bool> {
        let (cluster, seat) = (Arc::clone(&self.cluster), Arc::clone(&self.seat));
        let judge = &cluster.adjudicator;
        let blind = statement.blind && judge.log.lock().catalog().is_plain();
        let latch = if blind { Some(judge.write().await?) } else { judge.alone_if_idle() };
        let Some(_latch) = latch else { return Ok(false) };
        // The catalog may have changed while we waited.
        if blind && !judge.log.lock().catalog().is_plain() {
            return Ok(false);
        }
        let announced = judge.log.announce();
        let _holding = judge.hold(&seat);
        let mut line = seat.line().await;
        let mark = self.answer.len();
        self.held = true;
        let ran = self.send(&seat, &mut line, unit, 0).await;
        self.held = false;
        let (failure, stopped) = ran?;
        // MZ002: it may be too large, which is judged at a COMMIT of ours.
        if given_way(failure.as_deref(), stopped)
            || matches!(failure.as_deref(), Some("40001" | "40P01" | "MZ002"))
        {
            self.answer.truncate(mark);
            return Ok(false);
        }
        if failure.is_some() {
            return Err(Stop::Failed);
        }
        announced.record(&self.captured);
        Ok(true)
    }

    /// Sends the unit within a window in which it may be stopped.
    pub(super) async fn send(
        &mut self,
        seat: &Seat,
        line: &mut Line,
        unit: &Unit,
        attempt: usize,
    ) -> io::Result<(Option<String>, Stopped)> {
        self.captured.clear();
        self.told.clear();
        seat.open(attempt < YIELDS).await;
        let failure = self.exchange(line, unit).await?;
        Ok((failure, seat.close(line).await?))
    }

    /// Rows that a function wrote under a read outside a transaction.
    fn note_captured(&mut self) {
        if !self.captured.is_empty() {
            let mut log = self.cluster.adjudicator.log.lock();
            let mut writes = WriteSet::default();
            writes.apply(&log.catalog(), &self.captured);
            log.record(&writes);
        }
    }

    /// Runs a unit in the open transaction until its outcome counts.
    async fn within(&mut self, unit: &Unit, statement: &Statement, weight: Weight) -> Step {
        let mark = self.answer.len();
        for attempt in 0..ATTEMPTS {
            self.held = weight.is_judged();
            let outcome = self.attempt(unit, weight, attempt).await;
            self.held = false;
            match outcome? {
                Outcome::Done(locked) => {
                    let most = self.cluster.limits.rows as usize;
                    let written = self.transaction.as_ref().map_or(0, |transaction| transaction.writes.rows);
                    if weight.is_judged() && written + self.captured.len() > most {
                        self.answer.truncate(mark);
                        return Err(Refusal::new("54000", "transaction row limit exceeded").into());
                    }
                    self.remember(statement, weight, &locked);
                    return Ok(());
                }
                Outcome::Failed => return Err(Stop::Failed),
                Outcome::Again => self.answer.truncate(mark),
            }
        }
        tracing::debug!(statement = statement.sql, "gave up");
        Err(Refusal::conflict().into())
    }

    fn remember(&mut self, statement: &Statement, weight: Weight, locked: &[Locked]) {
        let Some(transaction) = &mut self.transaction else { return };
        let catalog = transaction.snapshot.catalog();
        transaction.writes.apply(&catalog, &self.captured);
        for Locked { table, image, modes } in locked {
            if catalog.is_only_referred_to(*table, &self.captured, &statement.sql) {
                continue;
            }
            transaction.writes.lock(&catalog, *table, image, *modes);
        }
        transaction.ddl |= weight == Weight::Ddl;
        if weight == Weight::Set {
            transaction.settings.push(statement.sql.clone());
        }
    }

    async fn attempt(&mut self, unit: &Unit, weight: Weight, attempt: usize) -> Step<Outcome> {
        let seat = Arc::clone(&self.seat);
        let line = seat.line().await;
        let Some(transaction) = &self.transaction else { return Ok(Outcome::Failed) };
        transaction.began.at()?;
        // A change of the catalog that lost its backend is not there any more.
        if transaction.snapshot.is_outdated() || transaction.ddl && !line.begun {
            return Err(Refusal::schema_changed().into());
        }
        match line.begun {
            true => self.natively(&seat, line, unit, weight, attempt).await,
            false if weight == Weight::Ddl => {
                let line = self.begin_again(line).await?;
                self.natively(&seat, line, unit, weight, attempt).await
            }
            false => self.in_view(&seat, line, unit, attempt).await,
        }
    }

    async fn natively(
        &mut self,
        seat: &Seat,
        mut line: OwnedMutexGuard<Line>,
        unit: &Unit,
        weight: Weight,
        attempt: usize,
    ) -> Step<Outcome> {
        let cluster = Arc::clone(&self.cluster);
        if !self.mark_locks(&mut line).await? {
            line.rollback().await?;
            return Ok(Outcome::Again);
        }
        let (failure, stopped) = self.send(seat, &mut line, unit, attempt).await?;
        if lost(failure.as_deref(), stopped) {
            line.rollback().await?;
            return Ok(Outcome::Again);
        }
        let locked = match failure {
            None => self.locked(&mut line).await?,
            Some(_) => Vec::new(),
        };
        if !weight.is_judged() {
            return Ok(if failure.is_some() { Outcome::Failed } else { Outcome::Done(locked) });
        }
        let mut _still = None;
        if cluster.adjudicator.log.lock().is_uncertain() {
            // Whoever commits and waits for one of our locks can park us meanwhile.
            drop(line);
            _still = Some(cluster.adjudicator.look().await?);
            line = seat.line().await;
        }
        let Some(transaction) = &self.transaction else { return Ok(Outcome::Failed) };
        let snapshot = &transaction.snapshot;
        if snapshot.is_outdated() {
            return Err(Refusal::schema_changed().into());
        }
        let again = !line.begun
            || failure.as_deref() == Some("40001")
            || snapshot.is_old()
                && match &failure {
                    Some(state) => state.starts_with("23"),
                    None => is_doubtful(&snapshot.catalog(), &snapshot.newer_or_pending(), &self.captured),
                };
        if again {
            if line.begun {
                line.rollback().await?;
            }
            return Ok(Outcome::Again);
        }
        Ok(if failure.is_some() { Outcome::Failed } else { Outcome::Done(locked) })
    }
}

/// Whether a statement was stopped so that others could go on.
pub(super) fn given_way(state: Option<&str>, stopped: Stopped) -> bool {
    state == Some("57014") && stopped.by_others && !stopped.by_client
}

/// Whether what PostgreSQL said is about others and not about the statement.
pub(super) fn lost(state: Option<&str>, stopped: Stopped) -> bool {
    given_way(state, stopped) || matches!(state, Some("40P01" | "55P03"))
}
