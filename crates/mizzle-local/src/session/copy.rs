//! `COPY … FROM STDIN`: the client is heard out first, so that nobody waits for one that is slow.
//!
//! ```text
//! client            session                               backend
//! COPY t FROM … ──▶ what is wanted? ───── in a savepoint ──▶ COPY, which we let fail
//!     ◀── CopyInResponse                                  ◀── CopyInResponse
//! CopyData … ─────▶ kept, up to CopyDone
//!                   runs as any write does, as often as it takes, with the data at hand
//! ```

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::seat::Line;
use super::{Session, Step, Stop};
use crate::engine::{Backend, Outcome};
use crate::refusal::Refusal;
use crate::statement::Statement;
use crate::wire::{Fields, Reader, Request};

/// How much longer rows may be as text than as what counts to the limit of a transaction.
const INFLATION: u64 = 4;

impl Session {
    /// Asks the client for the data of a COPY, and keeps it for when the statement runs.
    pub(super) async fn collect(&mut self, statement: &Statement) -> Step {
        self.copied = None;
        let wanted = match self.wanted(statement).await? {
            Ok(body) => body,
            Err(fields) => {
                self.relay_error(&fields, Some(statement));
                return Err(Stop::Failed);
            }
        };
        self.answer.frame(b'G', &wanted);
        self.flush().await?;
        self.asked_for_data = true;
        let age = self.cluster.limits.connection_age;
        let data = tokio::time::timeout(age, self.data()).await;
        let data = data.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))?;
        self.copied = Some(data);
        Ok(())
    }

    /// Gives the backend, which has just asked for it, the data that was kept. A `Sync` that came with the statement
    /// was not heard while it copied: `sync` says that there is one to be said again.
    pub(super) async fn feed(&mut self, line: &mut Line, sync: bool) -> io::Result<()> {
        let mut end = Request::default();
        let data = match &self.copied {
            Some(data) => {
                end.frame(b'c', b"");
                data.clone()
            }
            None => {
                end.frame(b'f', b"no data\0");
                Bytes::new()
            }
        };
        if sync {
            end.sync();
        }
        let judge = &self.cluster.adjudicator;
        judge.feed(self.seat.process, line, data).await?;
        judge.feed(self.seat.process, line, end.0.freeze()).await
    }

    /// The body of the `CopyInResponse` that the statement is answered with, or its error. Nothing comes of it: it is
    /// let fail where it can do no harm.
    async fn wanted(&mut self, statement: &Statement) -> Step<Result<Bytes, Fields>> {
        let (cluster, seat) = (Arc::clone(&self.cluster), Arc::clone(&self.seat));
        let judge = &cluster.adjudicator;
        let mut line = seat.line().await;
        let mut before: Vec<(&str, &[&str])> = Vec::new();
        let mut after = None;
        if line.begun {
            before.push(("SAVEPOINT mizzle_copy", &[]));
            after = Some("ROLLBACK TO SAVEPOINT mizzle_copy");
        } else if let Some(transaction) = &self.transaction {
            before.push(("BEGIN ISOLATION LEVEL REPEATABLE READ", &[]));
            before.extend(transaction.settings.iter().map(|sql| (sql.as_str(), &[][..])));
            after = Some("ROLLBACK");
        }
        let ready: Outcome = match before.is_empty() {
            true => Ok(Vec::new()),
            false => judge.script(&seat, &mut line, &before).await?,
        };
        let said = match ready {
            Ok(_) => self.try_copy(&mut line, &statement.sql).await?,
            Err(fields) => Err(fields),
        };
        if let Some(undo) = after {
            let _ = judge.script(&seat, &mut line, &[(undo, &[])]).await?;
        }
        Ok(said)
    }

    async fn try_copy(&self, line: &mut Line, sql: &str) -> io::Result<Result<Bytes, Fields>> {
        let judge = &self.cluster.adjudicator;
        // By a name of ours: a Query would take the client's unnamed statement and portal along.
        line.send(&mut Backend::request(&[(sql, &[])])).await?;
        let mut said = Err(Fields::default());
        loop {
            let frame = judge.next(&self.seat, line).await?;
            match frame.tag {
                b'G' => {
                    said = Ok(frame.body);
                    let mut stop = Request::default();
                    stop.frame(b'f', b"asked\0");
                    stop.sync();
                    line.send(&mut stop).await?;
                }
                b'E' if said.is_err() => said = Err(Fields::read(&frame.body)),
                b'Z' => return Ok(said),
                _ => {}
            }
        }
    }

    /// Everything that the client sends up to its `CopyDone`, as messages.
    async fn data(&mut self) -> Step<Bytes> {
        let most = self.cluster.limits.transaction_bytes.saturating_mul(INFLATION).saturating_add(1 << 20);
        let mut kept = BytesMut::new();
        let mut too_long = false;
        loop {
            let Some(frame) = self.client.next().await? else {
                return Err(Stop::Io(io::ErrorKind::UnexpectedEof.into()));
            };
            match frame.tag {
                b'd' if too_long => {}
                b'd' if (kept.len() + frame.body.len()) as u64 > most => {
                    too_long = true;
                    kept = BytesMut::new();
                }
                b'd' => {
                    let mut message = Request(kept);
                    message.frame(b'd', &frame.body);
                    kept = message.0;
                }
                b'c' if too_long => {
                    let most = self.cluster.limits.transaction_bytes.div_ceil(1 << 20);
                    let text = format!("transaction size limit {most}mb exceeded");
                    return Err(Refusal::new("54000", text).into());
                }
                b'c' => return Ok(kept.freeze()),
                b'f' => {
                    let why = Reader::new(&frame.body).text()?;
                    return Err(Refusal::new("57014", format!("COPY from stdin failed: {why}")).into());
                }
                // Sent ahead of the answer that asked for data; as in PostgreSQL, they mean nothing here.
                b'H' | b'S' => {}
                b'X' => return Err(Stop::Io(io::ErrorKind::UnexpectedEof.into())),
                other => {
                    let text = format!("unexpected message type 0x{other:02X} during COPY from stdin");
                    return Err(Refusal::protocol(text).into());
                }
            }
        }
    }
}
