//! Rows of any number inserted, several chunks at a time.

use std::future::IntoFuture;

use diesel::query_source::Column;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt, Stream, StreamExt};

use super::chunk::{Chunk, Chunks, Limit, Unwritable};
use super::conflict::OnConflict;
use super::error::Inner;
use super::returning::OnRows;
use super::shape::Shapes;
use super::{
    BulkError, BulkReport, CHUNK_BYTES, CHUNK_ROWS, CONCURRENCY, OnProgress, Ranges, Tally, progress_methods,
    transact,
};
use crate::budget::ROWS;
use crate::db::Db;
use crate::error::Error;
use crate::methods::Run;
use crate::model::{Model, NewRow};
use crate::row::PgRow;

/// An insert of any number of rows, to be awaited. Made by [`Db::insert_all`] and [`Db::insert_stream`].
///
/// Rows are read as they are needed: no more than a few chunks are in memory. Each chunk is a transaction of its own, run again
/// when it loses a conflict, or its connection before COMMIT; a chunk that crosses a limit of Aurora DSQL is cut in two. The rows
/// of one call may leave different columns to their defaults.
///
/// The first chunk that fails for good ends the work: those under way are finished, no further one is begun, and the
/// [`BulkError`] knows which rows are committed. A future that is dropped stops at once and rolls back what is not committed.
///
/// Chunks are committed in no particular order.
///
/// ```no_run
/// # use mizzle::prelude::*;
/// # fn main() {}
/// # #[table] struct Reading { #[column(primary_key)] id: i64, degrees: f64 }
/// # async fn fill(db: &Db) -> Result<(), mizzle::Error> {
/// let rows = (0..1_000_000).map(|id| NewReading::new(id, 0.5));
/// let report = db.insert_all(rows).concurrency(8).on_progress(|at| println!("{} rows", at.rows_done)).await?;
/// println!("{} rows in {:?}, {} retries", report.rows, report.elapsed, report.retries);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is inserted until it is awaited"]
pub struct InsertAll<'a, S> {
    db: Db,
    rows: S,
    total: Option<u64>,
    limit: Limit,
    concurrency: usize,
    on_conflict: OnConflict,
    skip: Ranges,
    on_progress: Option<OnProgress<'a>>,
    pub(super) on_rows: Option<OnRows<'a>>,
}

impl Db {
    /// Inserts any number of rows, in chunks that Aurora DSQL takes; see [`InsertAll`].
    ///
    /// For rows that must be there all or none, at most 3,000, see [`Db::insert_many`].
    ///
    /// # Errors
    /// [`BulkError`]: which rows are committed, which are not, and why.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let report = db.insert_all((0..100_000).map(|id| NewEvent::new(id, 2026))).await?;
    /// assert_eq!(report.rows, 100_000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn insert_all<'a, I>(&self, rows: I) -> InsertAll<'a, stream::Iter<I::IntoIter>>
    where
        I: IntoIterator<Item: NewRow>,
    {
        let rows = rows.into_iter();
        let (least, most) = rows.size_hint();
        let total = most.filter(|most| *most == least).map(|most| most as u64);
        InsertAll { total, ..self.insert_stream(stream::iter(rows)) }
    }

    /// Inserts rows as they arrive, in chunks that Aurora DSQL takes; see [`InsertAll`].
    ///
    /// A chunk is sent when it is full, or the stream has ended.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # use futures_util::Stream;
    /// # #[table] struct Reading { #[column(primary_key)] id: i64, degrees: f64 }
    /// # async fn fill(db: &Db, readings: impl Stream<Item = NewReading> + Send) -> Result<(), mizzle::Error> {
    /// db.insert_stream(readings).chunk_rows(500).on_conflict_do_nothing().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BulkError`]: which rows are committed, which are not, and why.
    pub fn insert_stream<'a, S>(&self, rows: S) -> InsertAll<'a, S>
    where
        S: Stream<Item: NewRow>,
    {
        InsertAll {
            db: self.clone(),
            rows,
            total: None,
            limit: Limit { rows: CHUNK_ROWS, bytes: CHUNK_BYTES },
            concurrency: CONCURRENCY,
            on_conflict: OnConflict::Fail,
            skip: Ranges::default(),
            on_progress: None,
            on_rows: None,
        }
    }
}

