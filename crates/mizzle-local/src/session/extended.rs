//! `Parse`, `Bind`, `Describe`, `Execute`, `Close`: messages in flight, cut into units that end with an `Execute`.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use super::{Session, Step, Stop};
use crate::refusal::Refusal;
use crate::statement::Statement;
use crate::wire::{Fields, Frame, Reader, Request};

/// Statements or portals by name; none stands for an empty text.
pub(super) type Named = HashMap<String, Option<Arc<Statement>>>;

/// Messages that go to the backend together, and what is expected back.
#[derive(Default)]
struct Unit {
    request: Request,
    expected: VecDeque<Expect>,
}

/// One expected answer.
enum Expect {
    /// `ParseComplete`, `BindComplete` or `CloseComplete`; of a statement, for the errors.
    Done(Option<Arc<Statement>>),
    /// `ParseComplete` of a name that is new: without it there is no such statement.
    Parsed(String, Option<Arc<Statement>>),
    /// `RowDescription` or `NoData`, after `ParameterDescription` for a statement.
    Description,
    /// Rows up to `CommandComplete`, `EmptyQueryResponse` or `PortalSuspended`.
    Rows(Option<Arc<Statement>>),
    /// A message of our own in its place.
    Ours(u8, &'static [u8]),
}

/// What closes a unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Flush,
    Sync,
}

impl Session {
    /// Runs what was collected, up to a `Flush` or a `Sync`.
    pub(super) async fn batch(&mut self, messages: &[Frame], sync: bool) -> io::Result<()> {
        if !self.skipping {
            let done = self.units(messages, sync).await;
            self.skipping = !self.settle(done).await?;
        }
        if !sync {
            return self.flush().await;
        }
        if !self.skipping {
            let done = self.synchronize().await;
            self.settle(done).await?;
        }
        self.skipping = false;
        if self.transaction.is_none() {
            self.portals.clear();
        }
        self.finish().await
    }

    async fn units(&mut self, messages: &[Frame], sync: bool) -> Step {
        let mut unit = Unit::default();
        for (index, message) in messages.iter().enumerate() {
            let last = sync && index + 1 == messages.len();
            if let Err(refusal) = self.message(&mut unit, message, last).await? {
                // What came before the refused message has its answers first.
                self.run_unit(unit, End::Flush).await?;
                return Err(refusal.into());
            }
        }
        self.run_unit(unit, End::Flush).await
    }

    /// Takes one message into the unit; an `Execute` runs the unit.
    async fn message(&mut self, unit: &mut Unit, message: &Frame, last: bool) -> Step<Result<(), Refusal>> {
        if message.tag != b'E' {
            return Ok(match message.tag {
                b'P' => self.parse(unit, message),
                b'B' => self.bind(unit, message),
                b'D' => self.describe(unit, message),
                _ => self.close(unit, message),
            });
        }
        let statement = match self.executable(message) {
            Ok(statement) => statement,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(local) = statement.as_ref().filter(|statement| statement.kind.is_local()) {
            self.run_unit(std::mem::take(unit), End::Flush).await?;
            self.run_local(local).await?;
            return Ok(Ok(()));
        }
        if let Some(statement) = &statement {
            if self.transaction.is_none() {
                self.open_implicit(false);
            }
            if let Err(refusal) = self.enter(statement) {
                return Ok(Err(refusal));
            }
        }
        unit.request.frame(b'E', &message.body);
        unit.expected.push_back(Expect::Rows(statement));
        let end = if last { End::Sync } else { End::Flush };
        self.run_unit(std::mem::take(unit), end).await?;
        Ok(Ok(()))
    }

    fn parse(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (name, text) = (reader.text()?, reader.text()?);
        let mut read = Statement::read(&text);
        for statement in &mut read {
            self.admit(statement)?;
            // The backend gets the client's text from its first character on unless we rewrote it.
            statement.offset = if statement.rewritten { statement.offset } else { 0 };
        }
        // Two statements in one Parse are PostgreSQL's to refuse.
        let statement = if read.len() == 1 { read.pop().map(Arc::new) } else { None };
        let known = self.statements.contains_key(&name) && !name.is_empty();
        match &statement {
            Some(local) if local.kind.is_local() => {
                if known {
                    let message = format!("prepared statement \"{name}\" already exists");
                    return Err(Refusal::new("42P05", message));
                }
                unit.expected.push_back(Expect::Ours(b'1', b""));
            }
            _ => {
                let sql = statement.as_ref().filter(|statement| statement.rewritten);
                unit.request.parse(&name, sql.map_or(&text, |statement| &statement.sql), reader.rest());
                unit.expected.push_back(match known {
                    true => Expect::Done(statement.clone()),
                    false => Expect::Parsed(name.clone(), statement.clone()),
                });
            }
        }
        if !known {
            self.statements.insert(name, statement);
        }
        Ok(())
    }

    fn bind(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (portal, name) = (reader.text()?, reader.text()?);
        let statement = self.statements.get(&name).cloned().flatten();
        if let Some(statement) = &statement {
            self.admit(statement)?;
        }
        match &statement {
            Some(local) if local.kind.is_local() => unit.expected.push_back(Expect::Ours(b'2', b"")),
            _ => {
                unit.request.frame(b'B', &message.body);
                unit.expected.push_back(Expect::Done(statement.clone()));
            }
        }
        self.portals.insert(portal, statement);
        Ok(())
    }

    fn describe(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let (kind, found) = self.named(message)?;
        if found.is_some_and(|statement| statement.kind.is_local()) {
            if kind == b'S' {
                unit.expected.push_back(Expect::Ours(b't', b"\0\0"));
            }
            unit.expected.push_back(Expect::Ours(b'n', b""));
        } else {
            unit.request.frame(b'D', &message.body);
            unit.expected.push_back(Expect::Description);
        }
        Ok(())
    }

    fn close(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (kind, name) = (reader.byte()?, reader.text()?);
        // The backend closes what it does not know without complaint, so it may always be asked.
        if kind == b'S' {
            self.statements.remove(&name)
        } else {
            self.portals.remove(&name)
        };
        unit.request.frame(b'C', &message.body);
        unit.expected.push_back(Expect::Done(None));
        Ok(())
    }

    fn named(&self, message: &Frame) -> Result<(u8, Option<Arc<Statement>>), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (kind, name) = (reader.byte()?, reader.text()?);
        let names = if kind == b'S' { &self.statements } else { &self.portals };
        Ok((kind, names.get(&name).cloned().flatten()))
    }

