//! One client: its messages in order, its transaction, its backend.
//!
//! A session is sequential. It collects messages up to `Query`, `Flush` or `Sync`, cuts them into units that end
//! with an `Execute`, and runs one unit after the other. It owns the transaction: `BEGIN`, `COMMIT` and `ROLLBACK`
//! never reach the backend as the client wrote them.
//!
//! ```text
//! client:  Parse Bind Execute   Parse Bind Execute   Sync
//!          └───── unit ─────┘   └───── unit ─────┘
//! ```
//!
//! A transaction runs natively, in PostgreSQL's own repeatable read, for as long as nobody is in its way. When it
//! loses its backend, or when what PostgreSQL did may not be what its snapshot says, its statements run in a *view*:
//! the latest state with newer commits undone and its own writes put back, rolled back after each statement. `COMMIT`
//! asks the [`Adjudicator`].
//!
//! What a statement changed is told by a trigger: in notices, or, for the first few rows of a statement that came as
//! `Parse`, in a setting that is asked for in the same flight.

mod adjudicator;
mod commit;
mod connect;
mod copy;
mod exchange;
mod extended;
mod faulty;
mod flight;
mod latch;
mod lock;
mod perform;
mod relay;
mod seat;
mod simple;
mod transaction;
mod unit;
mod view;
mod watch;

pub(crate) use adjudicator::Adjudicator;
pub(crate) use connect::serve;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

use self::exchange::Suspended;
use self::extended::{Named, Portal};
use self::lock::{Locked, Locks};
use self::seat::Seat;
use self::transaction::Transaction;
use crate::cluster::Cluster;
use crate::engine::Backend;
use crate::refusal::Refusal;
use crate::txn::Change;
use crate::wire::{Answer, Framed, Severity};

type Client = Framed<TlsStream<TcpStream>>;

/// One client and its backend.
struct Session {
    cluster: Arc<Cluster>,
    client: Client,
    seat: Arc<Seat>,
    answer: Answer,
    /// What was answered before and not sent yet.
    earlier: BytesMut,
    /// Whether the answer may have to be taken back, so that none of it is sent yet.
    held: bool,
    /// What the running statement changed so far.
    captured: Vec<Change>,
    /// How the rows become known that it locks.
    locks: Locks,
    /// What its answer told of them so far.
    told: Vec<Locked>,
    transaction: Option<Transaction>,
    /// Whether PostgreSQL was not heard yet about the transaction just opened.
    opening: bool,
    statements: Named,
    portals: HashMap<String, Portal>,
    suspended: HashMap<String, Suspended>,
    /// What the client sent for the COPY that runs, as messages.
    copied: Option<Bytes>,
    /// Whether the client was asked for the data of a COPY.
    asked_for_data: bool,
    /// Whether an error makes us skip everything up to the next `Sync`.
    skipping: bool,
}

/// Why a unit did not go on.
enum Stop {
    /// The client or the backend is gone.
    Io(io::Error),
    /// We say no; nobody has told the client yet.
    Refused(Refusal),
    /// The backend said no; the client knows.
    Failed,
}

type Step<T = ()> = Result<T, Stop>;

impl Session {
    fn new(cluster: Arc<Cluster>, client: Client, backend: Backend) -> Session {
        let seat = cluster.adjudicator.seat(backend);
        Session {
            cluster,
            client,
            seat,
            answer: Answer::default(),
            earlier: BytesMut::new(),
            held: false,
            captured: Vec::new(),
            locks: Locks::default(),
            told: Vec::new(),
            transaction: None,
            opening: false,
            statements: HashMap::new(),
            portals: HashMap::new(),
            suspended: HashMap::new(),
            copied: None,
            asked_for_data: false,
            skipping: false,
        }
    }

    /// Answers the client until it leaves or its time is over.
    async fn run(mut self) -> io::Result<()> {
        let end = Instant::now() + self.cluster.limits.connection_age;
        let mut collected = Vec::new();
        loop {
            if !self.client.has_next() {
                self.opened().await?;
                self.flush().await?;
                self.seat.line().await.push().await?;
            }
            let patience = self.expiry().map_or(end, |expiry| expiry.min(end));
            let Ok(next) = tokio::time::timeout_at(patience, self.client.next()).await else {
                if patience == end {
                    return self.client.close().await;
                }
                self.expire().await?;
                continue;
            };
            let frame = match next {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    return self.goodbye(&Refusal::protocol("invalid message length")).await;
                }
                Err(error) => return Err(error),
            };
            let done = match frame.tag {
                b'Q' => match self.flight(&frame) {
                    Some(statements) => self.fly(statements).await,
                    None => self.query(&frame).await,
                },
                b'P' | b'B' | b'D' | b'E' | b'C' => {
                    collected.push(frame);
                    continue;
                }
                b'H' => self.batch(&std::mem::take(&mut collected), false).await,
                b'S' => self.batch(&std::mem::take(&mut collected), true).await,
                b'X' => return Ok(()),
                // What is left of a COPY that was refused.
                b'd' | b'c' | b'f' => continue,
                b'F' => {
                    self.refuse(&Refusal::new("0A000", "function calls by protocol message not supported"));
                    self.finish().await
                }
                other => {
                    let refusal = Refusal::protocol(format!("invalid frontend message type {other}"));
                    return self.goodbye(&refusal).await;
                }
            };
            if let Err(error) = done {
                if Session::is_lost(&error) {
                    return Err(error);
                }
                let refusal = Refusal::new("57P01", "terminating connection due to administrator command");
                let _ = self.goodbye(&refusal).await;
                return Err(error);
            }
        }
    }

    /// Tells the client why and hangs up.
    async fn goodbye(&mut self, refusal: &Refusal) -> io::Result<()> {
        self.answer.refusal(Severity::Fatal, refusal);
        self.flush().await?;
        self.client.close().await
    }

    fn refuse(&mut self, refusal: &Refusal) {
        self.answer.refusal(Severity::Error, refusal);
    }

    fn warn(&mut self, state: &str, message: &str) {
        self.answer.refusal(Severity::Warning, &Refusal::new(state, message));
    }

    /// Says `ReadyForQuery`, and sends everything, unless something is here already that may be answered along with it.
    async fn finish(&mut self) -> io::Result<()> {
        let status = match &self.transaction {
            None => b'I',
            Some(transaction) if transaction.aborted => b'E',
            Some(_) => b'T',
        };
        self.answer.ready(status);
        self.send_unless_more().await
    }

    /// Sends everything, unless something is here already that may be answered along with it.
    async fn send_unless_more(&mut self) -> io::Result<()> {
        if self.client.has_next() { Ok(()) } else { self.flush().await }
    }

    /// Has what was answered sent while PostgreSQL is asked again, or together with what it says.
    fn set_answer_aside(&mut self) {
        self.earlier.extend_from_slice(&self.answer.take());
    }

    /// Sends what was set aside.
    async fn flush_earlier(&mut self) -> io::Result<()> {
        if self.earlier.is_empty() { Ok(()) } else { self.client.send(&self.earlier.split()).await }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.earlier.is_empty() {
            self.earlier.extend_from_slice(&self.answer.take());
            return self.flush_earlier().await;
        }
        if self.answer.len() > 0 { self.client.send(&self.answer.take()).await } else { Ok(()) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.cluster.adjudicator.leave(&self.seat);
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}
