//! What can be loaded: Mizzle's queries with their relations, and every Diesel query.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment};

use crate::connection::{Connection, Flight};
use crate::model::Model;
use crate::node::Node;
use crate::query::Query;
use crate::relation::Relations;
use crate::row::PgRow;
use crate::statement::Statement;
use crate::stitch::{self, Layout, Reader, Stitch};

/// A query whose rows are `T`: a [`Query`](crate::Query), that of a shape, anything that Diesel can load as `T`, or
/// [`sql!`](macro@crate::sql).
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use mizzle::Load;
///
/// async fn timed<T: Send + 'static>(db: &Db, query: impl Load<T>) -> Result<Vec<T>, mizzle::Error> {
///     let started = std::time::Instant::now();
///     let rows = db.load(query).await?;
///     println!("{} rows in {:?}", rows.len(), started.elapsed());
///     Ok(rows)
/// }
/// let owners: Vec<Owner> = timed(db, Owner::query()).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "this query does not give rows of `{T}`",
    label = "cannot be loaded as `{T}`",
    note = "a Diesel query gives what its `.select(…)` lists; a column that can be NULL, as behind a LEFT JOIN, is read as `Option`; SQL by hand gives tuples, `(i64,)` for one column"
)]
pub trait Load<T> {
    #[doc(hidden)]
    fn plan(self) -> QueryResult<Plan<T>>;
}

/// The statements of one flight, and what to make of their results.
pub struct Plan<T> {
    pub(crate) statements: Vec<Statement>,
    pub(crate) read: Read<T>,
}

/// How rows become values.
pub(crate) enum Read<T> {
    /// Each as it arrives: there is one statement.
    Each(ReadRow<T>),
    /// Each with those that stand beside it.
    Together(Vec<Layout>),
}

type ReadRow<T> = Box<dyn Fn(&PgRow) -> QueryResult<T> + Send + Sync>;

/// One statement, whose rows are read as they arrive.
pub(crate) struct Arrival<T> {
    pub(crate) statements: Vec<Statement>,
    pub(crate) read: ReadRow<T>,
}

impl<T: Send + 'static> Flight for Arrival<T> {
    type Answer = QueryResult<Vec<T>>;

    fn statements(&self) -> &[Statement] {
        &self.statements
    }

    async fn fly(&self, connection: &Connection, _: bool) -> Result<Self::Answer, tokio_postgres::Error> {
        connection.read(&self.statements[0], &*self.read).await
    }
}

/// Statements whose rows stand beside each other, the first one's read as `T`.
pub(crate) struct Gathering<T> {
    statements: Vec<Statement>,
    layouts: Vec<Layout>,
    rows: PhantomData<fn() -> T>,
}

impl<T> Gathering<T> {
    pub(crate) fn new(statements: Vec<Statement>, layouts: Vec<Layout>) -> Self {
        Self { statements, layouts, rows: PhantomData }
    }
}

impl<T: Send + 'static> Flight for Gathering<T> {
    type Answer = QueryResult<Vec<T>>;

    fn statements(&self) -> &[Statement] {
        &self.statements
    }

    async fn fly(
        &self,
        connection: &Connection,
        snapshot: bool,
    ) -> Result<Self::Answer, tokio_postgres::Error> {
        let mut stitch = Stitch::new(&self.layouts);
        connection.receive(self.statements.iter().rev(), snapshot, &mut stitch).await?;
        Ok(stitch.finish())
    }
}

impl<T: Send + 'static> Plan<T> {
    /// The plan of a tree of statements whose rows are read by `read`.
    pub(crate) fn of(node: Node<'_>, read: fn(&mut Reader<'_>) -> QueryResult<T>) -> QueryResult<Self> {
        let together = !node.beside.is_empty();
        let (statements, layouts) = node.plan(together.then(|| stitch::reading(read)))?;
        let read = match together {
            false => Read::Each(Box::new(move |row| read(&mut Reader::of_row(row)))),
            true => Read::Together(layouts),
        };
        Ok(Self { statements, read })
    }
}

impl<T: 'static> Plan<T> {
    /// The plan of one statement whose rows are read by `read`.
    pub(crate) fn of_rows(statement: Statement, read: fn(&PgRow) -> QueryResult<T>) -> Self {
        Self { statements: vec![statement], read: Read::Each(Box::new(read)) }
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model, W: Relations<M>> Load<W::Item> for Query<'_, M, W> {
    fn plan(self) -> QueryResult<Plan<W::Item>> {
        Plan::of(self.node, W::read)
    }
}

#[diagnostic::do_not_recommend]
impl<Q, T, ST> Load<T> for Q
where
    Q: AsQuery,
    Q::Query: QueryFragment<Pg>,
    Q::SqlType: diesel::query_dsl::CompatibleType<T, Pg, SqlType = ST>,
    T: FromSqlRow<ST, Pg> + 'static,
{
    fn plan(self) -> QueryResult<Plan<T>> {
        Ok(Plan::of_rows(Statement::of(&self.as_query())?, PgRow::read::<ST, T>))
    }
}
