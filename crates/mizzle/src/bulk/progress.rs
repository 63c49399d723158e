//! How far work in chunks is, and what it came to.

use std::time::{Duration, Instant};

use super::error::Inner;
use super::{BulkError, Position};
use crate::error::Error;

/// How far work in chunks is: told after each chunk that is committed.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let tell = |at: mizzle::Progress| match at.rows_total {
///     Some(total) => println!("{} of {total} rows, {} retries", at.rows_done, at.retries),
///     None => println!("{} rows in {:?}", at.rows_done, at.elapsed),
/// };
/// db.insert_all((0..100_000).map(|id| NewEvent::new(id, 2026))).on_progress(tell).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that are dealt with: committed, or left out because they are there already.
    pub rows_done: u64,
    /// Rows there are to do, if that is known.
    pub rows_total: Option<u64>,
    /// Transactions committed.
    pub chunks_done: u64,
    /// How often a transaction ran again.
    pub retries: u64,
    /// Since the start.
    pub elapsed: Duration,
}

/// What work in chunks came to.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let report: mizzle::BulkReport = db.delete_all(Event::delete().all_rows()).await?;
/// println!("{} rows in {} transactions, {:?}", report.rows, report.chunks, report.elapsed);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BulkReport {
    /// Rows that were written, as the server counted them.
    pub rows: u64,
    /// Transactions that were committed.
    pub chunks: u64,
    /// How often a transaction ran again, because it lost a conflict or its connection.
    pub retries: u64,
    /// From the start to the end.
    pub elapsed: Duration,
}

/// What is told of progress.
pub(crate) type OnProgress<'a> = Box<dyn FnMut(Progress) + Send + 'a>;

/// Counts, and tells.
pub(crate) struct Tally<'a> {
    on_progress: Option<OnProgress<'a>>,
    started: Instant,
    total: Option<u64>,
    done: u64,
    report: BulkReport,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(on_progress: Option<OnProgress<'a>>, total: Option<u64>) -> Self {
        Self { on_progress, started: Instant::now(), total, done: 0, report: BulkReport::default() }
    }

    /// Rows that were done before.
    pub(crate) fn skip(&mut self, rows: u64) {
        self.done += rows;
    }

    /// A chunk was committed that dealt with `done` rows and wrote `rows`.
    pub(crate) fn commit(&mut self, done: u64, rows: u64) {
        self.done += done;
        self.report.rows += rows;
        self.report.chunks += 1;
    }

    pub(crate) fn retried(&mut self, times: u64) {
        self.report.retries += times;
    }

    pub(crate) fn tell(&mut self) {
        let report = self.report();
        if let Some(tell) = &mut self.on_progress {
            tell(Progress {
                rows_done: self.done,
                rows_total: self.total,
                chunks_done: report.chunks,
                retries: report.retries,
                elapsed: report.elapsed,
            });
        }
    }

    /// Ends the work of an update or a delete, which was committed up to this position.
    pub(crate) fn fail(&self, position: Option<Position>, cause: Error) -> BulkError {
        BulkError::new(Inner { position, ..Inner::new(self.report(), cause) })
    }

    pub(crate) fn report(&self) -> BulkReport {
        BulkReport { elapsed: self.started.elapsed(), ..self.report }
    }
}

/// How the builders of work in chunks take what is told of progress.
macro_rules! progress_methods {
    ($told:lifetime) => {
        /// Calls back after each transaction that is committed.
        ///
        /// ```no_run
        /// # use mizzle::prelude::*;
        /// # fn main() {}
        /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
        /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
        /// let old = Event::delete().filter(event::year.lt(2020));
        /// db.delete_all(old).on_progress(|at| println!("{} rows, {} retries", at.rows_done, at.retries)).await?;
        /// # Ok(())
        /// # }
        /// ```
        pub fn on_progress(mut self, tell: impl FnMut($crate::Progress) + Send + $told) -> Self {
            self.on_progress = Some(Box::new(tell));
            self
        }

        /// Moves this bar of [`indicatif`](https://docs.rs/indicatif)'s, and sets its length if the number of rows is known.
        ///
        /// ```no_run
        /// # use mizzle::prelude::*;
        /// # fn main() {}
        /// # #[table] struct Event { #[column(primary_key)] id: i64 }
        /// # async fn example(db: &Db, events: Vec<NewEvent>) -> Result<(), mizzle::Error> {
        /// db.insert_all(events).progress_bar(indicatif::ProgressBar::no_length()).await?;
        /// # Ok(())
        /// # }
        /// ```
        #[cfg(feature = "indicatif")]
        pub fn progress_bar(mut self, bar: indicatif::ProgressBar) -> Self {
            self.on_progress = Some($crate::bulk::on_bar(bar));
            self
        }
    };
}
pub(crate) use progress_methods;

/// Shows progress on a bar of `indicatif`'s.
#[cfg(feature = "indicatif")]
pub(crate) fn on_bar<'a>(bar: indicatif::ProgressBar) -> OnProgress<'a> {
    Box::new(move |progress| {
        if let Some(total) = progress.rows_total {
            bar.set_length(total);
        }
        bar.set_position(progress.rows_done);
    })
}
