//! Statements in the simple protocol: no parameters, no types to look up, one round trip each.

use std::time::Instant;

use mizzle_connect::{Conflict, RetryPolicy};
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

pub(crate) type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// The attempts at one thing, as `mizzle_connect::retry` makes them; written out, so that a run's future is `Send`.
pub(crate) struct Tries<'a> {
    policy: &'a RetryPolicy,
    started: Instant,
    pub(crate) made: u32,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(policy: &'a RetryPolicy) -> Self {
        Self { policy, started: Instant::now(), made: 0 }
    }

    /// Waits as long as the policy says after a conflict; false when the error is to be reported.
    pub(crate) async fn again(&mut self, error: &tokio_postgres::Error) -> bool {
        self.made += 1;
        let Some(conflict) = Conflict::of(error) else { return false };
        match self.policy.next(self.made, self.started.elapsed(), conflict, spread(self.made)) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return false,
        }
        true
    }
}

/// Between nothing and one, another for each attempt and moment: enough to keep two runs from walking in step.
pub(crate) fn spread(attempt: u32) -> f64 {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = nanos.map_or(0, |since| since.subsec_nanos());
    f64::from(nanos.wrapping_mul(2_654_435_761).wrapping_add(attempt) >> 8) / f64::from(1_u32 << 24)
}

/// How many rows a statement changed or answered.
pub(crate) async fn execute(client: &Client, sql: &str) -> Result<u64> {
    Ok(count(&client.simple_query(sql).await?))
}

/// The rows of a query, which runs again after a conflict.
pub(crate) async fn rows(client: &Client, policy: &RetryPolicy, sql: &str) -> Result<Vec<SimpleQueryRow>> {
    let mut tries = Tries::new(policy);
    let answer = loop {
        match client.simple_query(sql).await {
            Ok(answer) => break answer,
            Err(error) if tries.again(&error).await => {}
            Err(error) => return Err(error),
        }
    };
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    };
    Ok(answer.into_iter().filter_map(row).collect())
}

/// The first column of the first row.
pub(crate) async fn value(client: &Client, policy: &RetryPolicy, sql: &str) -> Result<Option<String>> {
    let rows = rows(client, policy, sql).await?;
    Ok(rows.first().and_then(|row| row.get(0)).map(str::to_owned))
}

/// What the command at the end of an answer counted.
pub(crate) fn count(answer: &[SimpleQueryMessage]) -> u64 {
    let counted = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
        _ => None,
    };
    answer.iter().rev().find_map(counted).unwrap_or_default()
}

/// A column by its name; nothing when it is NULL or not there.
pub(crate) fn column<'a>(row: &'a SimpleQueryRow, name: &str) -> Option<&'a str> {
    row.try_get(name).ok().flatten()
}
