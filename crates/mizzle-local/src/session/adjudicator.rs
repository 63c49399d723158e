//! What every session shares about transactions: the log of commits, the latch, and who sits where.
//!
//! Snapshots are taken and commits sent with the latch held in modes that exclude each other: a snapshot never falls
//! into the middle of a commit. Reconstructed views have it alone. Nobody holds the latch for long; whoever does is
//! preempted.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::latch::{Guard, Latch, Mode};
use super::seat::{Line, PATIENCE, Seat};
use super::watch::Watch;
use crate::Error;
use crate::engine::{Backend, Outcome, gather};
use crate::txn::{Announced, Catalog, QUESTION, SharedLog};
use crate::wire::Frame;

/// Stays prepared.
pub(super) const COMMIT: (&str, &str) = ("mizzle_commit", "COMMIT");

/// How often we look again whom a silent backend waits for.
const SOON: Duration = Duration::from_millis(2);

/// Decides who committed first.
#[derive(Debug)]
pub(crate) struct Adjudicator {
    pub(super) log: SharedLog,
    latch: Latch,
    /// Who has the latch while a statement of the client runs, and since when.
    holders: Mutex<HashMap<u32, (Arc<Seat>, Instant)>>,
    watch: Watch,
    seats: Mutex<HashMap<u32, Arc<Seat>>>,
    socket: PathBuf,
    /// How often a job changed the catalog.
    settled: AtomicU64,
    /// What `sys.local_replay` wants to be shown.
    secret: String,
    control: Arc<tokio::sync::Mutex<Backend>>,
}

/// While it lives, the holder of the latch can be preempted.
pub(super) struct Holding<'a>(&'a Adjudicator, u32);

impl Adjudicator {
    /// Reads the catalog of a cluster that just started.
    ///
    /// # Errors
    /// When PostgreSQL does not answer.
    pub(crate) async fn open(
        control: Arc<tokio::sync::Mutex<Backend>>,
        socket: PathBuf,
    ) -> Result<Adjudicator, Error> {
        let secret = format!("{:032x}", rand::random::<u128>());
        let adjudicator = Adjudicator {
            log: SharedLog::default(),
            latch: Latch::default(),
            holders: Mutex::default(),
            watch: Watch::start(),
            seats: Mutex::default(),
            socket,
            settled: AtomicU64::new(0),
            secret,
            control,
        };
        adjudicator.prepare().await.map_err(|error| {
            Error::new("the cluster does not hold what this version expects")
                .with_source(error)
                .with_hint("a data folder serves the version that made it: name another one")
        })?;
        Ok(adjudicator)
    }

    async fn prepare(&self) -> io::Result<()> {
        let statements: [(&str, &[&str]); 2] = [
            ("DELETE FROM sys.local_secret", &[]),
            ("INSERT INTO sys.local_secret VALUES ($1)", &[&self.secret]),
        ];
        let done = self.control.lock().await.script(&statements).await?;
        done.map_err(|fields| io::Error::other(fields.message().to_owned()))?;
        self.schema_changed().await
    }

    /// Reads the catalog again: transactions that are open from before can only fail now.
    pub(crate) async fn schema_changed(&self) -> io::Result<()> {
        let rows = self.control.lock().await.prepared("mizzle_catalog", QUESTION).await?;
        let rows = rows.map_err(|fields| io::Error::other(fields.message().to_owned()))?;
        self.log.lock().schema_changed(Catalog::of(&rows));
        Ok(())
    }

    /// The same after a job, which says before that it is [settling](Adjudicator::settling) it.
    pub(crate) async fn settled(&self) -> io::Result<()> {
        self.settled.fetch_add(1, Ordering::Relaxed);
        self.schema_changed().await
    }

    /// Says that a job may be changing the catalog: who runs a statement meanwhile waits for the latch before it answers.
    pub(crate) fn settling(&self) -> Announced {
        self.log.announce()
    }

    /// Counts the changes of the catalog that sessions made.
    pub(super) fn ordered(&self) -> u64 {
        self.log.lock().schema() - self.settled.load(Ordering::Relaxed)
    }

    /// How many commits changed something since the cluster started.
    pub(crate) fn commits(&self) -> u64 {
        self.log.lock().recorded()
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn seat(&self, backend: Backend) -> Arc<Seat> {
        let seat = Arc::new(Seat::new(backend, self.watch.bell()));
        lock(&self.seats).insert(seat.process, Arc::clone(&seat));
        seat
    }

    pub(super) fn leave(&self, seat: &Seat) {
        lock(&self.seats).remove(&seat.process);
    }

    /// The latch for a snapshot: no commit comes in between.
    pub(super) async fn look(&self) -> io::Result<Guard> {
        self.hold_latch(Mode::Look).await
    }

    /// The latch for a commit: nobody takes a snapshot, others may commit.
    pub(super) async fn write(&self) -> io::Result<Guard> {
        self.hold_latch(Mode::Write).await
    }

    /// The latch, alone: nobody begins or commits.
    pub(crate) async fn alone(&self) -> io::Result<Guard> {
        self.hold_latch(Mode::Alone).await
    }

    /// The latch, alone, if nobody has it and no transaction is open.
    pub(super) fn alone_if_idle(&self) -> Option<Guard> {
        let guard = self.latch.try_hold(Mode::Alone)?;
        self.log.lock().is_idle().then_some(guard)
    }

    /// Says that this seat's statement runs with the latch.
    pub(super) fn hold(&self, seat: &Arc<Seat>) -> Holding<'_> {
        lock(&self.holders).insert(seat.process, (Arc::clone(seat), Instant::now()));
        Holding(self, seat.process)
    }

