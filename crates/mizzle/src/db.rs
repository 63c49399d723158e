//! The database as an application holds it: a pool, a retry policy, queries and transactions.

use std::sync::Arc;
use std::time::Duration;

use mizzle_connect::{Cause, Config, Pool, PoolOptions, PoolStats, Pooled, Retry, RetryStats};
use tracing::Instrument;

use crate::connection::{Connection, Flight};
use crate::error::Error;
use crate::marker::CommitMarker;
use crate::methods::Run;
use crate::outcome::Outcome;
use crate::trace::traced;
use crate::transaction::{Attempt, Ended, Tx, Unanswered};

/// A cluster: cheap to clone, shared by all tasks.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let db = Db::from_env().await?;
/// let owners: Vec<Owner> = db.load(Owner::query().filter(owner::city.eq("Oslo"))).await?;
/// // a task of its own has a clone
/// tokio::spawn({
///     let db = db.clone();
///     async move { db.insert(NewOwner::new(1, "Ann", "Oslo")).await }
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Db {
    pool: Pool<Connection>,
    retry: Retry,
    marker: Option<Arc<CommitMarker>>,
}

/// What a [`Db`] has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Connections and who waited for them.
    pub pool: PoolStats,
    /// Attempts and conflicts, of everybody who shares the retry policy.
    pub retry: RetryStats,
}

impl Db {
    /// Connects by `CLUSTER_ENDPOINT`, `CLUSTER_USER` and the AWS environment.
    ///
    /// # Errors
    /// A missing or contradictory setting, or whatever keeps the first connection from being made.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// // CLUSTER_ENDPOINT=<cluster id>.dsql.<region>.on.aws CLUSTER_USER=admin
    /// let db = Db::from_env().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn from_env() -> Result<Self, Error> {
        Self::connect(Config::from_env().map_err(Error::connect)?).await
    }

    /// Opens the first connection of a pool with the default options.
    ///
    /// # Errors
    /// Whatever keeps the first connection from being made.
    ///
    /// # Example
    /// ```no_run
    /// use mizzle::connect::Config;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = Config::from_env()?.search_path("myschema");
    /// let db = mizzle::Db::connect(config).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(config: Config) -> Result<Self, Error> {
        Self::connect_with(config, PoolOptions::default()).await
    }

    /// Opens the first connection of a pool, and as many more as are to be idle.
    ///
    /// # Errors
    /// Whatever keeps a connection from being made.
    pub async fn connect_with(config: Config, options: PoolOptions) -> Result<Self, Error> {
        let db = Self::new(config, options);
        db.connection().await?;
        db.pool.warm_up().await.map_err(Error::connect)?;
        Ok(db)
    }

    /// A pool that connects when it is first used.
    ///
    /// # Example
    /// ```no_run
    /// use mizzle::connect::{Config, PoolOptions};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = PoolOptions { max_size: 50, ..PoolOptions::default() };
    /// let db = mizzle::Db::new(Config::from_env()?, options);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(config: Config, options: PoolOptions) -> Self {
        Self { pool: Pool::new(config, options), retry: Retry::default(), marker: None }
    }

    /// The same pool under another retry policy, which gets a budget of its own: a
    /// [`RetryPolicy`](crate::connect::RetryPolicy), or a [`Retry`] with hooks for whoever wants to know.
    ///
    /// # Example
    /// ```no_run
    /// use std::time::Duration;
    /// use mizzle::connect::RetryPolicy;
    ///
    /// # fn example(db: &mizzle::Db) {
    /// // somebody waits for the answer
    /// let hasty = db.with_retry(RetryPolicy { deadline: Duration::from_secs(1), ..RetryPolicy::default() });
    /// let once = db.with_retry(RetryPolicy::never());
    /// # }
    /// ```
    #[must_use]
    pub fn with_retry(&self, retry: impl Into<Retry>) -> Self {
        Self { retry: retry.into(), ..self.clone() }
    }

    /// The same pool; transactions write a row that proves their commit, so that a connection lost during COMMIT leaves no
    /// outcome unknown.
    ///
    /// The row is looked for on a new connection. A transaction that is found not committed runs again, as after a conflict.
    #[must_use]
    pub fn with_commit_marker(&self, marker: CommitMarker) -> Self {
        Self { marker: Some(Arc::new(marker)), ..self.clone() }
    }

    /// A connection of the pool, to be used with Diesel's own methods (`diesel_async::RunQueryDsl`) or as a plain client.
    ///
    /// # Errors
    /// When no connection can be had within the acquire timeout.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// use mizzle::diesel_async::RunQueryDsl;
    ///
    /// let pooled = db.connection().await?;
    /// pooled.client().batch_execute("SET search_path = myschema").await.ok();
    /// let mut connection = &*pooled;
    /// let names: Vec<String> = owner::table.select(owner::name).load(&mut connection).await.unwrap_or_default();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connection(&self) -> Result<Pooled<Connection>, Error> {
        self.pool.get().await.map_err(Error::connect)
    }

    /// What the pool holds and has done, and how often work met conflicts.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { pool: self.pool.stats(), retry: self.retry.stats() }
    }

    /// Refuses new work, waits at most this long for queries and transactions under way, their retries included, then closes all
    /// connections. The answer is how much was still under way: nothing, when all went well.
    pub async fn close(&self, limit: Duration) -> usize {
        self.pool.close_gracefully(limit).await
    }

    pub(crate) fn attempts(&self) -> Attempts {
        Attempts(self.retry.attempts())
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
    /// It also runs again when the connection was lost, or the server unavailable, before COMMIT was sent: nothing has happened then.
    ///
    /// # Errors
    /// The closure's own error, after a rollback; the last conflict when the policy is used up ([`Error::as_exhausted`]);
    /// [`Error::is_outcome_unknown`] when the connection was lost during COMMIT, in which case nothing is run again, unless a
    /// [commit marker](Self::with_commit_marker) proves what became of it.
    pub async fn transaction<T, E, F, Work>(&self, work: F) -> Result<T, E>
    where
        // not AsyncFn: with it, today's compiler cannot see that a transaction's future is Send
        F: Fn(Tx) -> Work,
        Work: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        self.transaction_outcome(work).await.into_result()
    }

    /// As [`transaction`](Self::transaction), with the ways in which it can end as a type: committed, conflicted, unknown, or
    /// rolled back.
    pub async fn transaction_outcome<T, E, F, Work>(&self, work: F) -> Outcome<T, E>
    where
        F: Fn(Tx) -> Work,
        Work: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let span = tracing::debug_span!(
            "transaction",
            otel.kind = "client",
            db.system.name = "postgresql",
            db.namespace = "postgres",
            server.address = self.pool.config().endpoint(),
            mizzle.attempts = tracing::field::Empty,
            mizzle.outcome = tracing::field::Empty,
        );
        let mut attempts = self.attempts();
        let outcome = self.attempt_until_done(work, &mut attempts).instrument(span.clone()).await;
        span.record("mizzle.attempts", attempts.made() + u32::from(outcome.took_effect() == Some(true)));
        span.record("mizzle.outcome", outcome.name());
        outcome
    }

    async fn attempt_until_done<T, E, F, Work>(&self, work: F, attempts: &mut Attempts) -> Outcome<T, E>
    where
        F: Fn(Tx) -> Work,
        Work: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let under_way = match self.pool.work() {
            Ok(under_way) => under_way,
            Err(error) => return Outcome::RolledBack(Error::connect(error).into()),
        };
        loop {
            let connection = match under_way.get().await {
                Ok(connection) => connection,
                Err(error) => return Outcome::RolledBack(Error::connect(error).into()),
            };
            let attempted = Attempt::begin(connection, self.marker.clone());
            let result = work(attempted.tx()).await;
            let (cause, error) = match attempted.end(result).await {
                Ended::Committed(value) => {
                    attempts.succeed();
                    return Outcome::Committed(value);
                }
                Ended::Failed(error) => return Outcome::RolledBack(error),
                Ended::Lost(cause, error) => (cause, error),
                Ended::Unknown(unanswered) => match Box::pin(self.settle(unanswered)).await {
                    Ok(value) => return Outcome::Committed(value),
                    Err(error) if error.is_outcome_unknown() => return Outcome::Unknown(error),
                    Err(error) => (Cause::Interrupted, error),
                },
            };
            if let Err(error) = attempts.wait(cause, error).await {
                return Outcome::Conflicted(error);
            }
        }
    }

    /// Finds out what became of an attempt, if it left something to find.
    ///
    /// # Errors
    /// `is_outcome_unknown()`, or an error that says that nothing took effect.
    async fn settle<T>(&self, unanswered: Unanswered<T>) -> Result<T, Error> {
        let Unanswered { error, value, effects, marker } = unanswered;
        let Some((marker, id)) = marker else { return Err(error) };
        tracing::debug!(%error, "looking for the marker of a commit that was not answered");
        match marker.settle(self.pool.config(), &self.retry, id).await {
            Ok(true) => {
                effects.run().await;
                Ok(value)
            }
            Ok(false) => Err(Error::not_committed(error)),
            Err(reason) => Err(Error::not_settled(reason)),
        }
    }
}