impl<'a, S> InsertAll<'a, S> {
    /// Rows of a chunk: 1,000 unless said otherwise, 3,000 at most.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = (0..100_000).map(|id| NewEvent::new(id, 2026));
    /// db.insert_all(rows).chunk_rows(200).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn chunk_rows(mut self, rows: usize) -> Self {
        self.limit.rows = rows.clamp(1, ROWS as usize);
        self
    }

    /// Bytes of the values of a chunk: 5 MiB unless said otherwise, 9 MiB at most. Aurora DSQL takes 10 MiB a transaction with
    /// defaults and index entries, which are not known here; a chunk that turns out too large is cut in two.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = (0..100_000).map(|id| NewEvent::new(id, 2026));
    /// db.insert_all(rows).chunk_bytes(1 << 20).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.limit.bytes = bytes.clamp(1, 9 << 20);
        self
    }

    /// Chunks under way at a time: 4 unless said otherwise, and never more than the pool has connections.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = (0..100_000).map(|id| NewEvent::new(id, 2026));
    /// db.insert_all(rows).concurrency(8).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn concurrency(mut self, chunks: usize) -> Self {
        self.concurrency = chunks.max(1);
        self
    }

    /// Leaves out rows that are there already, by any unique column: the same call can be made again.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = (0..100_000).map(|id| NewEvent::new(id, 2026));
    /// db.insert_all(rows).on_conflict_do_nothing().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_conflict_do_nothing(mut self) -> Self {
        self.on_conflict = OnConflict::DoNothing;
        self
    }

    /// Updates rows that are there already, by primary key, to the values given; a column that a row leaves to its default stays as
    /// it is. Name the columns of another unique index by [`unique_by`](Self::unique_by).
    ///
    /// No key may come twice in one chunk (SQLSTATE 21000), and which of two chunks is the later one is not defined.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = (0..100_000).map(|id| NewEvent::new(id, 2026));
    /// db.insert_all(rows).on_conflict_do_update().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_conflict_do_update(mut self) -> Self {
        self.on_conflict = OnConflict::DoUpdate(Vec::new());
        self
    }

    /// Updates rows that are there already by this unique column; called again, by several columns together.
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # fn main() {}
    /// # #[table] struct User { #[column(primary_key)] id: i64, email: String, name: String }
    /// # async fn import(db: &Db, users: Vec<NewUser>) -> Result<(), mizzle::Error> {
    /// db.insert_all(users).unique_by(user::email).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn unique_by<C>(mut self, _column: C) -> Self
    where
        S: Stream<Item: NewRow<Model: Model<Table = C::Table>>>,
        C: Column,
    {
        match &mut self.on_conflict {
            OnConflict::DoUpdate(columns) => columns.push(C::NAME),
            other => *other = OnConflict::DoUpdate(vec![C::NAME]),
        }
        self
    }

    /// Leaves out the rows at these positions, counted from 0: what an earlier call has [committed](BulkError::committed).
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let rows = || (0..100_000).map(|id| NewEvent::new(id, 2026));
    /// if let Err(error) = db.insert_all(rows()).await {
    ///     db.insert_all(rows()).skip(error.committed()).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn skip(mut self, positions: &Ranges) -> Self {
        self.skip.extend(positions);
        self
    }

    progress_methods!('a);
}

impl<'a, S> IntoFuture for InsertAll<'a, S>
where
    S: Stream<Item: NewRow> + Send + 'a,
{
    type Output = Result<BulkReport, BulkError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.run().boxed()
    }
}

