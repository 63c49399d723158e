//! The queries that a database and a transaction have in common.
//!
//! A query is turned into SQL at once; the future that is returned owns what it needs, so that a query may borrow its values and
//! the future can go to another task.

use futures_util::future::BoxFuture;

use crate::budget::ROWS;
use crate::connection::Flight;
use crate::error::Error;
use crate::model::NewRow;
use crate::statement::Statement;
use crate::write::Insert;

/// Parameters of one statement: PostgreSQL's Bind message counts them in 16 bits.
const PARAMETERS: usize = 65_535;

/// The answer to a query, to be awaited.
pub type Answering<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Something that runs the statements of one flight.
pub(crate) trait Run: Sync {
    fn run<'a, F: Flight + 'a>(&'a self, flight: F) -> Answering<'a, F::Answer>;
}

macro_rules! query_methods {
    ($ty:ty) => {
        impl $ty {
            /// Loads all rows of a query, with the relations it asks for, in one round trip.
            ///
            /// # Errors
            /// What the server refuses; a row that does not read as `T`.
            pub fn load<T: Send + 'static, Q: Load<T>>(&self, query: Q) -> Answering<'_, Vec<T>> {
                let plan = query.plan().map_err(Error::build);
                async move {
                    let Plan { statements, read } = plan?;
                    let values = match read {
                        Read::Each(read) => self.run(Arrival { statements, read }).await?,
                        Read::Together(read) => read(self.run(statements).await?),
                    };
                    values.map_err(Error::read)
                }
                .boxed()
            }

            /// Loads the first row of a query.
            ///
            /// # Errors
            /// As [`load`](Self::load); `is_not_found()` when there is no row.
            pub fn first<T: Send + 'static, Q: Load<T>>(&self, query: Q) -> Answering<'_, T> {
                let rows = self.load(query);
                async move { methods::first(rows.await?) }.boxed()
            }

            /// Runs a statement and gives the number of rows it changed.
            ///
            /// # Errors
            /// What the server refuses.
            pub fn execute<Q: Execute>(&self, statement: Q) -> Answering<'_, u64> {
                let statement = statement.statement().map_err(Error::build);
                async move { Ok(self.run(vec![statement?]).await?.iter().map(|answer| answer.changed).sum()) }
                    .boxed()
            }

            /// Inserts a row and reads it back as the database made it.
            ///
            /// # Errors
            /// What the server refuses.
            pub fn insert<N: NewRow>(&self, row: N) -> Answering<'_, N::Model> {
                let rows = self.insert_many(&[row]);
                async move { methods::first(rows.await?) }.boxed()
            }

            /// Inserts rows in one statement and reads them back.
            ///
            /// # Errors
            /// What the server refuses; more than 3,000 rows or 65,535 parameters, which Aurora DSQL takes in no one statement.
            pub fn insert_many<N: NewRow>(&self, rows: &[N]) -> Answering<'_, Vec<N::Model>> {
                let insert = methods::insert(rows);
                async move {
                    let answers = match insert? {
                        Some(insert) => self.run(vec![insert]).await?,
                        None => Vec::new(),
                    };
                    answers
                        .iter()
                        .flat_map(|answer| &answer.rows)
                        .map(PgRow::read)
                        .collect::<Result<_, _>>()
                        .map_err(Error::read)
                }
                .boxed()
            }
        }
    };
}

pub(crate) use query_methods;

/// The only row, or the first.
pub(crate) fn first<T>(rows: Vec<T>) -> Result<T, Error> {
    rows.into_iter().next().ok_or_else(Error::not_found)
}

/// The INSERT of these rows, if there are any and Aurora DSQL can take it.
pub(crate) fn insert<N: NewRow>(rows: &[N]) -> Result<Option<Statement>, Error> {
    if rows.len() as u64 > ROWS || rows.len() * N::COLUMNS.len() > PARAMETERS {
        return Err(Error::too_many_rows(rows.len()));
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let insert = Statement::of(&Insert(rows)).map_err(Error::build)?;
    Ok(Some(Statement { inserts: rows.len() as u64, ..insert }))
}
