//! Work in chunks that ended early: what is committed, what is not, what nobody knows, and why.

use std::error::Error as StdError;
use std::fmt;

use super::{BulkReport, Position, Ranges};
use crate::error::Error;

/// Why work in chunks ended early, and how far it got.
///
/// Chunks are transactions of their own, so what was committed stays. Rows that are neither [`committed`](Self::committed) nor
/// [`unknown`](Self::unknown) are not in the database by this call. To go on, give the same rows again:
///
/// ```no_run
/// # use mizzle::prelude::*;
/// # fn main() {}
/// # #[table] struct Reading { #[column(primary_key)] id: i64, degrees: f64 }
/// # fn rows() -> impl Iterator<Item = NewReading> + Send { (0..1_000_000).map(|id| NewReading::new(id, 0.5)) }
/// # async fn fill(db: &Db) -> Result<(), mizzle::Error> {
/// if let Err(error) = db.insert_all(rows()).await {
///     eprintln!("{error}");
///     // what may be there already is not inserted twice
///     db.insert_all(rows()).skip(error.committed()).on_conflict_do_nothing().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BulkError(Box<Inner>);

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) report: BulkReport,
    pub(crate) committed: Ranges,
    pub(crate) unknown: Ranges,
    pub(crate) failed: Ranges,
    pub(crate) position: Option<Position>,
    pub(crate) cause: Error,
}

impl Inner {
    pub(crate) fn new(report: BulkReport, cause: Error) -> Self {
        let none = Ranges::default();
        Self { report, committed: none.clone(), unknown: none.clone(), failed: none, position: None, cause }
    }
}

impl BulkError {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Box::new(inner))
    }

    /// What was committed, in figures.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.insert_all((0..100_000).map(|id| NewEvent::new(id, 2026))).await {
    ///     println!("{} rows are committed", error.report().rows);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn report(&self) -> BulkReport {
        self.0.report
    }

    /// The rows that are committed, by their position in what was given to `insert_all`, those skipped not among them. Empty for
    /// updates and deletes, which have a [`position`](Self::position).
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.insert_all((0..100_000).map(|id| NewEvent::new(id, 2026))).await {
    ///     println!("rows {} are committed", error.committed());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn committed(&self) -> &Ranges {
        &self.0.committed
    }

    /// The rows of which nobody here knows: the connection was lost during the COMMIT of their chunk.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.insert_all((0..100_000).map(|id| NewEvent::new(id, 2026))).await {
    ///     for range in error.unknown().iter() {
    ///         println!("nobody knows of rows {} to {}", range.start, range.end - 1);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn unknown(&self) -> &Ranges {
        &self.0.unknown
    }

    /// The rows of the chunks that were refused. The rest was not tried.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.insert_all((0..100_000).map(|id| NewEvent::new(id, 2026))).await {
    ///     println!("rows {} were refused: {}", error.failed(), error.cause());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn failed(&self) -> &Ranges {
        &self.0.failed
    }

    /// Where to go on with an update or a delete: [`ChangeAll::after`](crate::ChangeAll::after). `None` if nothing was committed, and for
    /// inserts.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let old = || Event::delete().filter(event::year.lt(2020));
    /// if let Err(error) = db.delete_all(old()).await
    ///     && let Some(position) = error.position()
    /// {
    ///     db.delete_all(old()).after(position).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.0.position.as_ref()
    }

    /// The first error that ended the work.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Event { #[column(primary_key)] id: i64, year: i32 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// if let Err(error) = db.insert_all((0..100_000).map(|id| NewEvent::new(id, 2026))).await {
    ///     if error.cause().is_unique_violation() {
    ///         println!("some rows are there already");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn cause(&self) -> &Error {
        &self.0.cause
    }
}

impl fmt::Display for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { report, committed, unknown, failed, .. } = &*self.0;
        write!(
            f,
            "the work ended early: {} rows in {} transactions are committed",
            report.rows, report.chunks
        )?;
        for (ranges, what) in [(committed, "committed"), (failed, "refused"), (unknown, "of unknown outcome")]
        {
            if !ranges.is_empty() {
                write!(f, "; rows {ranges} are {what}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: {:?}", self.cause())
    }
}

impl StdError for BulkError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0.cause)
    }
}

impl From<BulkError> for Error {
    fn from(error: BulkError) -> Self {
        Error::bulk(error)
    }
}
