//! `Query`: any number of statements in one text, which are one transaction unless they say otherwise.

use std::io;
use std::sync::{Arc, LazyLock};

use super::unit::Unit;
use super::{Session, Step, Stop};
use crate::statement::Statement;
use crate::wire::{Frame, Reader};

/// What begins and ends transactions most of the time, read once.
static USUAL: LazyLock<Vec<(&str, Arc<Statement>)>> = LazyLock::new(|| {
    let texts = ["BEGIN", "BEGIN READ ONLY", "COMMIT", "ROLLBACK", "begin", "commit", "rollback"];
    texts
        .into_iter()
        .flat_map(|text| Statement::read_as(text, true).into_iter().map(move |read| (text, Arc::new(read))))
        .collect()
});

impl Session {
    pub(super) async fn query(&mut self, frame: &Frame) -> io::Result<()> {
        let done = match Reader::new(&frame.body).text() {
            Ok(text) => self.run_text(&text).await,
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

    async fn run_text(&mut self, text: &str) -> Step {
        let usual = USUAL.iter().find(|(usual, _)| *usual == text);
        let statements: Vec<Arc<Statement>> = match usual {
            Some((_, statement)) => vec![Arc::clone(statement)],
            None => self.read(text).into_iter().map(Arc::new).collect(),
        };
        let only_read = self.transaction.as_ref().is_some_and(|transaction| transaction.read_only);
        let local = statements.iter().all(|statement| statement.kind.is_local());
        match local {
            true if only_read => {}
            // What it waits for may take its time.
            true => self.flush().await?,
            false => self.set_answer_aside(),
        }
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
                self.open_implicit().await?;
            }
            self.enter(statement)?;
            if statement.copies_in() {
                self.collect(statement).await?;
            }
            self.perform(&Unit::query(statement), statement).await?;
        }
        self.close_implicit().await
    }

    /// The whole text is read before any of it runs: one syntax error stops all of it. What our parser understood
    /// has none.
    async fn read_all(&mut self, statements: &[Arc<Statement>]) -> Step {
        for statement in statements.iter().filter(|statement| !statement.understood) {
            let outcome = self.seat.line().await.syntax(&statement.sql).await?;
            if let Err(fields) = outcome {
                self.relay_error(&fields, Some(statement));
                return Err(Stop::Failed);
            }
        }
        Ok(())
    }
}
