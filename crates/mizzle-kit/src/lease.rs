//! Who may work on the schema: a row that one run holds at a time, for a while, as DSQL has no advisory locks.
//!
//! The row has a token of who holds it and a time when that ends. Whoever holds it moves the time on with everything
//! that it writes, in the same transaction: a run that was stopped so long that another took over loses there, by its
//! token or by a conflict over the row, and writes nothing. The clock is the server's.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use mizzle_connect::Conflict;
use tokio_postgres::SimpleQueryMessage;

use crate::journal::{Journal, LEASE};
use crate::name::literal;
use crate::simple::{self, Result, Tries, column};

/// The right to work, until it is released or lost.
pub(crate) struct Lease<'a> {
    journal: Journal<'a>,
    token: String,
    /// How long it holds without a word, and since when.
    held: Mutex<Held>,
}

#[derive(Clone, Copy)]
struct Held {
    time: Duration,
    since: Instant,
}

/// What became of an attempt to get it.
pub(crate) enum Attempt<'a> {
    Got(Lease<'a>),
    /// Somebody else has it, for so long at most.
    Taken {
        runner: String,
        left: Duration,
    },
}

/// Why a transaction under the lease did not happen.
pub(crate) enum Stop {
    /// Another run has taken over.
    Lost,
    /// A statement of it was refused, by its place; the places behind the last are those of COMMIT.
    Refused { at: usize, source: tokio_postgres::Error },
}

impl<'a> Lease<'a> {
    /// Takes the lease if nobody has it, or whoever had it is silent for longer than was agreed.
    pub(crate) async fn take(journal: Journal<'a>) -> Result<Attempt<'a>> {
        let time = journal.options.lease;
        let (table, runner) = (journal.table(), literal(&journal.options.runner));
        let update = format!(
            "UPDATE {table} SET token = gen_random_uuid()::text, runner = {runner}, state = 'lease', \
             expires_at = {} WHERE {LEASE} AND (expires_at IS NULL OR expires_at < now()) RETURNING token",
            until(time)
        );
        let insert = format!(
            "INSERT INTO {table} (migration, ordinal, sha256, statements, state, token, runner, expires_at) \
             VALUES ('', -1, '', 0, 'lease', gen_random_uuid()::text, {runner}, {}) \
             ON CONFLICT (migration, ordinal) DO NOTHING RETURNING token",
            until(time)
        );
        for statement in [update, insert] {
            let since = Instant::now();
            match journal.client.simple_query(&statement).await {
                Ok(answer) => {
                    if let Some(token) = token(&answer) {
                        let held = Mutex::new(Held { time, since });
                        return Ok(Attempt::Got(Self { journal, token, held }));
                    }
                }
                // Whoever won has it.
                Err(error) if Conflict::of(&error).is_some() => {}
                Err(error) => return Err(error),
            }
        }
        holder(journal).await
    }

    /// Agrees on a longer silence from the next word on: for a statement that was overtaken before.
    pub(crate) fn lengthen(&self, time: Duration) {
        self.held.lock().expect("nobody panics with it").time = time;
    }

    /// Moves the end on if a third of the time has gone by; false when the lease is lost.
    pub(crate) async fn keep(&self) -> std::result::Result<(), Stop> {
        let Held { time, since } = *self.held.lock().expect("nobody panics with it");
        if since.elapsed() < time / 3 { Ok(()) } else { self.transaction(&[]).await.map(drop) }
    }

    /// Runs statements in one transaction with the lease's own row; answers how many rows each changed.
    ///
    /// Another run that takes over meanwhile conflicts with it over that row, so that one of the two does not happen.
    pub(crate) async fn transaction(&self, statements: &[&str]) -> std::result::Result<Vec<u64>, Stop> {
        let mut tries = Tries::new(&self.journal.options.retry);
        loop {
            match self.transaction_once(statements).await {
                Err(Stop::Refused { source, .. }) if tries.again(&source).await => {}
                other => return other,
            }
        }
    }

    /// One attempt at such a transaction, for those who try another one when it loses.
    pub(crate) async fn transaction_once(&self, statements: &[&str]) -> std::result::Result<Vec<u64>, Stop> {
        let since = Instant::now();
        let mut at = statements.len();
        let stop = match self.inside(statements, &mut at).await {
            Ok(Some(counts)) => {
                self.held.lock().expect("nobody panics with it").since = since;
                return Ok(counts);
            }
            Ok(None) => Stop::Lost,
            Err(source) => Stop::Refused { at, source },
        };
        // Without a connection there is nothing to roll back.
        let _ = self.journal.client.batch_execute("ROLLBACK").await;
        Err(stop)
    }

    /// The transaction, and the place of the statement that it is at; no counts when the lease is lost.
    async fn inside(&self, statements: &[&str], at: &mut usize) -> Result<Option<Vec<u64>>> {
        let client = self.journal.client;
        let time = self.held.lock().expect("nobody panics with it").time;
        let renew = format!(
            "UPDATE {} SET expires_at = {} WHERE {LEASE} AND token = {}",
            self.journal.table(),
            until(time),
            literal(&self.token)
        );
        client.batch_execute("BEGIN").await?;
        if simple::execute(client, &renew).await? == 0 {
            return Ok(None);
        }
        let mut counts = Vec::with_capacity(statements.len());
        for (place, statement) in statements.iter().enumerate() {
            *at = place;
            counts.push(simple::execute(client, statement).await?);
        }
        *at = statements.len();
        client.batch_execute("COMMIT").await?;
        Ok(Some(counts))
    }

    /// Lets the next one in. When this does not get through, the lease ends by itself.
    pub(crate) async fn release(self) {
        let release = format!(
            "UPDATE {} SET expires_at = NULL, token = NULL WHERE {LEASE} AND token = {}",
            self.journal.table(),
            literal(&self.token)
        );
        let _ = simple::value(self.journal.client, &self.journal.options.retry, &release).await;
    }
}

/// Ends the lease whoever holds it.
pub(crate) async fn force(journal: Journal<'_>) -> Result<()> {
    let release = format!("UPDATE {} SET expires_at = NULL, token = NULL WHERE {LEASE}", journal.table());
    simple::value(journal.client, &journal.options.retry, &release).await.map(drop)
}

/// Who holds the lease and for how long, if somebody does.
pub(crate) async fn current(journal: Journal<'_>) -> Result<Option<(String, Duration)>> {
    let select = format!(
        "SELECT runner, ceil(extract(epoch FROM expires_at - now()) * 1000)::bigint AS left FROM {} \
         WHERE {LEASE} AND expires_at > now()",
        journal.table()
    );
    let rows = simple::rows(journal.client, &journal.options.retry, &select).await?;
    Ok(rows.first().map(|row| {
        let left = column(row, "left").and_then(|left| left.parse().ok()).unwrap_or_default();
        (column(row, "runner").unwrap_or("another run").to_owned(), Duration::from_millis(left))
    }))
}

async fn holder(journal: Journal<'_>) -> Result<Attempt<'_>> {
    let (runner, left) =
        current(journal).await?.unwrap_or_else(|| ("another run".to_owned(), Duration::ZERO));
    Ok(Attempt::Taken { runner, left })
}

fn token(answer: &[SimpleQueryMessage]) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

fn until(time: Duration) -> String {
    format!("now() + {} * interval '1 millisecond'", time.as_millis())
}
