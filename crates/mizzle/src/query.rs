//! A query on one table: its conditions, its order, and the relations to load beside it.

use std::marker::PhantomData;
use std::sync::Arc;

use diesel::expression::{AppearsOnTable, Expression, NonAggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{BigInt, BoolOrNullableBool};
use diesel::{QueryResult, Table};

use crate::model::Model;
use crate::relation::{Push, Relation};

/// A query that gives rows of `M`, each with the relations `W`.
///
/// Made by `Owner::query()`, run by [`Db::load`](crate::Db::load) and its kin. One type whatever is filtered, so that a query can be
/// built step by step: `let mut q = Owner::query(); if let Some(city) = city { q = q.filter(owner::city.eq(city)); }`.
#[must_use = "a query does nothing until it is loaded"]
pub struct Query<'q, M, W = ()> {
    pub(crate) select: Select<'q>,
    pub(crate) with: W,
    model: PhantomData<fn() -> M>,
}

/// What stands behind FROM: conditions, order, limit and offset, each checked against its table already.
#[derive(Clone, Default)]
pub(crate) struct Select<'q> {
    pub(crate) filters: Vec<Arc<dyn Fragment + 'q>>,
    pub(crate) orders: Vec<Arc<dyn Fragment + 'q>>,
    pub(crate) limit: Option<i64>,
    pub(crate) offset: Option<i64>,
}

/// A piece of SQL that can be shared and sent.
pub trait Fragment: QueryFragment<Pg> + Send + Sync {}

impl<T: QueryFragment<Pg> + Send + Sync> Fragment for T {}

/// A condition on the columns of table `T` alone.
#[diagnostic::on_unimplemented(
    message = "this condition cannot be used on `{T}`",
    label = "names a column of another table, aggregates rows, or is not a boolean",
    note = "a filter of a query or relation uses the columns of its own table; to ask about another table, load it with `.with(…)` or join it with Diesel's `inner_join`"
)]
pub trait Condition<T>: QueryFragment<Pg> + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T, C> Condition<T> for C where
    C: AppearsOnTable<T>
        + Expression<SqlType: BoolOrNullableBool>
        + NonAggregate
        + QueryFragment<Pg>
        + Send
        + Sync
{
}

/// An order by the columns of table `T` alone: a column, `column.desc()`, or a tuple of these.
#[diagnostic::on_unimplemented(
    message = "rows of `{T}` cannot be put in this order",
    label = "names a column of another table",
    note = "order by the columns of the query's or the relation's own table"
)]
pub trait Order<T>: QueryFragment<Pg> + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T, O> Order<T> for O where O: AppearsOnTable<T> + NonAggregate + QueryFragment<Pg> + Send + Sync {}

impl<M: Model> Query<'_, M> {
    /// Every row of the table, in no particular order.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { select: Select::default(), with: (), model: PhantomData }
    }
}

impl<'q, M: Model, W> Query<'q, M, W> {
    /// Keeps the rows for which the condition is true. Several filters must all be true.
    pub fn filter<C: Condition<M::Table> + 'q>(mut self, condition: C) -> Self {
        self.select.filters.push(Arc::new(condition));
        self
    }

    /// Orders the rows; a further call orders those that are equal so far.
    pub fn order_by<O: Order<M::Table> + 'q>(mut self, order: O) -> Self {
        self.select.orders.push(Arc::new(order));
        self
    }

    /// Gives at most this many rows. Rows that are equal in the order given are told apart by the primary key.
    pub fn limit(mut self, rows: i64) -> Self {
        self.select.limit = Some(rows);
        self
    }

    /// Skips this many rows.
    pub fn offset(mut self, rows: i64) -> Self {
        self.select.offset = Some(rows);
        self
    }

    /// Loads a relation beside each row, in the same round trip.
    pub fn with<R>(self, relation: R) -> Query<'q, M, W::Out>
    where
        R: Relation<M>,
        W: Push<R>,
    {
        Query { select: self.select, with: self.with.push(relation), model: PhantomData }
    }
}

impl<M, W: Clone> Clone for Query<'_, M, W> {
    fn clone(&self) -> Self {
        Self { select: self.select.clone(), with: self.with.clone(), model: PhantomData }
    }
}

/// The rows that a statement is about, as SQL: a table, perhaps linked, its conditions, and the parents it was reached from.
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a dyn Fragment,
    pub(crate) key: &'a dyn Fragment,
    pub(crate) key_columns: usize,
    pub(crate) link: Option<Link<'a>>,
    pub(crate) select: &'a Select<'a>,
    pub(crate) parents: Option<Parents<'a>>,
}

/// `INNER JOIN table ON near = far`.
pub(crate) struct Link<'a> {
    pub(crate) table: &'a dyn Fragment,
    pub(crate) near: &'a dyn Fragment,
    pub(crate) far: &'a dyn Fragment,
}

/// `column = ANY(ARRAY(SELECT key FROM parents))`.
pub(crate) struct Parents<'a> {
    pub(crate) column: &'a dyn Fragment,
    pub(crate) keys: SelectFrom<'a>,
}

/// `SELECT columns FROM rows`, in order if anyone will see it.
pub(crate) struct SelectFrom<'a> {
    pub(crate) columns: &'a dyn Fragment,
    pub(crate) rows: &'a Rows<'a>,
    /// Whether the order will be seen; it is always kept where it decides which rows there are.
    pub(crate) ordered: bool,
}

