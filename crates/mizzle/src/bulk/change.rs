//! Updates and deletes of any size, chunk by chunk in the order of the primary key.

use std::fmt;
use std::future::IntoFuture;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{
    BulkError, BulkReport, CHUNK_ROWS, Keyset, OnProgress, Position, Tally, progress_methods, transact,
};
use crate::budget::ROWS;
use crate::db::Db;
use crate::def::TableDef;
use crate::error::Error;
use crate::methods::Run;
use crate::model::Model;
use crate::statement::Statement;
use crate::write::{Delete, Filtered, Update};

/// An update or a delete of any number of rows, to be awaited. Made by [`Db::update_all`] and [`Db::delete_all`].
///
/// It walks over the table by primary key. Each chunk is a transaction that reads where it ends and changes the rows up to there in
/// one snapshot, so it changes exactly as many as it read; if somebody else changes one of them meanwhile, it loses the conflict and
/// runs again on what is there then. A row is changed once at most, unless somebody changes its primary key.
/// A row that comes in after the start may be changed or not. A chunk that crosses a limit of Aurora DSQL, by foreign keys' actions
/// perhaps, is made smaller.
///
/// The first chunk that fails for good ends the work with a [`BulkError`]; its [`position`](BulkError::position) is where to go on.
/// A delete, and an update that can be done twice, can as well be done again from the start.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let old = Event::delete().filter(event::year.lt(2020));
/// let report = db.delete_all(old).chunk_rows(500).on_progress(|at| println!("{} rows", at.rows_done)).await?;
/// println!("{} rows in {} transactions", report.rows, report.chunks);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is changed until it is awaited"]
pub struct ChangeAll<'a> {
    db: Db,
    table: &'static TableDef,
    work: Result<Work, Error>,
    chunk_rows: usize,
    after: Option<Position>,
    on_progress: Option<OnProgress<'a>>,
}

/// What is to be done, as SQL without bounds.
struct Work {
    keys: Keyset,
    change: Statement,
}

impl Db {
    /// Updates any number of rows, in chunks that Aurora DSQL takes; see [`ChangeAll`].
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, city: String }
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let patch = OwnerPatch { city: Some("Oslo".into()) };
    /// let report = db.update_all(Owner::update(patch).filter(owner::city.eq("Christiania"))).await?;
    /// println!("{} owners in {} transactions", report.rows, report.chunks);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BulkError`]: how many rows are committed, where to go on, and why it ended.
    // by value, like every statement that is to run
    #[allow(clippy::needless_pass_by_value)]
    pub fn update_all<'a, M: Model>(&self, update: Update<'_, M, Filtered>) -> ChangeAll<'a> {
        let work = Keyset::new(M::DEF, update.filters())
            .and_then(|keys| Ok(Work { keys, change: Statement::of(&update)? }));
        ChangeAll::new(self, M::DEF, work.map_err(Error::build))
    }

    /// Deletes any number of rows, in chunks that Aurora DSQL takes; see [`ChangeAll`]. For rows that others belong to, see
    /// [`Db::delete_cascading`].
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// db.delete_all(Event::delete().filter(event::year.lt(2020))).chunk_rows(500).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BulkError`]: how many rows are committed, where to go on, and why it ended.
    // by value, like every statement that is to run
    #[allow(clippy::needless_pass_by_value)]
    pub fn delete_all<'a, M: Model>(&self, delete: Delete<'_, M, Filtered>) -> ChangeAll<'a> {
        let work = Keyset::new(M::DEF, delete.filters())
            .and_then(|keys| Ok(Work { keys, change: Statement::of(&delete)? }));
        ChangeAll::new(self, M::DEF, work.map_err(Error::build))
    }
}

impl<'a> ChangeAll<'a> {
    fn new(db: &Db, table: &'static TableDef, work: Result<Work, Error>) -> Self {
        Self { db: db.clone(), table, work, chunk_rows: CHUNK_ROWS, after: None, on_progress: None }
    }

    /// Rows of a chunk: 1,000 unless said otherwise, 3,000 at most.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// db.delete_all(Event::delete().filter(event::year.lt(2020))).chunk_rows(500).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn chunk_rows(mut self, rows: usize) -> Self {
        self.chunk_rows = rows.clamp(1, ROWS as usize);
        self
    }

    /// Goes on behind the [position](BulkError::position) that an earlier call had reached. The position is one of the same table.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] struct Account { #[column(primary_key)] id: i64, frozen: bool }
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let freeze = || Account::update(AccountPatch { frozen: Some(true) }).all_rows();
    /// if let Err(error) = db.update_all(freeze()).await {
    ///     let again = db.update_all(freeze());
    ///     match error.position() {
    ///         Some(position) => again.after(position).await?,
    ///         None => again.await?,
    ///     };
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn after(mut self, position: &Position) -> Self {
        self.after = Some(position.clone());
        self
    }

    progress_methods!('a);

    async fn run(self) -> Result<BulkReport, BulkError> {
        let Self { db, table, work, chunk_rows, mut after, on_progress } = self;
        let mut tally = Tally::new(on_progress, None);
        let work = match work {
            Ok(work) => work,
            Err(error) => return Err(tally.fail(after, error)),
        };
        let mut rows = chunk_rows;
        loop {
            let mut retries = 0;
            let step = work.step(&db, table, after.as_ref(), rows, &mut retries).await;
            tally.retried(retries);
            match step {
                Ok((end, changed)) => {
                    tally.commit(changed, changed);
                    tally.tell();
                    rows = (rows * 2).min(chunk_rows);
                    match end {
                        Some(end) => after = Some(end),
                        None => return Ok(tally.report()),
                    }
                }
                Err(error) if error.is_over_budget() && rows > 1 => rows /= 2,
                Err(error) => return Err(tally.fail(after, error)),
            }
        }
    }
}

impl Work {
    /// Changes the next rows. Gives where they end, `None` at the end of the table, and how many were changed.
    async fn step(
        &self,
        db: &Db,
        table: &'static TableDef,
        after: Option<&Position>,
        rows: usize,
        retries: &mut u64,
    ) -> Result<(Option<Position>, u64), Error> {
        transact(db, retries, |tx| async move {
            let answers = tx.run(vec![self.keys.bound(after, rows)]).await?;
            let end = answers[0].rows.first().map(|row| Position::of(row, table));
            let change = self.keys.between(&self.change, after, end.as_ref());
            let changed = tx.run(vec![change]).await?[0].changed;
            Ok((end, changed))
        })
        .await
    }
}

impl<'a> IntoFuture for ChangeAll<'a> {
    type Output = Result<BulkReport, BulkError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

impl fmt::Debug for ChangeAll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeAll").field("table", &self.table.name).finish_non_exhaustive()
    }
}
