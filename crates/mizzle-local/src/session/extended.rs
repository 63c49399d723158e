//! `Parse`, `Bind`, `Describe`, `Execute`, `Close`: messages in flight, cut into units that end with an `Execute`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::lock::with_formats;
use super::unit::{Earlier, Expect, Unit};
use super::{Session, Step, Stop};
use crate::refusal::Refusal;
use crate::statement::{MARK, Statement};
use crate::wire::{Frame, Reader};

/// Statements by name; none stands for an empty text.
pub(super) type Named = HashMap<String, Option<Arc<Statement>>>;

/// A statement with its parameters.
pub(super) struct Portal {
    statement: Option<Arc<Statement>>,
    bind: Bytes,
    /// The backend's epoch when it was bound.
    pub(super) epoch: u64,
    /// Whether it has run to its end.
    done: bool,
}

impl Session {
    /// Runs what was collected, up to a `Flush` or a `Sync`.
    pub(super) async fn batch(&mut self, messages: &[Frame], sync: bool) -> io::Result<()> {
        self.set_answer_aside();
        self.asked_for_data = false;
        if !self.skipping {
            let done = self.units(messages, sync).await;
            self.skipping = !self.settle(done).await?;
        }
        // A Sync that came before the data of a COPY is not heard: another one comes behind the data.
        if !sync || self.asked_for_data {
            return self.flush().await;
        }
        if !self.skipping {
            let done = self.close_implicit().await;
            self.settle(done).await?;
        }
        self.skipping = false;
        if self.transaction.is_none() {
            self.portals.clear();
            self.suspended.clear();
        }
        self.finish().await
    }

    async fn units(&mut self, messages: &[Frame], sync: bool) -> Step {
        let count = |tag: u8| messages.iter().filter(|message| message.tag == tag).count();
        // What runs together, or may go on after a Flush, is one transaction.
        let several = count(b'E') > 1 || !sync && count(b'E') + count(b'B') > 0;
        let mut unit = Unit::default();
        for message in messages {
            if let Err(refusal) = self.message(&mut unit, message, several).await? {
                // What came before the refused message has its answers first.
                self.relay(unit).await?;
                return Err(refusal.into());
            }
        }
        self.relay(unit).await
    }

    /// Takes one message into the unit; an `Execute` runs the unit.
    async fn message(
        &mut self,
        unit: &mut Unit,
        message: &Frame,
        several: bool,
    ) -> Step<Result<(), Refusal>> {
        match message.tag {
            b'P' => Ok(self.parse(unit, message)),
            b'B' => Ok(self.bind(unit, message)),
            b'D' => Ok(self.describe(unit, message)),
            b'C' => Ok(self.close(unit, message)),
            _ => self.execute(unit, message, several).await,
        }
    }

