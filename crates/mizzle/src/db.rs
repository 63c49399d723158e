//! The database as an application holds it: a pool, a retry policy, queries and transactions.

use std::time::Instant;

use futures_util::FutureExt;
use mizzle_connect::{Config, Conflict, Pool, PoolOptions, Pooled, RetryPolicy};

use crate::connection::{Connection, Flight};
use crate::error::Error;
use crate::load::{Arrival, Load, Plan, Read};
use crate::methods::{self, Answering, Run, query_methods};
use crate::model::NewRow;
use crate::row::PgRow;
use crate::transaction::{Attempt, Ended, Tx};
use crate::write::Execute;

/// A cluster: cheap to clone, shared by all tasks.
#[derive(Clone, Debug)]
pub struct Db {
    pool: Pool<Connection>,
    retry: RetryPolicy,
}

impl Db {
    /// Connects by `CLUSTER_ENDPOINT`, `CLUSTER_USER` and the AWS environment.
    ///
    /// # Errors
    /// A missing or contradictory setting, or whatever keeps the first connection from being made.
    pub async fn from_env() -> Result<Self, Error> {
        Self::connect(Config::from_env().map_err(Error::connect)?).await
    }

    /// Opens the first connection of a pool with the default options.
    ///
    /// # Errors
    /// Whatever keeps the first connection from being made.
    pub async fn connect(config: Config) -> Result<Self, Error> {
        let db = Self::new(config, PoolOptions::default());
        db.connection().await?;
        Ok(db)
    }

    /// A pool that connects when it is first used.
    #[must_use]
    pub fn new(config: Config, options: PoolOptions) -> Self {
        Self { pool: Pool::new(config, options), retry: RetryPolicy::default() }
    }

    /// The same pool under another retry policy.
    #[must_use]
    pub fn with_retry(&self, retry: RetryPolicy) -> Self {
        Self { pool: self.pool.clone(), retry }
    }

    /// A connection of the pool, to be used with Diesel's own methods (`diesel_async::RunQueryDsl`) or as a plain client.
    ///
    /// # Errors
    /// When no connection can be had within the acquire timeout.
    pub async fn connection(&self) -> Result<Pooled<Connection>, Error> {
        self.pool.get().await.map_err(Error::connect)
    }

    pub(crate) fn attempts(&self) -> Attempts<'_> {
        Attempts::new(&self.retry)
    }

    /// Runs a transaction: commits what the closure did, and runs the closure again, as a whole, when another transaction won.
    ///
    /// The closure may run several times, so it cannot change what it captures, and what it does outside the database should wait
    /// for [`Tx::after_commit`]. There is no transaction inside a transaction: `Tx` has no such method.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64 }
    /// # async fn pay(db: &mizzle::Db) -> Result<(), mizzle::Error> {
    /// db.transaction(async |tx| {
    ///     let from: Account = tx.first(Account::query().filter(account::id.eq(1))).await?;
    ///     let patch = AccountPatch { balance: Some(from.balance - 10) };
    ///     tx.execute(Account::update(patch).filter(account::id.eq(1))).await?;
    ///     Ok::<_, mizzle::Error>(())
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// The closure's own error, after a rollback; the last conflict when the policy is used up;
    /// `is_outcome_unknown()` when the connection was lost during COMMIT, in which case nothing is run again.
    pub async fn transaction<T, E, F, Work>(&self, work: F) -> Result<T, E>
    where
        // not AsyncFn: with it, today's compiler cannot see that a transaction's future is Send
        F: Fn(Tx) -> Work,
        Work: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let mut attempts = self.attempts();
        loop {
            let attempted = Attempt::begin(self.connection().await?);
            let result = work(attempted.tx()).await;
            let (conflict, error) = match attempted.end(result).await {
                Ended::Committed(value) => return Ok(value),
                Ended::Failed(error) => return Err(error),
                Ended::Conflict(conflict, error) => (conflict, error),
            };
            attempts.wait(conflict, error).await?;
        }
    }
}

impl Db {
    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.retry
    }

    /// How many connections can be used at a time.
    pub(crate) fn connections(&self) -> usize {
        self.pool.max_size()
    }
}

query_methods!(Db);

impl Run for Db {
    /// Runs a flight outside any transaction of the caller's. A conflict (SQLSTATE 40001) says that it took no effect, so it runs
    /// again; a lost connection says nothing, so it does not.
    fn run<'a, F: Flight + 'a>(&'a self, flight: F) -> Answering<'a, F::Answer> {
        async move {
            let mut attempts = self.attempts();
            loop {
                let connection = self.connection().await?;
                let error = match flight.fly(&connection, true).await {
                    Ok(answers) => return Ok(answers),
                    Err(error) => Error::statement(error),
                };
                let Some(conflict) = error.worth_another_attempt() else { return Err(error) };
                connection.forget_all();
                drop(connection);
                attempts.wait(conflict, error).await?;
            }
        }
        .boxed()
    }
}

/// The attempts at one piece of work, counted against the policy.
pub(crate) struct Attempts<'a> {
    policy: &'a RetryPolicy,
    started: Instant,
    made: u32,
}

impl<'a> Attempts<'a> {
    fn new(policy: &'a RetryPolicy) -> Self {
        Self { policy, started: Instant::now(), made: 0 }
    }

    /// Waits as long as the policy says after an attempt that lost.
    ///
    /// # Errors
    /// When the policy is used up; the conflict is the cause.
    pub(crate) async fn wait(&mut self, conflict: Conflict, error: Error) -> Result<(), Error> {
        self.made += 1;
        let elapsed = self.started.elapsed();
        let Some(delay) = self.policy.next(self.made, elapsed, conflict, rand::random()) else {
            return Err(Error::exhausted(self.made, elapsed, error));
        };
        tracing::debug!(attempt = self.made, ?conflict, ?delay, "a conflict was lost, trying again");
        tokio::time::sleep(delay).await;
        Ok(())
    }
}
