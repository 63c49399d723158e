//! One attempt at a transaction: from BEGIN, sent with the first statement, to COMMIT or ROLLBACK.

mod stream;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use mizzle_connect::{Cause, Conflict, Pooled};
use uuid::Uuid;

use crate::budget::{Budget, Meter};
use crate::connection::{Connection, Flight};
use crate::error::Error;
use crate::marker::CommitMarker;
use crate::methods::Run;
use crate::trace::traced;

/// A transaction under way, as the closure of [`Db::transaction`](crate::Db::transaction) sees it.
///
/// It has no `transaction` method: Aurora DSQL has no savepoints, so nesting does not compile. Statements can run side by side
/// (`futures::try_join!`): they share one snapshot and one connection.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let (ann, owners) = db
///     .transaction(async |tx| {
///         let ann = tx.insert(NewOwner::new(1, "Ann", "Oslo")).await?;
///         let owners = tx.load(Owner::query().filter(owner::city.eq("Oslo"))).await?;
///         Ok::<_, mizzle::Error>((ann, owners))
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
pub struct Tx {
    connection: Connection,
    state: Shared,
    meter: Arc<Meter>,
}

/// A transaction as [`Db::transaction`](crate::Db::transaction) sees it: begun, and to be ended.
pub(crate) struct Attempt {
    /// Taken only by the end.
    connection: Option<Pooled<Connection>>,
    state: Shared,
    /// The row that proves the commit, where one was asked for.
    marker: Option<(Arc<CommitMarker>, Uuid)>,
}

/// How an attempt ended.
pub(crate) enum Ended<T, E> {
    Committed(T),
    /// Another transaction won, or the connection was lost before COMMIT: nothing took effect, and another attempt may succeed.
    Lost(Cause, Error),
    /// COMMIT was not answered. The value, and what waits for the commit, are for whoever can prove it.
    Unknown(Unanswered<T>),
    Failed(E),
}

/// An attempt whose COMMIT was not answered.
pub(crate) struct Unanswered<T> {
    pub(crate) error: Error,
    pub(crate) value: T,
    pub(crate) effects: Effects,
    pub(crate) marker: Option<(Arc<CommitMarker>, Uuid)>,
}

