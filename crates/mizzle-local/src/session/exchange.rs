//! One unit on the wire: its messages to the backend, its answers to the client.

use std::collections::VecDeque;
use std::io;

use bytes::Bytes;

use super::lock::of_bytea;
use super::seat::Line;
use super::unit::{Expect, KEPT, Unit};
use super::{Session, relay};
use crate::engine::gather;
use crate::statement::Statement;
use crate::txn::Change;
use crate::wire::{Fields, Frame};

/// How much of an answer is held back before it is sent on.
pub(super) const BUFFER: usize = 64 << 10;

/// How much of what was answered before may wait for the next answer: what a client reads at once.
const MOMENTARY: usize = 8 << 10;

/// Rows that a portal still has, and what ends them.
#[derive(Default)]
pub(super) struct Suspended {
    rows: VecDeque<Bytes>,
    end: Option<Frame>,
}

impl Session {
    /// Sends a unit and writes its answers; the SQLSTATE when one of them is an error.
    pub(super) async fn exchange(&mut self, line: &mut Line, unit: &Unit) -> io::Result<Option<String>> {
        let (mut request, expected) = unit.request(line.epoch, line.is_prepared(KEPT.0));
        let asked = !request.is_empty();
        if asked {
            line.send(&mut request).await?;
        }
        let mut failure = None;
        let mut closed = false;
        let mut expected = expected.into_iter();
        for expect in expected.by_ref() {
            if let Expect::Answer(statement) = &expect {
                failure = self.answers(line, statement).await?;
                closed = true;
            } else {
                failure = self.expect(line, &expect).await?;
            }
            if failure.is_some() {
                if let Expect::Parsed(name, _) = expect {
                    self.statements.remove(&name);
                }
                break;
            }
        }
        // Names whose ParseComplete did not come.
        for expect in expected {
            if let Expect::Parsed(name, _) = expect {
                self.statements.remove(&name);
            }
        }
        while asked && !closed {
            let frame = self.hear(line).await?;
            closed = frame.tag == b'Z';
            if frame.tag == b'E' {
                failure = Some(self.relay_error(&Fields::read(&frame.body), None));
            }
        }
        if asked && !line.begun {
            // The end of the backend's own transaction took its portals along.
            line.epoch += 1;
        }
        for name in &unit.binds {
            if let Some(portal) = self.portals.get_mut(name) {
                portal.epoch = line.epoch;
            }
        }
        Ok(failure)
    }

    async fn expect(&mut self, line: &mut Line, expect: &Expect) -> io::Result<Option<String>> {
        let (statement, limit) = match expect {
            Expect::Ours(tag, body) => {
                self.answer.frame(*tag, body);
                return Ok(None);
            }
            Expect::Rows(statement, portal, rows) => (statement.clone(), Some((portal, *rows as usize))),
            Expect::Done(statement) | Expect::Parsed(_, statement) | Expect::Description(statement) => {
                (statement.clone(), None)
            }
            Expect::Kept => return self.kept(line).await,
            Expect::Silence | Expect::Prepared | Expect::Answer(_) => (None, None),
        };
        let tag = statement.as_ref().and_then(|statement| statement.tag);
        let mut rows = 0;
        let mut kept = Suspended::default();
        loop {
            let Frame { tag: kind, body } = self.hear(line).await?;
            let frame = Frame { tag: kind, body: self.veil(statement.as_deref(), kind, body) };
            let limit = limit.filter(|(_, limit)| *limit > 0);
            match (frame.tag, tag) {
                (b'E', _) => {
                    return Ok(Some(self.relay_error(&Fields::read(&frame.body), statement.as_deref())));
                }
                _ if matches!(expect, Expect::Silence) => return Ok(None),
                _ if matches!(expect, Expect::Prepared) => {
                    line.note_prepared(KEPT.0);
                    return Ok(None);
                }
                (b'D', _) if limit.is_some_and(|(_, limit)| rows >= limit) => {
                    kept.rows.push_back(frame.body);
                    continue;
                }
                (b'C', _) if limit.is_some_and(|(_, limit)| rows >= limit) => {
                    kept.end = Some(frame);
                    self.answer.frame(b's', b"");
                    let portal = limit.map(|(portal, _)| portal.clone()).unwrap_or_default();
                    self.suspended.insert(portal, kept);
                    return Ok(None);
                }
                (b'C', Some(tag)) => self.answer.complete(tag),
                (b'G', _) => {
                    self.feed(line, true).await?;
                    continue;
                }
                _ => self.answer.frame(frame.tag, &frame.body),
            }
            rows += usize::from(frame.tag == b'D');
            self.stream().await?;
            // Rows, what COPY sends and the description of parameters are followed by more.
            if !matches!(frame.tag, b'D' | b't' | b'H' | b'd' | b'c') {
                return Ok(None);
            }
        }
    }

