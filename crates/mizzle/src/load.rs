//! What can be loaded: Mizzle's queries with their relations, and every Diesel query.

use diesel::QueryResult;
use diesel::Table;
use diesel::associations::HasTable;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment};

use crate::connection::Answer;
use crate::model::Model;
use crate::query::{Fragment, PrimaryKey, Query, Rows, SelectFrom};
use crate::relation::{Relations, read_next};
use crate::statement::Statement;

/// A query whose rows are `T`: a [`Query`](crate::Query), or anything that Diesel can load as `T`.
#[diagnostic::on_unimplemented(
    message = "this query does not give rows of `{T}`",
    label = "cannot be loaded as `{T}`",
    note = "a Diesel query gives what its `.select(…)` lists; a column that can be NULL, as behind a LEFT JOIN, is read as `Option`"
)]
pub trait Load<T> {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn plan(self) -> QueryResult<Plan<T>>;
}

/// The statements of one flight, and what to make of their results.
pub(crate) struct Plan<T> {
    pub(crate) statements: Vec<Statement>,
    pub(crate) read: Reader<T>,
}

pub(crate) type Reader<T> = Box<dyn FnOnce(Vec<Answer>) -> QueryResult<Vec<T>> + Send>;

#[allow(private_interfaces)]
impl<M, W> Load<W::Item> for Query<'_, M, W>
where
    M: Model,
    PrimaryKey<M>: Fragment,
    W: Relations<M> + Send + 'static,
{
    fn plan(self) -> QueryResult<Plan<W::Item>> {
        let (table, key) = (M::Table::table(), M::Table::table().primary_key());
        let rows = Rows {
            table: &table,
            key: &key,
            key_columns: M::DEF.primary_key.len(),
            link: None,
            select: &self.select,
            parents: None,
        };
        let columns = <M::Table as Table>::all_columns();
        let mut statements =
            vec![Statement::of(&SelectFrom { columns: &columns, rows: &rows, ordered: true })?];
        self.with.statements(&rows, &mut statements)?;
        let with = self.with;
        let read = move |answers: Vec<Answer>| {
            let mut answers = answers.into_iter();
            let rows = read_next::<M::SqlType, M>(&mut answers)?;
            with.attach(rows, &mut answers)
        };
        Ok(Plan { statements, read: Box::new(read) })
    }
}

#[allow(private_interfaces)]
#[diagnostic::do_not_recommend]
impl<Q, T, ST> Load<T> for Q
where
    Q: AsQuery,
    Q::Query: QueryFragment<Pg>,
    Q::SqlType: diesel::query_dsl::CompatibleType<T, Pg, SqlType = ST>,
    T: FromSqlRow<ST, Pg> + 'static,
{
    fn plan(self) -> QueryResult<Plan<T>> {
        let statements = vec![Statement::of(&self.as_query())?];
        let read = |answers: Vec<Answer>| read_next::<ST, T>(&mut answers.into_iter());
        Ok(Plan { statements, read: Box::new(read) })
    }
}
