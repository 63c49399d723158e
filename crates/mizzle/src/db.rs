//! The database as an application holds it: a pool, a retry policy, queries and transactions.

use std::time::Instant;

use mizzle_connect::{Config, Pool, PoolOptions, Pooled, RetryPolicy};

use crate::connection::Connection;
use crate::error::Error;
use crate::load::{Load, Plan};
use crate::model::NewRow;
use crate::statement::Statement;
use crate::transaction::{Ended, Tx};
use crate::write::{Execute, Insert};

/// Rows that one transaction may change, <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html>.
const ROWS: usize = 3_000;
/// Parameters of one statement, from the 16-bit count in PostgreSQL's Bind message.
const PARAMETERS: usize = 65_535;

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

    /// Loads all rows of a query, with the relations it asks for, in one round trip.
    ///
    /// # Errors
    /// What the server refuses; a row that does not read as `T`.
    pub async fn load<T, Q: Load<T>>(&self, query: Q) -> Result<Vec<T>, Error> {
        let Plan { statements, read } = query.plan().map_err(Error::build)?;
        let results = self.run(async |connection| connection.flight(&statements, true).await).await?;
        read(results).map_err(Error::read)
    }

    /// Loads the first row of a query.
    ///
    /// # Errors
    /// As [`load`](Self::load); `is_not_found()` when there is no row.
    pub async fn first<T, Q: Load<T>>(&self, query: Q) -> Result<T, Error> {
        first(self.load(query).await?)
    }

    /// Runs a statement and gives the number of rows it changed. An autocommit statement that meets a conflict runs again.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn execute<Q: Execute>(&self, statement: Q) -> Result<u64, Error> {
        let statement = Statement::of(&statement).map_err(Error::build)?;
        self.run(async |connection| connection.execute(&statement).await).await
    }

    /// Inserts a row and reads it back as the database made it.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn insert<N: NewRow>(&self, row: N) -> Result<N::Model, Error> {
        first(self.insert_many(std::slice::from_ref(&row)).await?)
    }

    /// Inserts rows in one statement and reads them back, in the order given.
    ///
    /// # Errors
    /// What the server refuses; more than 3,000 rows or 65,535 parameters, which Aurora DSQL takes in no single statement.
    pub async fn insert_many<N: NewRow>(&self, rows: &[N]) -> Result<Vec<N::Model>, Error> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let statement = insert_statement(rows)?;
        let results = self.run(async |connection| connection.rows(&statement).await).await?;
        results.iter().map(crate::row::PgRow::read).collect::<Result<_, _>>().map_err(Error::read)
    }

    /// Runs a transaction: commits what the closure did, and runs the closure again, as a whole, when another transaction won.
    ///
    /// The closure may run several times, so what it does outside the database should wait for
    /// [`Tx::after_commit`]. There is no transaction inside a transaction: `Tx` has no such method.
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
    pub async fn transaction<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        F: AsyncFnMut(&Tx) -> Result<T, E>,
        E: From<Error>,
    {
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let tx = Tx::begin(self.connection().await?);
            let result = work(&tx).await;
            let (conflict, error) = match tx.end(result).await {
                Ended::Committed(value) => return Ok(value),
                Ended::Failed(error) => return Err(error),
                Ended::Conflict(conflict, error) => (conflict, error),
            };
            let Some(delay) = self.retry.next(attempt, started.elapsed(), conflict, rand::random()) else {
                return Err(Error::exhausted(attempt, started.elapsed(), error).into());
            };
            tracing::debug!(attempt, ?conflict, ?delay, "the transaction lost a conflict and runs again");
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }

    /// Runs one autocommit statement. A conflict (SQLSTATE 40001) says that it took no effect, so it runs again; a lost connection
    /// says nothing, so it does not.
    async fn run<T>(
        &self,
        mut statement: impl AsyncFnMut(&Connection) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let connection = self.connection().await?;
            let error = match statement(&connection).await {
                Ok(value) => return Ok(value),
                Err(error) => Error::statement(error),
            };
            if error.is_stale_plan() && attempt == 1 {
                connection.forget_all();
                attempt += 1;
                continue;
            }
            let Some(conflict) = error.conflict() else { return Err(error) };
            connection.forget_all();
            drop(connection);
            let Some(delay) = self.retry.next(attempt, started.elapsed(), conflict, rand::random()) else {
                return Err(Error::exhausted(attempt, started.elapsed(), error));
            };
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }
}

/// The only row, or the first.
pub(crate) fn first<T>(rows: Vec<T>) -> Result<T, Error> {
    rows.into_iter().next().ok_or_else(Error::not_found)
}

/// The INSERT of these rows, if Aurora DSQL can take it.
pub(crate) fn insert_statement<N: NewRow>(rows: &[N]) -> Result<Statement, Error> {
    if rows.len() > ROWS || rows.len() * N::COLUMNS.len() > PARAMETERS {
        return Err(Error::too_many_rows(rows.len()));
    }
    Statement::of(&Insert(rows)).map_err(Error::build)
}