    /// The statement an `Execute` runs.
    fn executable(&self, message: &Frame) -> Result<Option<Arc<Statement>>, Refusal> {
        let portal = Reader::new(&message.body).text()?;
        let statement = self.portals.get(&portal).cloned().flatten();
        if let Some(statement) = &statement {
            self.admit(statement)?;
        }
        Ok(statement)
    }

    /// Sends a unit and passes its answers on.
    async fn run_unit(&mut self, mut unit: Unit, end: End) -> Step {
        if !unit.request.is_empty() {
            if end == End::Sync {
                unit.request.sync();
            } else {
                unit.request.flush();
            }
            self.backend.send(&mut unit.request).await?;
            self.unsynced = true;
        }
        while let Some(expected) = unit.expected.pop_front() {
            if let Err(stop) = self.expect(&expected).await {
                self.forget_unparsed(std::iter::once(expected).chain(unit.expected));
                if matches!(stop, Stop::Failed) {
                    self.resume(end).await?;
                }
                return Err(stop);
            }
        }
        if end == End::Sync { self.ready().await } else { Ok(()) }
    }

    /// Names whose `ParseComplete` did not come.
    fn forget_unparsed(&mut self, missing: impl Iterator<Item = Expect>) {
        for expected in missing {
            if let Expect::Parsed(name, _) = expected {
                self.statements.remove(&name);
            }
        }
    }

    async fn expect(&mut self, expected: &Expect) -> Step {
        let statement = match expected {
            Expect::Ours(tag, body) => {
                self.answer.frame(*tag, body);
                return Ok(());
            }
            Expect::Done(statement) | Expect::Parsed(_, statement) | Expect::Rows(statement) => {
                statement.clone()
            }
            Expect::Description => None,
        };
        loop {
            let frame = self.next().await?;
            match (frame.tag, statement.as_ref().and_then(|statement| statement.tag)) {
                (b'E', _) => {
                    self.relay_error(&Fields::read(&frame.body), statement.as_deref());
                    return Err(Stop::Failed);
                }
                (b'C', Some(tag)) => self.answer.complete(tag),
                _ => self.answer.frame(frame.tag, &frame.body),
            }
            self.stream().await?;
            // Rows and the description of parameters are followed by more.
            if !matches!(frame.tag, b'D' | b't') {
                return Ok(());
            }
        }
    }

    /// After an error the backend waits for a `Sync`.
    async fn resume(&mut self, end: End) -> Step {
        if end == End::Flush {
            let mut request = Request::default();
            request.sync();
            self.backend.send(&mut request).await?;
        }
        self.ready().await
    }

    /// Reads up to `ReadyForQuery`; an error on the way is one of the commit.
    async fn ready(&mut self) -> Step {
        let mut done = Ok(());
        loop {
            let frame = self.next().await?;
            match frame.tag {
                b'Z' => {
                    self.unsynced = false;
                    return done;
                }
                b'E' => {
                    self.relay_error(&Fields::read(&frame.body), None);
                    done = Err(Stop::Failed);
                }
                _ => {}
            }
        }
    }

    /// The client's `Sync`: units that no other `Sync` closed are committed.
    async fn synchronize(&mut self) -> Step {
        if self.unsynced {
            let mut request = Request::default();
            request.sync();
            self.backend.send(&mut request).await?;
            self.ready().await?;
        }
        self.close_implicit().await
    }
}
