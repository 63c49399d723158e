//! The database as an application holds it: a pool, a retry policy, queries and transactions.

use std::time::Instant;

use futures_util::FutureExt;
use mizzle_connect::{Config, Conflict, Pool, PoolOptions, Pooled, RetryPolicy};

use crate::connection::{Connection, Flight};
use crate::error::Error;
use crate::methods::{Answering, Run};
use crate::transaction::{Attempt, Ended, Tx};

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
    retry: RetryPolicy,
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
        let db = Self::new(config, PoolOptions::default());
        db.connection().await?;
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
        Self { pool: Pool::new(config, options), retry: RetryPolicy::default() }
    }

    /// The same pool under another retry policy.
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
    pub fn with_retry(&self, retry: RetryPolicy) -> Self {
        Self { pool: self.pool.clone(), retry }
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
    /// It also runs again when the connection was lost, or the server unavailable, before COMMIT was sent: nothing has happened then.
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
        self.transact(work, false).await
    }

    /// As [`transaction`](Self::transaction); with `patient` it waits for its first connection as for any further one.
    pub(crate) async fn transact<T, E, F, Work>(&self, work: F, patient: bool) -> Result<T, E>
    where
        F: Fn(Tx) -> Work,
        Work: Future<Output = Result<T, E>>,
        E: From<Error>,
    {
        let mut attempts = self.attempts();
        loop {
            let connection = match self.connection().await {
                Ok(connection) => connection,
                Err(error) if (patient || attempts.made > 0) && error.is_transient() => {
                    attempts.wait_for_the_server(error).await?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let attempted = Attempt::begin(connection);
            let result = work(attempted.tx()).await;
            match attempted.end(result).await {
                Ended::Committed(value) => return Ok(value),
                Ended::Failed(error) => return Err(error),
                Ended::Conflict(conflict, error) => attempts.wait(conflict, error).await?,
                Ended::Interrupted(cause, told) => {
                    if attempts.wait_for_the_server(cause).await.is_err() {
                        return Err(told);
                    }
                }
            }
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

    /// Waits as long as the policy says after an attempt that the server or the connection interrupted.
    ///
    /// # Errors
    /// That very error, when the policy is used up.
    async fn wait_for_the_server(&mut self, error: Error) -> Result<(), Error> {
        self.made += 1;
        let delay = self.policy.next(self.made, self.started.elapsed(), Conflict::Data, rand::random());
        let Some(delay) = delay else { return Err(error) };
        tracing::debug!(attempt = self.made, %error, ?delay, "interrupted before COMMIT, trying again");
        tokio::time::sleep(delay).await;
        Ok(())
    }
}