impl<'a, S> InsertAll<'a, S>
where
    S: Stream<Item: NewRow> + Send + 'a,
{
    pub(super) async fn run(self) -> Result<BulkReport, BulkError> {
        let Self { db, rows, total, limit, concurrency, on_conflict, skip, on_progress, on_rows } = self;
        let shapes = Shapes::new::<S::Item>(on_conflict, on_rows.is_some());
        let mut done = Done { tally: Tally::new(on_progress, total), on_rows, ..Done::new() };
        done.tally.skip(skip.len());
        let mut chunks = Chunks::new(rows, shapes, skip, limit);
        let at_a_time = concurrency.min(db.connections()).max(1);
        let mut under_way = FuturesUnordered::new();
        let mut more = true;
        loop {
            // after a failure what is under way is finished, and nothing else is waited for
            more = more && done.cause.is_none();
            tokio::select! {
                // what is under way is sent before the next rows are read
                biased;
                Some(outcome) = under_way.next() => done.add(outcome),
                chunk = chunks.next(), if more && under_way.len() < at_a_time => match chunk {
                    Some(chunk) => under_way.push(write(&db, chunk).boxed()),
                    None => more = false,
                },
                else => return done.end(),
            }
        }
    }
}

/// What became of one chunk, or of the parts that it was cut into.
#[derive(Default)]
struct Outcome {
    committed: Vec<Committed>,
    retries: u64,
    failure: Option<(Ranges, Error)>,
}

/// One transaction.
struct Committed {
    positions: Ranges,
    /// How many rows were written.
    changed: u64,
    /// What came back of them, by position.
    returned: Vec<(u64, PgRow)>,
}

/// Writes one chunk, in halves if it turns out too large.
async fn write(db: &Db, chunk: Result<Chunk, Unwritable>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut parts = match chunk {
        Ok(chunk) => vec![chunk],
        Err(Unwritable { position, cause }) => {
            let mut positions = Ranges::default();
            positions.add(position..position + 1);
            return Outcome { failure: Some((positions, cause)), ..outcome };
        }
    };
    while let Some(part) = parts.pop() {
        let statements = part.statements();
        let written = transact(db, &mut outcome.retries, |tx| {
            let statements = statements.clone();
            async move { tx.run(statements).await }
        })
        .await;
        match written {
            Ok(answers) => outcome.committed.push(Committed {
                positions: part.positions(),
                changed: answers.iter().map(|answer| answer.changed).sum(),
                returned: part.positioned(answers),
            }),
            Err(error) if error.is_over_budget() && part.rows.len() > 1 => {
                let (first, second) = part.halves();
                parts.extend([second, first]);
            }
            Err(error) => {
                outcome.failure = Some((part.positions(), error));
                break;
            }
        }
    }
    outcome
}

/// What became of all chunks so far.
struct Done<'a> {
    tally: Tally<'a>,
    on_rows: Option<OnRows<'a>>,
    committed: Ranges,
    unknown: Ranges,
    failed: Ranges,
    cause: Option<Error>,
}

impl Done<'_> {
    fn new() -> Self {
        let none = Ranges::default();
        Self {
            tally: Tally::new(None, None),
            on_rows: None,
            committed: none.clone(),
            unknown: none.clone(),
            failed: none,
            cause: None,
        }
    }

    fn add(&mut self, outcome: Outcome) {
        self.tally.retried(outcome.retries);
        let any = !outcome.committed.is_empty();
        for Committed { positions, changed, returned } in outcome.committed {
            self.tally.commit(positions.len(), changed);
            self.committed.extend(&positions);
            if let Some(Err(error)) = self.on_rows.as_mut().map(|tell| tell(returned)) {
                self.cause.get_or_insert(Error::read(error));
            }
        }
        if any {
            self.tally.tell();
        }
        if let Some((positions, cause)) = outcome.failure {
            let lot = if cause.is_outcome_unknown() { &mut self.unknown } else { &mut self.failed };
            lot.extend(&positions);
            self.cause.get_or_insert(cause);
        }
    }

    fn end(self) -> Result<BulkReport, BulkError> {
        let Self { tally, committed, unknown, failed, cause, .. } = self;
        let report = tally.report();
        match cause {
            None => Ok(report),
            Some(cause) => {
                Err(BulkError::new(Inner { committed, unknown, failed, ..Inner::new(report, cause) }))
            }
        }
    }
}