    /// The rows that the trigger kept.
    async fn kept(&mut self, line: &mut Line) -> io::Result<Option<String>> {
        let mut outcome = Ok(Vec::new());
        loop {
            let frame = self.hear(line).await?;
            gather(&mut outcome, &frame);
            match frame.tag {
                b'E' => return Ok(Some(self.relay_error(&Fields::read(&frame.body), None))),
                b'C' => break,
                _ => {}
            }
        }
        let row = outcome.into_iter().flatten().next();
        let text = row.and_then(|row| row.into_iter().next().flatten()).unwrap_or_default();
        let changes = of_bytea(&text).and_then(|text| Change::read_kept(&text));
        self.captured.extend(changes.ok_or_else(|| io::Error::other("rows kept in an unknown form"))?);
        Ok(None)
    }

    /// Everything that a `Query` answers, up to `ReadyForQuery`.
    async fn answers(&mut self, line: &mut Line, statement: &Statement) -> io::Result<Option<String>> {
        let mut failure = None;
        loop {
            let Frame { tag, body } = self.hear(line).await?;
            let frame = Frame { tag, body: self.veil(Some(statement), tag, body) };
            match (frame.tag, statement.tag) {
                (b'Z', _) => return Ok(failure),
                (b'E', _) => failure = Some(self.relay_error(&Fields::read(&frame.body), Some(statement))),
                (b'C', Some(tag)) => self.answer.complete(tag),
                (b'G', _) => self.feed(line, false).await?,
                _ => self.answer.frame(frame.tag, &frame.body),
            }
            self.stream().await?;
        }
    }

    /// More rows of a portal that was not read to its end; false when there is no such portal.
    pub(super) fn resume(&mut self, portal: &str, limit: u32) -> bool {
        let Some(kept) = self.suspended.get_mut(portal) else { return false };
        let count = if limit == 0 { kept.rows.len() } else { kept.rows.len().min(limit as usize) };
        for row in kept.rows.drain(..count) {
            self.answer.frame(b'D', &row);
        }
        if limit > 0 && count == limit as usize {
            self.answer.frame(b's', b"");
            return true;
        }
        match kept.end.take() {
            Some(end) if !end.body.starts_with(b"SELECT ") => self.answer.frame(end.tag, &end.body),
            // Counted are the rows of this Execute.
            _ => self.answer.complete(&format!("SELECT {count}")),
        }
        true
    }

    /// The next message of the backend that answers something. What the capturing trigger says stays here, what
    /// PostgreSQL says unasked goes to the client.
    pub(super) async fn hear(&mut self, line: &mut Line) -> io::Result<Frame> {
        loop {
            self.flush_earlier_or_wait(line).await?;
            let frame = self.cluster.adjudicator.next(&self.seat, line).await?;
            match frame.tag {
                b'N' => match Change::read(&Fields::read(&frame.body)) {
                    Some(change) => self.captured.push(change),
                    None => self.answer.frame(b'N', &frame.body),
                },
                b'A' => self.answer.frame(b'A', &frame.body),
                b'S' => self.answer.frame(b'S', &relay::parameter(&frame.body)),
                _ => return Ok(frame),
            }
        }
    }

    /// Sends what was set aside while PostgreSQL is at work; what is little waits for a moment, so that the client hears
    /// of it together with what comes next.
    async fn flush_earlier_or_wait(&mut self, line: &mut Line) -> io::Result<()> {
        if self.earlier.is_empty() || line.has_next() {
            return Ok(());
        }
        if self.earlier.len() <= MOMENTARY {
            let waiting = self.seat.bell.wait();
            tokio::select! {
                biased;
                ready = line.ready() => return ready,
                () = waiting.rung() => {}
            }
        }
        self.flush_earlier().await
    }

    /// Sends on what has been gathered once it is a buffer full, unless it may have to be taken back. Whoever got
    /// rows cannot have the statement run again.
    async fn stream(&mut self) -> io::Result<()> {
        self.stream_over(BUFFER).await
    }

    /// Sends on what has been gathered once it is more than this.
    pub(super) async fn stream_over(&mut self, enough: usize) -> io::Result<()> {
        if self.held || self.answer.len() <= enough || !self.seat.stay().await {
            return Ok(());
        }
        self.flush().await
    }

    /// The error as the client may hear it; its SQLSTATE as PostgreSQL said it.
    pub(super) fn relay_error(&mut self, fields: &Fields, statement: Option<&Statement>) -> String {
        self.answer.frame(b'E', &relay::error(fields, statement).to_body());
        fields.state().to_owned()
    }
}
