//! The rows of a large insert as the database made them.

use std::fmt;
use std::future::IntoFuture;

use diesel::QueryResult;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream};

use super::{BulkError, InsertAll};
use crate::model::NewRow;
use crate::row::PgRow;

/// Takes the rows of a chunk that is committed, each with the position of the row given.
pub(super) type OnRows<'a> = Box<dyn FnMut(Vec<(u64, PgRow)>) -> QueryResult<()> + Send + 'a>;

/// An insert of any number of rows that gives them back, to be awaited. Made by [`InsertAll::returning`].
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let rows = (0..100_000).map(|id| NewEvent::new(id, 2026));
/// let events: Vec<Event> = db.insert_all(rows).chunk_rows(500).returning().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is inserted until it is awaited"]
pub struct InsertReturning<'a, S>(InsertAll<'a, S>);

/// What the rows of `S` are read back as.
type Inserted<S> = <<S as Stream>::Item as NewRow>::Model;

impl<'a, S: Stream<Item: NewRow>> InsertAll<'a, S> {
    /// Gives the rows back as the database made them, all together, in the order in which they were given, once the last chunk is
    /// committed. Rows that [`on_conflict_do_nothing`](Self::on_conflict_do_nothing) left out are not among them, and the others of
    /// their chunk stand in no particular order.
    ///
    /// When the work ends early, the [`BulkError`] tells what is committed, but has no rows: see [`on_rows`](Self::on_rows).
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # use uuid::Uuid;
    /// # fn main() {}
    /// # #[table] struct Owner { #[column(primary_key, default = gen_random_uuid())] id: Uuid, name: String }
    /// # async fn import(db: &Db, names: Vec<String>) -> Result<(), mizzle::Error> {
    /// let owners: Vec<Owner> = db.insert_all(names.into_iter().map(NewOwner::new)).returning().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn returning(self) -> InsertReturning<'a, S> {
        InsertReturning(self)
    }

    /// Hands over the rows of each chunk, as the database made them, once it is committed: in memory are no more than those.
    ///
    /// Chunks come in no particular order. What has been handed over is committed, whatever becomes of the rest.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # use uuid::Uuid;
    /// # fn main() {}
    /// # #[table] struct Owner { #[column(primary_key, default = gen_random_uuid())] id: Uuid, name: String }
    /// # async fn import(db: &Db, names: Vec<String>) -> Result<(), mizzle::Error> {
    /// let rows = names.into_iter().map(NewOwner::new);
    /// db.insert_all(rows)
    ///     .on_rows(|owners: Vec<Owner>| {
    ///         for owner in owners {
    ///             println!("{} is {}", owner.name, owner.id);
    ///         }
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_rows(mut self, mut take: impl FnMut(Vec<Inserted<S>>) + Send + 'a) -> Self {
        self.on_rows = Some(Box::new(move |rows| {
            take(rows.iter().map(|(_, row)| row.read()).collect::<QueryResult<_>>()?);
            Ok(())
        }));
        self
    }
}

impl<'a, S> IntoFuture for InsertReturning<'a, S>
where
    S: Stream<Item: NewRow> + Send + 'a,
{
    type Output = Result<Vec<Inserted<S>>, BulkError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        async move {
            let mut all: Vec<(u64, Inserted<S>)> = Vec::new();
            let mut insert = self.0;
            let mut own = insert.on_rows.take();
            insert
                .collecting(|rows| {
                    for (position, row) in &rows {
                        all.push((*position, row.read()?));
                    }
                    own.as_mut().map_or(Ok(()), |own| own(rows))
                })
                .await?;
            all.sort_by_key(|(position, _)| *position);
            Ok(all.into_iter().map(|(_, row)| row).collect())
        }
        .boxed()
    }
}

impl<'a, S> InsertAll<'a, S>
where
    S: Stream<Item: NewRow> + Send + 'a,
{
    async fn collecting(
        mut self,
        take: impl FnMut(Vec<(u64, PgRow)>) -> QueryResult<()> + Send + 'a,
    ) -> Result<(), BulkError> {
        self.on_rows = Some(Box::new(take));
        self.run().await.map(|_| ())
    }
}

impl<S> fmt::Debug for InsertReturning<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertReturning").finish_non_exhaustive()
    }
}
