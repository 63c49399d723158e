//! Inserts, updates and deletes as values; what would touch every row has to say so.

use std::marker::PhantomData;
use std::sync::Arc;

use diesel::expression::Expression;
use diesel::insertable::{CanInsertInSingleQuery, InsertValues};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId, UndecoratedInsertRecord, ValuesClause};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use diesel::{QueryResult, Table};

use crate::model::{Model, NewRow, Patch};
use crate::query::{Condition, Fragment, push_filters};

/// A statement that changes rows: an [`Update`], a [`Delete`], or any of Diesel's.
#[diagnostic::on_unimplemented(
    message = "this is not a complete statement",
    label = "cannot be executed",
    note = "an update or a delete needs `.filter(…)`, or `.all_rows()` if every row is meant"
)]
pub trait Execute: QueryFragment<Pg> {}

#[diagnostic::do_not_recommend]
impl<Q: QueryFragment<Pg>> Execute for Q {}

/// No filter yet: not a statement that can be executed.
#[derive(Debug, Clone, Copy)]
pub struct Unfiltered;
/// Which rows are meant has been said.
#[derive(Debug, Clone, Copy)]
pub struct Filtered;

/// A delete from the table of `M`. Made by `Owner::delete()`.
#[must_use = "a delete does nothing until it is executed"]
pub struct Delete<'q, M, State = Unfiltered> {
    filters: Vec<Arc<dyn Fragment + 'q>>,
    state: PhantomData<fn() -> (M, State)>,
}

/// An update by the patch `P`. Made by `Owner::update(patch)`.
#[must_use = "an update does nothing until it is executed"]
pub struct Update<'q, P, State = Unfiltered> {
    patch: P,
    filters: Vec<Arc<dyn Fragment + 'q>>,
    state: PhantomData<fn() -> State>,
}

impl<M: Model> Delete<'_, M> {
    /// A delete that does not say yet of which rows.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { filters: Vec::new(), state: PhantomData }
    }
}

impl<'q, M: Model, State> Delete<'q, M, State> {
    /// Deletes the rows for which the condition is true. Several filters must all be true.
    pub fn filter<C: Condition<M::Table> + 'q>(mut self, condition: C) -> Delete<'q, M, Filtered> {
        self.filters.push(Arc::new(condition));
        Delete { filters: self.filters, state: PhantomData }
    }

    /// Deletes every row there is.
    pub fn all_rows(self) -> Delete<'q, M, Filtered> {
        Delete { filters: self.filters, state: PhantomData }
    }
}

impl<P: Patch> Update<'_, P> {
    /// An update that does not say yet of which rows.
    pub fn new(patch: P) -> Self {
        Self { patch, filters: Vec::new(), state: PhantomData }
    }
}

impl<'q, P: Patch, State> Update<'q, P, State> {
    /// Changes the rows for which the condition is true. Several filters must all be true.
    pub fn filter<C: Condition<<P::Model as Model>::Table> + 'q>(
        mut self,
        condition: C,
    ) -> Update<'q, P, Filtered> {
        self.filters.push(Arc::new(condition));
        Update { patch: self.patch, filters: self.filters, state: PhantomData }
    }

    /// Changes every row there is.
    pub fn all_rows(self) -> Update<'q, P, Filtered> {
        Update { patch: self.patch, filters: self.filters, state: PhantomData }
    }
}

impl<M> Delete<'_, M, Filtered> {
    pub(crate) fn filters(&self) -> &[Arc<dyn Fragment + '_>] {
        &self.filters
    }
}

impl<P> Update<'_, P, Filtered> {
    pub(crate) fn filters(&self) -> &[Arc<dyn Fragment + '_>] {
        &self.filters
    }
}

impl<M: Model> QueryFragment<Pg> for Delete<'_, M, Filtered> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM ");
        push_table::<M>(out.reborrow())?;
        push_filters(&self.filters, " WHERE ", out)
    }
}

