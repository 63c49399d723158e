//! Large results row by row: what has not been asked for stays on the server.

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};

use crate::db::Db;
use crate::error::Error;
use crate::model::Model;
use crate::query::Query;
use crate::raw::{FromRow, RawSql};
use crate::row::PgRow;
use crate::statement::Statement;
use crate::trace::traced;

/// The rows of a query as they arrive. Dropped before its end, the query is cancelled on the server.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use futures_util::TryStreamExt;
///
/// let rows: mizzle::Rows<Owner> = db.stream(Owner::query());
/// let names: Vec<String> = rows.map_ok(|owner| owner.name).try_collect().await?;
/// # Ok(())
/// # }
/// ```
pub type Rows<T> = BoxStream<'static, Result<T, Error>>;

/// What makes a value of one row.
type ReadRow<T> = fn(PgRow) -> QueryResult<T>;

/// A query of one statement, whose rows can be read one by one: everything that [`Load`](crate::Load)s, but without relations. A
/// [`Shape`](macro@crate::Shape) of columns alone is one.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use futures_util::TryStreamExt;
/// use mizzle::LoadRows;
///
/// async fn print<T>(db: &Db, query: impl LoadRows<T>) -> Result<(), mizzle::Error>
/// where
///     T: std::fmt::Debug + Send + 'static,
/// {
///     db.stream(query).try_for_each(async |row| Ok(println!("{row:?}"))).await
/// }
/// print(db, Owner::query().order_by(owner::id)).await?;
/// # Ok(())
/// # }
/// ```
///
/// A shape with related rows is none, and does not compile:
///
/// ```compile_fail,E0277
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {}
/// #[derive(Shape)]
/// #[shape(of = Owner)]
/// struct OwnerCard {
///     pets: Vec<Pet>,
/// }
///
/// fn example(db: &Db) {
///     let rows = db.stream::<OwnerCard, _>(OwnerCard::query());
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "this query cannot be streamed as rows of `{T}`",
    label = "not a query of one statement that gives `{T}`",
    note = "relations are put together when all rows are there: use `load`, in pages, or stream the rows alone"
)]
pub trait LoadRows<T> {
    #[doc(hidden)]
    fn statement(self) -> QueryResult<(Statement, ReadRow<T>)>;
}

#[diagnostic::do_not_recommend]
impl<M: Model> LoadRows<M> for Query<'_, M> {
    fn statement(self) -> QueryResult<(Statement, ReadRow<M>)> {
        let (mut statements, _) = self.node.plan(None)?;
        // a query without relations is one statement
        Ok((statements.remove(0), |row| row.read_columns::<M::SqlType, M>(0..M::DEF.columns.len())))
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromRow> LoadRows<T> for RawSql {
    fn statement(self) -> QueryResult<(Statement, ReadRow<T>)> {
        Ok((self.into_statement()?, |row| T::from_row(&row)))
    }
}

#[diagnostic::do_not_recommend]
impl<Q, T, ST> LoadRows<T> for Q
where
    Q: AsQuery,
    Q::Query: QueryFragment<Pg>,
    Q::SqlType: diesel::query_dsl::CompatibleType<T, Pg, SqlType = ST>,
    T: FromSqlRow<ST, Pg>,
{
    fn statement(self) -> QueryResult<(Statement, ReadRow<T>)> {
        Ok((Statement::of(&self.as_query())?, |row| row.read::<ST, T>()))
    }
}

impl Db {
    /// Reads the rows of a query one by one, in constant memory: the server waits until rows are asked for.
    ///
    /// The stream has a connection of the pool for itself until it ends or is dropped; Aurora DSQL ends every statement with its
    /// transaction after five minutes. A conflict before the first row is met by another attempt, later ones are the stream's.
    /// In a transaction: [`Tx::stream`](crate::Tx::stream).
    ///
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64 }
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn total(db: &mizzle::Db) -> Result<i64, mizzle::Error> {
    /// let mut rows = db.stream(Account::query().filter(account::balance.gt(0)));
    /// let mut total = 0;
    /// while let Some(account) = rows.try_next().await? {
    ///     total += account.balance;
    /// }
    /// # Ok(total)
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// The stream's items: what the server refuses; a row that does not read as `T`.
    pub fn stream<T: Send + 'static, Q: LoadRows<T>>(&self, query: Q) -> Rows<T> {
        let statement = query.statement().map_err(Error::build);
        let db = self.clone();
        stream::once(async move {
            let (statement, read) = statement?;
            let rows = db.arriving(statement).await?;
            Ok::<_, Error>(rows.map(move |row| read(row?).map_err(Error::read)))
        })
        .try_flatten()
        .boxed()
    }

    /// The rows of a statement, begun again until the first row is there.
    async fn arriving(
        &self,
        statement: Statement,
    ) -> Result<BoxStream<'static, Result<PgRow, Error>>, Error> {
        let mut attempts = self.attempts();
        loop {
            let connection = self.connection().await?;
            let begun = connection.stream(&statement);
            let first = match traced(&connection, std::slice::from_ref(&statement), begun).await {
                Ok(rows) => {
                    let mut rows = rows.alone();
                    rows.next().await.transpose().map(|first| (first, rows))
                }
                Err(error) => Err(error),
            };
            match first.map_err(Error::statement) {
                Ok((first, rows)) => {
                    // the connection goes back when there are no rows left, or the stream is dropped
                    let rest = stream::unfold((rows, connection), |(mut rows, connection)| async move {
                        rows.next().await.map(|row| (row.map_err(Error::statement), (rows, connection)))
                    });
                    return Ok(stream::iter(first.map(Ok)).chain(rest).boxed());
                }
                Err(error) => {
                    let Some(conflict) = error.worth_another_attempt() else { return Err(error) };
                    connection.forget_all();
                    drop(connection);
                    attempts.wait(conflict, error).await?;
                }
            }
        }
    }
}
