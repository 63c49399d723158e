//! What every session shares about transactions: the log of commits, the latch, and who sits where.
//!
//! Snapshots are taken with the latch shared, commits and reconstructed views have it alone: a snapshot never falls
//! into the middle of a commit. Nobody holds the latch for long; whoever does is preempted.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::time::Instant;

use super::seat::{Line, PATIENCE, Seat};
use crate::Error;
use crate::engine::{Backend, Outcome, gather};
use crate::txn::{Catalog, QUESTION, SharedLog};
use crate::wire::Frame;

/// How long a backend may be silent before we look whom it waits for, and how often we look again.
const SILENCE: Duration = Duration::from_millis(1);
const SOON: Duration = Duration::from_millis(2);

/// Decides who committed first.
#[derive(Debug)]
pub(crate) struct Adjudicator {
    pub(super) log: SharedLog,
    latch: RwLock<()>,
    /// Who has the latch alone while a statement of the client runs, and since when.
    holder: Mutex<Option<(Arc<Seat>, Instant)>>,
    seats: Mutex<HashMap<u32, Arc<Seat>>>,
    socket: PathBuf,
    /// How often a job changed the catalog.
    settled: AtomicU64,
    /// What `sys.local_replay` wants to be shown.
    secret: String,
    control: Arc<tokio::sync::Mutex<Backend>>,
}

/// While it lives, the holder of the latch can be preempted.
pub(super) struct Holding<'a>(&'a Adjudicator);

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
            latch: RwLock::new(()),
            holder: Mutex::default(),
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

    /// The same after a job.
    pub(crate) async fn settled(&self) -> io::Result<()> {
        self.settled.fetch_add(1, Ordering::Relaxed);
        self.schema_changed().await
    }

    /// Counts the changes of the catalog that sessions made.
    pub(super) fn ordered(&self) -> u64 {
        self.log.lock().schema() - self.settled.load(Ordering::Relaxed)
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    pub(super) fn seat(&self, backend: Backend) -> Arc<Seat> {
        let seat = Arc::new(Seat::new(backend));
        lock(&self.seats).insert(seat.process, Arc::clone(&seat));
        seat
    }

    pub(super) fn leave(&self, seat: &Seat) {
        lock(&self.seats).remove(&seat.process);
    }

    /// The latch, shared: no commit comes in between.
    pub(super) async fn share(&self) -> io::Result<RwLockReadGuard<'_, ()>> {
        self.wait_for(self.latch.read()).await
    }

    /// The latch, alone: nobody begins or commits.
    pub(crate) async fn alone(&self) -> io::Result<RwLockWriteGuard<'_, ()>> {
        self.wait_for(self.latch.write()).await
    }

    /// The latch, alone, if nobody has it and no transaction is open.
    pub(super) fn alone_if_idle(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        let guard = self.latch.try_write().ok()?;
        self.log.lock().is_idle().then_some(guard)
    }

    /// Says that this seat's statement runs with the latch alone.
    pub(super) fn hold(&self, seat: &Arc<Seat>) -> Holding<'_> {
        *lock(&self.holder) = Some((Arc::clone(seat), Instant::now()));
        Holding(self)
    }

    async fn wait_for<G>(&self, latch: impl Future<Output = G>) -> io::Result<G> {
        tokio::pin!(latch);
        loop {
            if let Ok(guard) = tokio::time::timeout(PATIENCE, &mut latch).await {
                return Ok(guard);
            }
            let holder = lock(&self.holder).clone();
            if let Some((seat, since)) = holder
                && since.elapsed() >= PATIENCE
            {
                seat.preempt(&self.socket).await?;
            }
        }
    }

    /// The next message of a backend; while it is silent, whoever holds a lock that it waits for is cleared away.
    pub(super) async fn next(&self, process: u32, line: &mut Line) -> io::Result<Frame> {
        let mut since = None;
        let mut patience = SILENCE;
        loop {
            tokio::select! {
                biased;
                frame = line.next() => return frame,
                () = tokio::time::sleep(patience) => {}
            }
            let since = *since.get_or_insert_with(Instant::now);
            self.clear(process, since.elapsed()).await?;
            patience = if since.elapsed() < PATIENCE * 5 { SOON } else { PATIENCE };
        }
    }

    /// Statements of our own, with locks cleared out of their way.
    pub(super) async fn script(
        &self,
        process: u32,
        line: &mut Line,
        statements: &[(&str, &[&str])],
    ) -> io::Result<Outcome> {
        line.send(&mut Backend::request(statements)).await?;
        let mut outcome = Ok(Vec::new());
        while !gather(&mut outcome, &self.next(process, line).await?) {}
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
        *lock(&self.0.holder) = None;
    }
}

/// A lock that is held for a moment and never across a wait.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