impl Db {
    /// How many connections can be used at a time.
    pub(crate) fn connections(&self) -> usize {
        self.pool.max_size()
    }
}

impl Run for Db {
    /// Runs a flight outside any transaction of the caller's. A conflict (SQLSTATE 40001) says that it took no effect, so it runs
    /// again; a lost connection says nothing, so it does not.
    async fn run<F: Flight>(&self, flight: F) -> Result<F::Answer, Error> {
        let under_way = self.pool.work().map_err(Error::connect)?;
        let mut attempts = self.attempts();
        loop {
            let connection = under_way.get().await.map_err(Error::connect)?;
            let answer = flight.fly(&connection, true);
            let error = match traced(&connection, flight.statements(), answer).await {
                Ok(answers) => {
                    attempts.succeed();
                    return Ok(answers);
                }
                Err(error) => Error::statement(error),
            };
            let Some(conflict) = error.worth_another_attempt() else { return Err(error) };
            connection.forget_all();
            drop(connection);
            attempts.wait(conflict, error).await?;
        }
    }
}

/// The attempts at one piece of work, counted against the policy.
pub(crate) struct Attempts(mizzle_connect::Attempts);

impl Attempts {
    /// Waits as long as the policy says after an attempt that had no effect.
    ///
    /// # Errors
    /// When the policy is used up; the error of the last attempt is the cause.
    pub(crate) async fn wait(&mut self, cause: impl Into<Cause>, error: Error) -> Result<(), Error> {
        self.0.wait(cause).await.map_err(|exhausted| Error::exhausted(exhausted, error))
    }

    /// How many attempts had no effect so far.
    pub(crate) fn made(&self) -> u32 {
        self.0.made()
    }

    /// The last attempt took effect.
    pub(crate) fn succeed(&self) {
        self.0.succeed();
    }
}
