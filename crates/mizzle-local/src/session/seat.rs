//! A session's backend, as other sessions may meet it: they ask it to let go of locks, and clients ask it to stop.
//!
//! A backend that is idle inside a block is *parked*: rolled back by whoever waits for one of its locks. Its session
//! has the write set in memory and goes on in a reconstructed view. A backend that is busy is *preempted*: the
//! statement is cancelled and its session runs it again. Cancels are only let through while the window is open, and
//! are seen to have arrived before it closes; a cancel that came late would hit a statement of ours.

use std::io;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::watch::Bell;
use crate::engine::Backend;

/// PostgreSQL's code for a cancel request.
const CANCEL: u32 = 80_877_102;

/// How long an idle backend is left alone: whoever issues statement after statement would be parked between two.
const GRACE: Duration = Duration::from_millis(2);

/// How long anybody is waited for.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);

/// One session's place among all.
#[derive(Debug)]
pub(super) struct Seat {
    /// The backend's process id.
    pub(super) process: u32,
    /// `BackendKeyData`: the process id and a secret.
    key: Bytes,
    line: Arc<Mutex<Line>>,
    window: Mutex<Window>,
    pub(super) bell: Arc<Bell>,
}

/// The backend and what it is in.
#[derive(Debug)]
pub(super) struct Line {
    backend: Backend,
    /// Whether it is inside a block of ours, with a snapshot of its own.
    pub(super) begun: bool,
    /// Changes whenever portals are lost.
    pub(super) epoch: u64,
    used: Instant,
}

/// Who may stop the running statement, and who did.
#[derive(Debug, Default)]
struct Window {
    open: bool,
    /// Whether others may stop it; the client always may.
    yields: bool,
    stopped: Stopped,
}

/// Who stopped a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stopped {
    /// A session that waited for it.
    pub(super) by_others: bool,
    /// The client itself.
    pub(super) by_client: bool,
}

impl Seat {
    pub(super) fn new(backend: Backend, bell: Arc<Bell>) -> Seat {
        let key = backend.key().clone();
        let process = backend.process();
        let line = Line { backend, begun: false, epoch: 0, used: Instant::now() };
        Seat { process, key, line: Arc::new(Mutex::new(line)), window: Mutex::default(), bell }
    }

    /// The backend, for its own session.
    pub(super) async fn line(&self) -> OwnedMutexGuard<Line> {
        Arc::clone(&self.line).lock_owned().await
    }

    /// From here on the statement may be stopped, by others only if it `yields`.
    pub(super) async fn open(&self, yields: bool) {
        let mut window = self.window.lock().await;
        (window.open, window.yields) = (true, yields);
    }

    /// From here on nobody but the client stops the statement; false when somebody did.
    pub(super) async fn stay(&self) -> bool {
        let mut window = self.window.lock().await;
        window.yields = false;
        !window.stopped.by_others
    }

    /// Ends that, and says who stopped the statement; a cancel that came late hits nothing.
    pub(super) async fn close(&self, line: &mut Line) -> io::Result<Stopped> {
        let stopped = {
            let mut window = self.window.lock().await;
            window.open = false;
            std::mem::take(&mut window.stopped)
        };
        if stopped != Stopped::default() {
            let _ = line.command("", &[]).await?;
        }
        line.used = Instant::now();
        Ok(stopped)
    }

    /// Stops a busy statement so that somebody else can go on; its session runs it again.
    pub(super) async fn preempt(&self, socket: &Path) -> io::Result<()> {
        let mut window = self.window.lock().await;
        if window.open && window.yields && window.stopped == Stopped::default() {
            window.stopped.by_others = true;
            send_cancel(socket, &self.key).await?;
        }
        Ok(())
    }

    /// The client's own cancel; the packet's key has to be this session's.
    pub(super) async fn cancel(&self, socket: &Path, key: &[u8]) -> io::Result<()> {
        let mut window = self.window.lock().await;
        if window.open && *key == *self.key {
            window.stopped.by_client = true;
            send_cancel(socket, &self.key).await?;
        }
        Ok(())
    }

    /// Rolls an idle backend back, if it has been idle for a moment or the caller has `waited` long enough. False
    /// when it is busy.
    pub(super) async fn park(&self, waited: Duration) -> io::Result<bool> {
        let Ok(mut line) = self.line.try_lock() else { return Ok(false) };
        if line.begun && (line.used.elapsed() >= GRACE || waited >= PATIENCE) {
            line.rollback().await?;
        }
        Ok(true)
    }
}

impl Line {
    /// Ends the block, whatever state it is in.
    pub(super) async fn rollback(&mut self) -> io::Result<()> {
        while self.command("ROLLBACK", &[]).await?.is_err() {}
        self.end();
        Ok(())
    }

    /// The block has ended.
    pub(super) fn end(&mut self) {
        self.begun = false;
        self.epoch += 1;
    }
}

impl Deref for Line {
    type Target = Backend;

    fn deref(&self) -> &Backend {
        &self.backend
    }
}

impl DerefMut for Line {
    fn deref_mut(&mut self) -> &mut Backend {
        &mut self.backend
    }
}

async fn send_cancel(socket: &Path, key: &[u8]) -> io::Result<()> {
    let mut packet = (key.len() as u32 + 8).to_be_bytes().to_vec();
    packet.extend(CANCEL.to_be_bytes());
    packet.extend(key);
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(&packet).await?;
    // PostgreSQL closes the connection once the signal is sent.
    let _ = stream.read(&mut [0]).await;
    Ok(())
}
