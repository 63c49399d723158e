//! One attempt at a transaction: from BEGIN, sent with the first statement, to COMMIT or ROLLBACK.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use mizzle_connect::{Conflict, Pooled};

use crate::connection::Connection;
use crate::db::{first, insert_statement};
use crate::error::Error;
use crate::load::{Load, Plan};
use crate::model::NewRow;
use crate::row::PgRow;
use crate::statement::Statement;
use crate::write::Execute;

/// A transaction under way. It has no `transaction` method: Aurora DSQL has no savepoints, so nesting does not compile.
///
/// Statements can run side by side (`futures::try_join!`): they share one snapshot and one connection.
pub struct Tx {
    connection: Pooled<Connection>,
    state: Arc<Mutex<State>>,
}

/// How an attempt ended.
pub(crate) enum Ended<T, E> {
    Committed(T),
    /// Another transaction won; everything was rolled back.
    Conflict(Conflict, Error),
    Failed(E),
}

#[derive(Default)]
struct State {
    /// The answer to BEGIN, until the first statement has awaited it.
    begin: Option<BoxFuture<'static, Result<(), tokio_postgres::Error>>>,
    /// The first refusal; the server has aborted the transaction.
    refusal: Option<Error>,
    after_commit: Vec<BoxFuture<'static, ()>>,
    ended: bool,
}

impl Tx {
    /// Sends BEGIN without waiting for the answer.
    pub(crate) fn begin(connection: Pooled<Connection>) -> Self {
        let begin = connection.send_now("BEGIN");
        Self { connection, state: Arc::new(Mutex::new(State { begin: Some(begin), ..State::default() })) }
    }

    /// Loads all rows of a query, with the relations it asks for, in one round trip.
    ///
    /// # Errors
    /// What the server refuses; a row that does not read as `T`.
    pub async fn load<T, Q: Load<T>>(&self, query: Q) -> Result<Vec<T>, Error> {
        let Plan { statements, read } = query.plan().map_err(Error::build)?;
        let results = self.run(self.connection.flight(&statements, false)).await?;
        read(results).map_err(Error::read)
    }

    /// Loads the first row of a query.
    ///
    /// # Errors
    /// As [`load`](Self::load); `is_not_found()` when there is no row.
    pub async fn first<T, Q: Load<T>>(&self, query: Q) -> Result<T, Error> {
        first(self.load(query).await?)
    }

    /// Runs a statement and gives the number of rows it changed.
    ///
    /// # Errors
    /// What the server refuses; the transaction is over then.
    pub async fn execute<Q: Execute>(&self, statement: Q) -> Result<u64, Error> {
        let statement = Statement::of(&statement).map_err(Error::build)?;
        self.run(self.connection.execute(&statement)).await
    }

    /// Inserts a row and reads it back as the database made it.
    ///
    /// # Errors
    /// What the server refuses; the transaction is over then.
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
        let rows = self.run(self.connection.rows(&statement)).await?;
        rows.iter().map(PgRow::read).collect::<Result<_, _>>().map_err(Error::read)
    }

    /// Runs the future once the transaction is committed, and never if it is not: for mail, queues, caches.
    pub fn after_commit(&self, effect: impl Future<Output = ()> + Send + 'static) {
        self.state().after_commit.push(effect.boxed());
    }

    /// Runs one statement, with BEGIN before it if it is the first.
    async fn run<T>(&self, statement: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
        let begin = self.state().begin.take();
        let answer = match begin {
            Some(begin) => {
                let (begin, answer) = join(begin, statement).await;
                begin.and(answer)
            }
            None => statement.await,
        };
        answer.map_err(self.witness())
    }

    /// Remembers the first refusal: from then on the transaction can only be rolled back.
    pub(crate) fn witness(&self) -> impl Fn(tokio_postgres::Error) -> Error + Send + 'static {
        let state = self.state.clone();
        move |error| {
            let error = Error::statement(error);
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.refusal.get_or_insert_with(|| error.clone());
            error
        }
    }

    /// Commits what went well, rolls back what did not.
    pub(crate) async fn end<T, E: From<Error>>(mut self, result: Result<T, E>) -> Ended<T, E> {
        let refusal = self.state().refusal.take();
        match (refusal, result) {
            (None, Ok(value)) => self.commit(value).await,
            (refusal, result) => {
                self.roll_back().await;
                let Some(error) = refusal else {
                    // no statement failed, so the closure itself has changed its mind
                    return match result {
                        Err(error) => Ended::Failed(error),
                        Ok(_) => Ended::Failed(Error::aborted().into()),
                    };
                };
                match (error.conflict(), result) {
                    (Some(conflict), _) => {
                        self.connection.forget_all();
                        Ended::Conflict(conflict, error)
                    }
                    (None, Err(error)) => Ended::Failed(error),
                    (None, Ok(_)) => Ended::Failed(Error::aborted().into()),
                }
            }
        }
    }

    async fn commit<T, E: From<Error>>(&mut self, value: T) -> Ended<T, E> {
        let begin = self.state().begin.take();
        self.state().ended = true;
        let answer = match begin {
            Some(begin) => begin.await,
            None => Ok(()),
        };
        let answer = match answer {
            Ok(()) => self.connection.batch("COMMIT").await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(()) => {
                let effects = std::mem::take(&mut self.state().after_commit);
                for effect in effects {
                    effect.await;
                }
                Ended::Committed(value)
            }
            Err(error) => {
                let error = Error::commit(error);
                match error.conflict() {
                    Some(conflict) => {
                        self.connection.forget_all();
                        Ended::Conflict(conflict, error)
                    }
                    None => Ended::Failed(error.into()),
                }
            }
        }
    }

    /// Rolls back; a connection that cannot even do that is no use to anybody, and the pool will see it closed.
    async fn roll_back(&mut self) {
        self.state().ended = true;
        if let Err(error) = self.connection.batch("ROLLBACK").await {
            tracing::debug!(%error, "the connection did not survive a rollback");
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tx {
    /// A transaction whose future was dropped half-way is rolled back before its connection serves anybody else.
    fn drop(&mut self) {
        if !self.state().ended {
            drop(self.connection.send_now("ROLLBACK"));
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}