    async fn hold_latch(&self, mode: Mode) -> io::Result<Guard> {
        if let Some(guard) = self.latch.try_hold(mode) {
            return Ok(guard);
        }
        let latch = self.latch.hold(mode);
        tokio::pin!(latch);
        loop {
            if let Ok(guard) = tokio::time::timeout(PATIENCE, &mut latch).await {
                return Ok(guard);
            }
            let late = |(_, since): &&(Arc<Seat>, Instant)| since.elapsed() >= PATIENCE;
            let holders: Vec<_> = lock(&self.holders).values().filter(late).cloned().collect();
            for (seat, _) in holders {
                seat.preempt(&self.socket).await?;
            }
        }
    }

    /// The next message of a backend; while it is silent, whoever holds a lock that it waits for is cleared away.
    pub(super) async fn next(&self, seat: &Seat, line: &mut Line) -> io::Result<Frame> {
        if line.has_next() {
            return line.next().await;
        }
        let waiting = seat.bell.wait();
        tokio::select! {
            biased;
            frame = line.next() => return frame,
            () = waiting.rung() => {}
        }
        drop(waiting);
        let since = Instant::now();
        loop {
            self.clear(seat.process, since.elapsed()).await?;
            let patience = if since.elapsed() < PATIENCE * 5 { SOON } else { PATIENCE };
            tokio::select! {
                biased;
                frame = line.next() => return frame,
                () = tokio::time::sleep(patience) => {}
            }
        }
    }

    /// Sends data that the backend may take its time to read; while it does not, whoever holds a lock that it waits for
    /// is cleared away.
    pub(super) async fn feed(&self, process: u32, line: &mut Line, mut data: Bytes) -> io::Result<()> {
        let mut since = Instant::now();
        while !data.is_empty() {
            tokio::select! {
                biased;
                sent = line.send_some(&mut data) => {
                    sent?;
                    since = Instant::now();
                }
                () = tokio::time::sleep(SOON) => self.clear(process, since.elapsed()).await?,
            }
        }
        Ok(())
    }

    /// Statements of our own, with locks cleared out of their way.
    pub(super) async fn script(
        &self,
        seat: &Seat,
        line: &mut Line,
        statements: &[(&str, &[&str])],
    ) -> io::Result<Outcome> {
        line.send(&mut Backend::request(statements)).await?;
        self.outcome(seat, line).await
    }

    /// `COMMIT`, with locks cleared out of its way.
    pub(super) async fn commit(&self, seat: &Seat, line: &mut Line) -> io::Result<Outcome> {
        let mut request = line.request_prepared(&[COMMIT]);
        line.send(&mut request).await?;
        let outcome = self.outcome(seat, line).await?;
        if outcome.is_ok() {
            line.note_prepared(COMMIT.0);
        }
        Ok(outcome)
    }

    async fn outcome(&self, seat: &Seat, line: &mut Line) -> io::Result<Outcome> {
        let mut outcome = Ok(Vec::new());
        while !gather(&mut outcome, &self.next(seat, line).await?) {}
        Ok(outcome)
    }

    /// Has whoever holds a lock that a backend has `waited` for let go of it.
    pub(crate) async fn clear(&self, process: u32, waited: Duration) -> io::Result<()> {
        let sql = format!("SELECT unnest(pg_blocking_pids({process}))");
        let blocking = self.control.lock().await.command(&sql, &[]).await?.unwrap_or_default();
        for row in blocking {
            let process = row.first().and_then(Option::as_ref).and_then(|id| id.parse::<u32>().ok());
            let seat = process.and_then(|process| lock(&self.seats).get(&process).cloned());
            if let Some(seat) = seat
                && !seat.park(waited).await?
                && waited >= PATIENCE
            {
                seat.preempt(&self.socket).await?;
            }
        }
        Ok(())
    }

    /// A client's cancel request: the body of its packet.
    pub(super) async fn cancel(&self, key: &[u8]) -> io::Result<()> {
        let Some(process) = key.first_chunk().map(|id| u32::from_be_bytes(*id)) else { return Ok(()) };
        let seat = lock(&self.seats).get(&process).cloned();
        match seat {
            Some(seat) => seat.cancel(&self.socket, key).await,
            None => Ok(()),
        }
    }
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        lock(&self.0.holders).remove(&self.1);
    }
}

/// A lock that is held for a moment and never across a wait.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
