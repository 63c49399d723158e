//! `Query`: any number of statements in one text, which are one transaction unless they say otherwise.

use std::io;

use super::{Session, Step, Stop};
use crate::refusal::Refusal;
use crate::statement::Statement;
use crate::wire::{Fields, Frame, Reader, Request};

/// How much of an answer is held back before it is sent on.
const BUFFER: usize = 64 << 10;

impl Session {
    pub(super) async fn query(&mut self, frame: &Frame) -> io::Result<()> {
        let done = match Reader::new(&frame.body).text() {
            Ok(text) => self.statements(&text).await,
            Err(refusal) => Err(Stop::Refused(refusal)),
        };
        self.settle(done).await?;
        self.finish().await
    }

    /// Tells the client why a unit stopped, and rolls back what it leaves behind.
    pub(super) async fn settle(&mut self, done: Step) -> io::Result<bool> {
        match done {
            Ok(()) => return Ok(true),
            Err(Stop::Io(error)) => return Err(error),
            Err(Stop::Refused(refusal)) => self.refuse(&refusal),
            Err(Stop::Failed) => {}
        }
        self.abort().await?;
        Ok(false)
    }

    async fn statements(&mut self, text: &str) -> Step {
        let statements = Statement::read(text);
        if statements.is_empty() {
            self.answer.frame(b'I', b"");
        }
        let several = statements.len() > 1;
        if several {
            self.read_all(&statements).await?;
        }
        for statement in &statements {
            self.admit(statement)?;
            if statement.kind.is_local() {
                self.run_local(statement).await?;
                continue;
            }
            if several && self.transaction.is_none() {
                self.open_block().await?;
            }
            self.enter(statement)?;
            self.forward(statement).await?;
        }
        self.close_implicit().await
    }

    /// The whole text is read before any of it runs: one syntax error stops all of it. What our parser understood
    /// has none.
    async fn read_all(&mut self, statements: &[Statement]) -> Step {
        for statement in statements.iter().filter(|statement| !statement.understood) {
            if let Err(fields) = self.backend.syntax(&statement.sql).await? {
                self.relay_error(&fields, Some(statement));
                return Err(Stop::Failed);
            }
        }
        Ok(())
    }

    /// Several statements run in a block of ours.
    async fn open_block(&mut self) -> Step {
        let outcome = self.backend.command("BEGIN ISOLATION LEVEL REPEATABLE READ", &[]).await?;
        if let Err(fields) = outcome {
            return Err(Refusal::new(fields.state(), fields.message()).into());
        }
        self.open_implicit(true);
        Ok(())
    }

    async fn forward(&mut self, statement: &Statement) -> Step {
        let mut request = Request::default();
        request.query(&statement.sql);
        self.backend.send(&mut request).await?;
        let mut failed = false;
        loop {
            let frame = self.next().await?;
            match (frame.tag, statement.tag) {
                (b'Z', _) => return if failed { Err(Stop::Failed) } else { Ok(()) },
                (b'E', _) => {
                    failed = true;
                    self.relay_error(&Fields::read(&frame.body), Some(statement));
                }
                (b'C', Some(tag)) => self.answer.complete(tag),
                _ => self.answer.frame(frame.tag, &frame.body),
            }
            self.stream().await?;
        }
    }

    /// Sends on what has been gathered once it is a buffer full: results of any size pass through.
    pub(super) async fn stream(&mut self) -> io::Result<()> {
        if self.answer.len() > BUFFER { self.flush().await } else { Ok(()) }
    }
}