/// What is to run once the transaction is committed.
#[derive(Default)]
pub(crate) struct Effects(Vec<BoxFuture<'static, ()>>);

type Shared = Arc<Mutex<State>>;

#[derive(Default)]
struct State {
    /// The answer to BEGIN, until the first statement has awaited it.
    begin: Option<BoxFuture<'static, Result<(), tokio_postgres::Error>>>,
    /// The first refusal; the server has aborted the transaction.
    refusal: Option<Error>,
    after_commit: Effects,
    ended: bool,
}

impl Tx {
    /// Runs the future once the transaction is committed, and never if it is not: for mail, queues, caches.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// db.transaction(async |tx| {
    ///     let ann = tx.insert(NewOwner::new(1, "Ann", "Oslo")).await?;
    ///     let name = ann.name.clone();
    ///     tx.after_commit(async move { println!("welcome, {name}") });
    ///     Ok::<_, mizzle::Error>(ann)
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn after_commit(&self, effect: impl Future<Output = ()> + Send + 'static) {
        lock(&self.state).after_commit.0.push(effect.boxed());
    }

    /// What the transaction has written so far, and how much more Aurora DSQL will let it write.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// db.transaction(async |tx| {
    ///     tx.execute(Owner::update(owner::city.eq("Oslo")).all_rows()).await?;
    ///     println!("{} more rows, {} more bytes", tx.budget().rows_left(), tx.budget().bytes_left());
    ///     Ok::<_, mizzle::Error>(())
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn budget(&self) -> Budget {
        self.meter.budget()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Has the transaction rolled back whatever the closure returns.
    pub(crate) fn refuse(&self, error: Error) -> Error {
        lock(&self.state).refusal.get_or_insert_with(|| error.clone());
        error
    }

    /// Remembers the first refusal: from then on the transaction can only be rolled back.
    pub(crate) fn witness(&self) -> impl Fn(tokio_postgres::Error) -> Error + Send + 'static {
        let (state, meter) = (self.state.clone(), self.meter.clone());
        move |error| {
            let error = Error::in_transaction(error, &meter.budget());
            lock(&state).refusal.get_or_insert_with(|| error.clone());
            error
        }
    }
}

impl Run for Tx {
    /// Runs a flight inside the transaction, with BEGIN before it if it is the first.
    async fn run<F: Flight>(&self, flight: F) -> Result<F::Answer, Error> {
        self.meter.check(flight.statements())?;
        let answers = after_begin(&self.state, flight.fly(&self.connection, false));
        traced(&self.connection, flight.statements(), answers).await.map_err(self.witness())
    }
}

impl Attempt {
    /// Sends BEGIN without waiting for the answer.
    pub(crate) fn begin(connection: Pooled<Connection>, marker: Option<Arc<CommitMarker>>) -> Self {
        let begin = connection.send_now("BEGIN");
        Self {
            connection: Some(connection),
            marker: marker.map(|marker| (marker, Uuid::new_v4())),
            state: Arc::new(Mutex::new(State { begin: Some(begin), ..State::default() })),
        }
    }

    /// The closure's view. It is not `Clone`, so the closure's future has dropped it unless it was let out.
    pub(crate) fn tx(&self) -> Tx {
        let meter = Arc::<Meter>::default();
        Tx { connection: self.connection().metered(meter.clone()), state: self.state.clone(), meter }
    }

    /// Commits what went well, rolls back what did not.
    pub(crate) async fn end<T, E: From<Error>>(mut self, result: Result<T, E>) -> Ended<T, E> {
        if Arc::strong_count(&self.state) > 1 {
            self.roll_back().await;
            // whoever kept the `Tx` may still use the connection, so nobody else shall
            if let Some(connection) = self.connection.take() {
                connection.discard();
            }
            return Ended::Failed(Error::escaped().into());
        }
        let refusal = lock(&self.state).refusal.take();
        let (refusal, error) = match (refusal, result) {
            (None, Ok(value)) if !self.connection().is_abandoned() => return self.commit(value).await,
            // nobody knows what a cancelled statement has done
            (None, Ok(_)) => {
                self.roll_back().await;
                return Ended::Failed(Error::abandoned().into());
            }
            // the closure has changed its mind, or fails for a reason of its own
            (None, Err(error)) => {
                self.roll_back().await;
                return Ended::Failed(error);
            }
            (Some(refusal), result) => (refusal, result.err()),
        };
        self.roll_back().await;
        match (self.cause(&refusal), error) {
            (Some(cause), _) => Ended::Lost(cause, refusal),
            (None, Some(error)) => Ended::Failed(error),
            (None, None) => Ended::Failed(Error::aborted().into()),
        }
    }

    async fn commit<T, E: From<Error>>(mut self, value: T) -> Ended<T, E> {
        lock(&self.state).ended = true;
        if self.connection().client().is_closed() {
            return Ended::Lost(Cause::Interrupted, Error::lost_before_commit());
        }
        let answer = self.send_commit().await;
        let effects = std::mem::take(&mut lock(&self.state).after_commit);
        match answer {
            Ok(()) => {
                // the effects may take their time, and need no connection
                drop(self);
                effects.run().await;
                Ended::Committed(value)
            }
            Err(error) if error.is_outcome_unknown() => {
                Ended::Unknown(Unanswered { error, value, effects, marker: self.marker.take() })
            }
            Err(error) => match self.conflict(&error) {
                Some(conflict) => Ended::Lost(Cause::Conflict(conflict), error),
                None => Ended::Failed(error.into()),
            },
        }
    }

    /// Sends COMMIT, with the marker right before it. A marker that is refused has aborted the transaction, and the server
    /// answers COMMIT with a rollback.
    async fn send_commit(&self) -> Result<(), Error> {
        let commit = self.connection().batch("COMMIT");
        let answer = match &self.marker {
            None => after_begin(&self.state, commit).await,
            Some((marker, id)) => {
                let insert = marker.insert(*id);
                let both = async {
                    let (inserted, committed) = join(self.connection().batch(&insert), commit).await;
                    inserted.and(committed)
                };
                after_begin(&self.state, both).await
            }
        };
        answer.map_err(Error::commit)
    }

    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("the connection is there until the end")
    }

    /// Whether another transaction won; what was prepared may not fit the schema any more then.
    fn conflict(&self, error: &Error) -> Option<Conflict> {
        let conflict = error.worth_another_attempt()?;
        self.connection().forget_all();
        Some(conflict)
    }

    /// Why another attempt may succeed after this refusal, which came before COMMIT was sent.
    fn cause(&self, refusal: &Error) -> Option<Cause> {
        let conflict = self.conflict(refusal).map(Cause::Conflict);
        conflict.or_else(|| refusal.is_transient().then_some(Cause::Interrupted))
    }

    /// Rolls back; a connection that cannot even do that is closed, and the pool will see it.
    async fn roll_back(&self) {
        lock(&self.state).ended = true;
        if let Err(error) = self.connection().batch("ROLLBACK").await {
            tracing::debug!(%error, "the connection did not survive a rollback");
        }
    }
}

impl Drop for Attempt {
    /// A transaction whose future was dropped half-way is rolled back before its connection serves anybody else.
    fn drop(&mut self) {
        if !lock(&self.state).ended {
            drop(self.connection().send_now("ROLLBACK"));
        }
    }
}

impl Effects {
    pub(crate) async fn run(self) {
        for effect in self.0 {
            effect.await;
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

/// Sends a message right behind BEGIN, if BEGIN has not been answered yet, and gives its answer.
async fn after_begin<T>(
    state: &Mutex<State>,
    message: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    let begin = lock(state).begin.take();
    match begin {
        Some(begin) => {
            let (begin, answer) = join(begin, message).await;
            begin.and(answer)
        }
        None => message.await,
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
