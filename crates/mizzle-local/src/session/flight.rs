//! A transaction that only reads and is here from its `BEGIN` to its `COMMIT`: PostgreSQL gets all of it at once.
//!
//! ```text
//! client:   BEGIN READ ONLY   Bind Execute Sync   Bind Execute Sync   COMMIT
//! backend:  BEGIN …           Bind Execute        Bind Execute        COMMIT   Sync
//! ```
//!
//! Nobody comes between its statements. So, as for a single read, PostgreSQL's own snapshot is the one and the log need not
//! know it; and when it gives way to somebody, all of it runs again.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::Session;
use super::adjudicator::COMMIT;
use super::exchange::BUFFER;
use super::lock::Locks;
use super::perform::{YIELDS, given_way};
use super::seat::Line;
use super::transaction::BEGIN_READ;
use crate::refusal::Refusal;
use crate::statement::{Kind, Statement};
use crate::txn::Catalog;
use crate::wire::{Fields, Frame, Request};

/// The `Query` that begins one, and the one that ends it.
const BEGIN: &str = "BEGIN READ ONLY";
const END: &str = "COMMIT";

/// How much of an answer is sent on while there is nothing else to do.
const WORTHWHILE: usize = 16 << 10;

/// Runs the unnamed portal to its end.
const EXECUTE: (u8, &[u8]) = (b'E', b"\0\0\0\0\0");
const SYNC: (u8, &[u8]) = (b'S', b"");

impl Session {
    /// The statements between a `BEGIN`, which this is, and its `COMMIT`, if all of them are here and prepared, and all that they
    /// do is read.
    pub(super) fn flight(&self, begin: &Frame) -> Option<Vec<Arc<Statement>>> {
        let alone = self.transaction.is_none() && !self.skipping && self.cluster.faults.are_none();
        if !alone || !is_query(b'Q', &begin.body, BEGIN) {
            return None;
        }
        let catalog = self.cluster.adjudicator.log.lock().catalog();
        let mut statements = Vec::new();
        let mut here = self.client.here();
        loop {
            let (tag, body) = here.next()?;
            if is_query(tag, body, END) {
                return (!statements.is_empty()).then_some(statements);
            }
            let statement = self.statements.get(bound(tag, body)?)?.as_ref()?;
            if here.next()? != EXECUTE || here.next()? != SYNC || !only_reads(statement, &catalog) {
                return None;
            }
            statements.push(Arc::clone(statement));
        }
    }

    /// Runs these statements, whose messages come next, as one transaction.
    pub(super) async fn fly(&mut self, statements: Vec<Arc<Statement>>) -> io::Result<()> {
        let mut binds = Vec::with_capacity(statements.len());
        while let Some(frame) = self.client.next().await?
            && frame.tag != b'Q'
        {
            binds.extend((frame.tag == b'B').then_some(frame.body));
        }
        let texts = statements.iter().map(|statement| statement.sql.as_str());
        for text in [BEGIN].into_iter().chain(texts).chain([END]) {
            tracing::info!(target: "mizzle_local::statement", "{text}");
        }
        self.set_answer_aside();
        self.portals.clear();
        self.suspended.clear();
        let seat = Arc::clone(&self.seat);
        let mut line = seat.line().await;
        for attempt in 0.. {
            self.captured.clear();
            seat.open(attempt < YIELDS).await;
            let failure = self.fly_once(&mut line, &statements, &binds).await?;
            let stopped = seat.close(&mut line).await?;
            if failure.is_none() {
                break;
            }
            line.rollback().await?;
            if !given_way(failure.as_deref(), stopped) {
                break;
            }
            self.answer.truncate(0);
        }
        drop(line);
        self.send_unless_more().await
    }

    /// Sends everything and writes its answers; the SQLSTATE of the first that is an error.
    async fn fly_once(
        &mut self,
        line: &mut Line,
        statements: &[Arc<Statement>],
        binds: &[Bytes],
    ) -> io::Result<Option<String>> {
        let mut request = Request::default();
        let mut begun = line.add_prepared(&BEGIN_READ, &mut request);
        for bind in binds {
            request.frame(b'B', bind);
            request.frame(EXECUTE.0, EXECUTE.1);
        }
        let ended = line.add_prepared(&COMMIT, &mut request);
        request.sync();
        line.send(&mut request).await?;
        self.answer.complete("BEGIN");
        self.answer.ready(b'T');
        let mut failure = None;
        for statement in statements {
            match failure {
                None => failure = self.rows(line, statement, std::mem::take(&mut begun)).await?,
                Some(_) => self.refuse(&Refusal::aborted()),
            }
            self.answer.ready(if failure.is_none() { b'T' } else { b'E' });
        }
        match failure {
            None => failure = self.end_flight(line, ended).await?,
            Some(_) => self.answer.complete("ROLLBACK"),
        }
        self.answer.ready(b'I');
        while self.hear(line).await?.tag != b'Z' {}
        line.epoch += 1;
        Ok(failure)
    }

    /// What a statement answers, after as many messages that the client does not hear.
    async fn rows(
        &mut self,
        line: &mut Line,
        statement: &Statement,
        before: usize,
    ) -> io::Result<Option<String>> {
        let mut unheard = before;
        loop {
            let frame = self.hear(line).await?;
            match frame.tag {
                b'E' => return Ok(Some(self.relay_error(&Fields::read(&frame.body), Some(statement)))),
                _ if unheard > 0 => unheard -= 1,
                b'C' | b'I' => {
                    match statement.tag {
                        Some(tag) => self.answer.complete(tag),
                        None => self.answer.frame(frame.tag, &frame.body),
                    }
                    return Ok(None);
                }
                _ => {
                    self.answer.frame(frame.tag, &frame.body);
                    // while PostgreSQL is at the next rows the client can read these
                    let enough = if line.has_next() { BUFFER } else { WORTHWHILE };
                    self.stream_over(enough).await?;
                }
            }
        }
    }

    async fn end_flight(&mut self, line: &mut Line, messages: usize) -> io::Result<Option<String>> {
        for _ in 0..messages {
            let frame = self.hear(line).await?;
            if frame.tag == b'E' {
                return Ok(Some(self.relay_error(&Fields::read(&frame.body), None)));
            }
        }
        line.note_prepared(BEGIN_READ.0);
        line.note_prepared(COMMIT.0);
        self.answer.complete("COMMIT");
        Ok(None)
    }
}

/// Whether a message is a `Query` of this text.
fn is_query(tag: u8, body: &[u8], text: &str) -> bool {
    tag == b'Q' && body.strip_suffix(b"\0") == Some(text.as_bytes())
}

/// The statement that a `Bind` binds to the unnamed portal.
fn bound(tag: u8, body: &[u8]) -> Option<&str> {
    let statement = body.strip_prefix(b"\0").filter(|_| tag == b'B')?;
    let end = statement.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(&statement[..end]).ok()
}

fn only_reads(statement: &Statement, catalog: &Catalog) -> bool {
    statement.kind == Kind::Read
        && statement.refusal.is_none()
        && statement.copy.is_none()
        && statement.told.is_empty()
        && !catalog.hides_write(&statement.sql)
        && Locks::of(statement, catalog) == Locks::Told
}