impl QueryFragment<Pg> for SelectFrom<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(" FROM ");
        self.rows.walk_ast(out.reborrow())?;
        let select = self.rows.select;
        // related rows are cut for each parent, by their rank
        let cut = select.is_cut() && self.rows.parents.is_none();
        if self.ordered || cut {
            let mut separator = " ORDER BY ";
            for order in &select.orders {
                out.push_sql(separator);
                order.walk_ast(out.reborrow())?;
                separator = ", ";
            }
            if cut {
                // the statements of one flight must agree on which rows are within the limit
                out.push_sql(separator);
                self.rows.key.walk_ast(out.reborrow())?;
            }
        }
        if let Some(limit) = select.limit.as_ref().filter(|_| cut) {
            out.push_sql(" LIMIT ");
            out.push_bind_param::<BigInt, _>(limit)?;
        }
        if let Some(offset) = select.offset.as_ref().filter(|_| cut) {
            out.push_sql(" OFFSET ");
            out.push_bind_param::<BigInt, _>(offset)?;
        }
        Ok(())
    }
}

impl Select<'_> {
    fn is_cut(&self) -> bool {
        self.limit.is_some() || self.offset.is_some()
    }
}

impl QueryFragment<Pg> for Rows<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if let Some(parents) = self.parents.as_ref().filter(|_| self.select.is_cut()) {
            return self.walk_ranked(parents, out);
        }
        self.walk_tables(out.reborrow())?;
        self.walk_conditions(out)
    }
}

impl Rows<'_> {
    fn walk_tables<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.table.walk_ast(out.reborrow())?;
        if let Some(link) = &self.link {
            out.push_sql(" INNER JOIN ");
            link.table.walk_ast(out.reborrow())?;
            out.push_sql(" ON ");
            link.near.walk_ast(out.reborrow())?;
            out.push_sql(" = ");
            link.far.walk_ast(out.reborrow())?;
        }
        Ok(())
    }

    /// The rows whose rank among those of their parent is within the limit.
    fn walk_ranked<'b>(&'b self, parents: &'b Parents<'_>, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk_tables(out.reborrow())?;
        out.push_sql(" WHERE (");
        let columns = self.walk_identity(parents, out.reborrow())?;
        out.push_sql(") IN (SELECT ");
        let names: Vec<String> = (1..=columns).map(|at| format!("\"key{at}\"")).collect();
        out.push_sql(&names.join(", "));
        out.push_sql(" FROM (SELECT ");
        self.walk_identity(parents, out.reborrow())?;
        out.push_sql(", row_number() OVER (PARTITION BY ");
        parents.column.walk_ast(out.reborrow())?;
        out.push_sql(" ORDER BY ");
        for order in &self.select.orders {
            order.walk_ast(out.reborrow())?;
            out.push_sql(", ");
        }
        self.key.walk_ast(out.reborrow())?;
        out.push_sql(") FROM ");
        self.walk_tables(out.reborrow())?;
        self.walk_conditions(out.reborrow())?;
        out.push_sql(") AS \"ranked\" (");
        out.push_sql(&names.join(", "));
        out.push_sql(", \"rank\") WHERE \"rank\" > ");
        let offset = self.select.offset.as_ref().unwrap_or(&0);
        out.push_bind_param::<BigInt, _>(offset)?;
        if let Some(limit) = &self.select.limit {
            out.push_sql(" AND \"rank\" <= ");
            out.push_bind_param::<BigInt, _>(offset)?;
            out.push_sql(" + ");
            out.push_bind_param::<BigInt, _>(limit)?;
        }
        out.push_sql(")");
        Ok(())
    }

    /// The columns that tell one row from another: its key, or both ends of its link. Gives their number.
    fn walk_identity<'b>(
        &'b self,
        parents: &'b Parents<'_>,
        mut out: AstPass<'_, 'b, Pg>,
    ) -> QueryResult<usize> {
        let Some(link) = &self.link else {
            self.key.walk_ast(out)?;
            return Ok(self.key_columns);
        };
        parents.column.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        link.near.walk_ast(out)?;
        Ok(2)
    }

    fn walk_conditions<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut separator = " WHERE ";
        if let Some(parents) = &self.parents {
            out.push_sql(separator);
            parents.walk_ast(out.reborrow())?;
            separator = " AND ";
        }
        push_filters(&self.select.filters, separator, out)
    }
}

impl QueryFragment<Pg> for Parents<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        // an array of keys is one index scan; `IN (SELECT …)` was measured to be planned as a scan of the whole table
        out.push_sql(" = ANY(ARRAY(");
        self.keys.walk_ast(out.reborrow())?;
        out.push_sql("))");
        Ok(())
    }
}

/// Conditions in parentheses, joined by AND.
pub(crate) fn push_filters<'b>(
    filters: &'b [Arc<dyn Fragment + '_>],
    mut separator: &str,
    mut out: AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    for filter in filters {
        out.push_sql(separator);
        out.push_sql("(");
        filter.walk_ast(out.reborrow())?;
        out.push_sql(")");
        separator = " AND ";
    }
    Ok(())
}

/// The primary key of a table, as Diesel names it.
pub(crate) type PrimaryKey<M> = <<M as Model>::Table as Table>::PrimaryKey;