    async fn execute(
        &mut self,
        unit: &mut Unit,
        message: &Frame,
        several: bool,
    ) -> Step<Result<(), Refusal>> {
        let mut reader = Reader::new(&message.body);
        let (name, rows) = match reader.text().and_then(|name| Ok((name, reader.u32()?))) {
            Ok(read) => read,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let portal = self.portals.get_mut(&name);
        let statement = portal.as_ref().and_then(|portal| portal.statement.clone());
        if let Some(statement) = &statement
            && let Err(refusal) = self.admit(statement)
        {
            return Ok(Err(refusal));
        }
        if let Some(local) = statement.as_ref().filter(|statement| statement.kind.is_local()) {
            self.relay(std::mem::take(unit)).await?;
            self.flush_earlier().await?;
            self.run_local(local).await?;
            return Ok(Ok(()));
        }
        if statement.as_ref().is_some_and(|statement| statement.copies_in()) {
            self.relay(std::mem::take(unit)).await?;
            // Outside of a block the portal has gone with that.
            if !self.seat.line().await.begun
                && let Some(portal) = self.portals.get_mut(&name)
            {
                portal.epoch = u64::MAX;
            }
        }
        if !unit.binds.contains(&name) {
            let portal = self.portals.get(&name);
            if portal.is_some_and(|portal| portal.done) {
                self.relay(std::mem::take(unit)).await?;
                if !self.resume(&name, rows) {
                    self.answer.complete("SELECT 0");
                }
                return Ok(Ok(()));
            }
            unit.earlier = portal.map(|portal| Earlier { bind: portal.bind.clone(), epoch: portal.epoch });
        }
        if let Some(statement) = &statement {
            if several && self.transaction.is_none() {
                self.open_implicit().await?;
            }
            if let Err(refusal) = self.enter(statement) {
                return Ok(Err(refusal));
            }
            if statement.copies_in() {
                self.collect(statement).await?;
            }
        }
        unit.execute(&name, statement.clone(), rows);
        unit.kept = self.is_kept(statement.as_deref());
        let unit = std::mem::take(unit);
        match &statement {
            Some(statement) => self.perform(&unit, statement).await?,
            None => self.relay(unit).await?,
        }
        if let Some(portal) = self.portals.get_mut(&name) {
            portal.done = true;
        }
        Ok(Ok(()))
    }

    fn parse(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (name, text) = (reader.text()?, reader.text()?);
        let mut read = self.read(&text);
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
                unit.ours(b'1', b"");
            }
            _ => {
                let sql = statement.as_ref().filter(|statement| statement.rewritten);
                let sql = sql.map_or(&text, |statement| &statement.sql);
                let expect = match known {
                    true => Expect::Done(statement.clone()),
                    false => Expect::Parsed(name.clone(), statement.clone()),
                };
                let kept = self.is_kept(statement.as_deref());
                let sql = if kept { Cow::Owned(format!("{sql}{MARK}")) } else { Cow::Borrowed(sql.as_str()) };
                unit.parse(&name, &sql, reader.rest(), expect);
            }
        }
        if !known {
            self.statements.insert(name, statement);
        }
        Ok(())
    }

    /// Whether the capturing trigger keeps what the statement changes.
    fn is_kept(&self, statement: Option<&Statement>) -> bool {
        statement.is_some_and(|statement| statement.kept) && self.cluster.limits.are_roomy()
    }

    fn bind(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (name, of) = (reader.text()?, reader.text()?);
        let statement = self.statements.get(&of).cloned().flatten();
        if let Some(statement) = &statement {
            self.admit(statement)?;
        }
        let told = statement.as_ref().map_or(0, |statement| statement.told.len());
        let longer = if told > 0 { with_formats(&message.body, told) } else { None };
        let bind = longer.unwrap_or_else(|| message.body.clone());
        match &statement {
            Some(local) if local.kind.is_local() => unit.ours(b'2', b""),
            _ => unit.frame(b'B', &bind, Expect::Done(statement.clone())),
        }
        self.suspended.remove(&name);
        unit.binds.push(name.clone());
        self.portals.insert(name, Portal { statement, bind, epoch: 0, done: false });
        Ok(())
    }

    fn describe(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (kind, name) = (reader.byte()?, reader.text()?);
        let found = match kind {
            b'S' => self.statements.get(&name).cloned().flatten(),
            _ => self.portals.get(&name).and_then(|portal| portal.statement.clone()),
        };
        if found.as_ref().is_some_and(|statement| statement.kind.is_local()) {
            if kind == b'S' {
                unit.ours(b't', b"\0\0");
            }
            unit.ours(b'n', b"");
        } else {
            unit.frame(b'D', &message.body, Expect::Description(found));
        }
        Ok(())
    }

    fn close(&mut self, unit: &mut Unit, message: &Frame) -> Result<(), Refusal> {
        let mut reader = Reader::new(&message.body);
        let (kind, name) = (reader.byte()?, reader.text()?);
        // The backend closes what it does not know without complaint, so it may always be asked.
        if kind == b'S' {
            self.statements.remove(&name);
        } else {
            self.portals.remove(&name);
            self.suspended.remove(&name);
        }
        unit.frame(b'C', &message.body, Expect::Done(None));
        Ok(())
    }

    /// Passes on what runs nothing.
    async fn relay(&mut self, unit: Unit) -> Step {
        let seat = Arc::clone(&self.seat);
        let mut line = seat.line().await;
        match self.exchange(&mut line, &unit).await? {
            None => Ok(()),
            Some(_) => Err(Stop::Failed),
        }
    }
}