impl<P: Patch> QueryFragment<Pg> for Update<'_, P, Filtered> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if Assignments(&self.patch).is_noop(&Pg)? {
            return Err(diesel::result::Error::QueryBuilderError(
                "the patch changes nothing: set at least one field".into(),
            ));
        }
        out.push_sql("UPDATE ");
        push_table::<P::Model>(out.reborrow())?;
        out.push_sql(" SET ");
        self.patch.push_assignments(out.reborrow())?;
        push_filters(&self.filters, " WHERE ", out)
    }
}

/// `INSERT INTO table (columns) VALUES (…), (…) RETURNING columns`.
pub(crate) struct Insert<'a, N>(pub(crate) &'a [N]);

impl<N: NewRow> QueryFragment<Pg> for Insert<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ");
        push_table::<N::Model>(out.reborrow())?;
        out.push_sql(" (");
        push_names::<N>(out.reborrow())?;
        let mut separator = ") VALUES (";
        for row in self.0 {
            out.push_sql(separator);
            row.push_values(out.reborrow())?;
            separator = "), (";
        }
        out.push_sql(") RETURNING ");
        let mut separator = "";
        for column in <N::Model as Model>::DEF.columns {
            out.push_sql(separator);
            out.push_identifier(column.name)?;
            separator = ", ";
        }
        Ok(())
    }
}

fn push_table<M: Model>(mut out: AstPass<'_, '_, Pg>) -> QueryResult<()> {
    if let Some(schema) = M::DEF.schema {
        out.push_identifier(schema)?;
        out.push_sql(".");
    }
    out.push_identifier(M::DEF.name)
}

fn push_names<N: NewRow>(mut out: AstPass<'_, '_, Pg>) -> QueryResult<()> {
    let mut separator = "";
    for name in N::COLUMNS {
        out.push_sql(separator);
        out.push_identifier(name)?;
        separator = ", ";
    }
    Ok(())
}

/// Pushes the value of column `C` as a parameter.
///
/// # Errors
/// When the value cannot be written as the column's SQL type.
pub fn push_value<'b, C, T>(value: &'b T, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>
where
    C: Expression,
    Pg: HasSqlType<C::SqlType>,
    T: ToSql<C::SqlType, Pg>,
{
    out.push_bind_param::<C::SqlType, T>(value)
}

/// The values of one row in Diesel's INSERT.
#[derive(Debug, Clone)]
pub struct RowValues<N>(Option<N>);

/// What `diesel::insert_into(owner::table).values(new_owner)` inserts.
pub type Values<N> = ValuesClause<RowValues<N>, <<N as NewRow>::Model as Model>::Table>;

/// A row as Diesel inserts it.
pub fn values<N: NewRow>(row: N) -> Values<N> {
    let mut values = Values::<N>::default();
    values.values = RowValues(Some(row));
    values
}

impl<N> Default for RowValues<N> {
    fn default() -> Self {
        Self(None)
    }
}

impl<N: NewRow> QueryFragment<Pg> for RowValues<N> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.as_ref().map_or(Ok(()), |row| row.push_values(out))
    }
}

impl<N: NewRow, T: Table> InsertValues<Pg, T> for RowValues<N> {
    fn column_names(&self, out: AstPass<'_, '_, Pg>) -> QueryResult<()> {
        push_names::<N>(out)
    }
}

impl<N: NewRow> CanInsertInSingleQuery<Pg> for RowValues<N> {
    fn rows_to_insert(&self) -> Option<usize> {
        Some(1)
    }
}

impl<N: NewRow, T> UndecoratedInsertRecord<T> for RowValues<N> {}

impl<N> QueryId for RowValues<N> {
    type QueryId = ();
    // which columns are DEFAULT changes from row to row, and with it the SQL
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// The changes of a patch in Diesel's UPDATE.
#[derive(Debug, Clone, Copy)]
pub struct Assignments<P>(pub P);

impl<P: Patch> QueryFragment<Pg> for Assignments<P> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.push_assignments(out)
    }
}

impl<P> QueryId for Assignments<P> {
    type QueryId = ();
    // which columns are set changes from patch to patch, and with it the SQL
    const HAS_STATIC_QUERY_ID: bool = false;
}
