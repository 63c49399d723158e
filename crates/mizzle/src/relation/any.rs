//! A condition on a row by what belongs to it: owners with a pet born this year.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use diesel::associations::HasTable;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_source::{AppearsInFromClause, Column, Once};
use diesel::sql_types::Bool;
use diesel::{QueryResult, Table};

use super::many_to_many::Near;
use super::{BelongsToOne, HasMany, ManyToMany};
use crate::model::{BelongsTo, Model};
use crate::query::{Fragment, PrimaryKey, Select, push_filters};

/// Whether a row of `P` has any related row. Made by `.any()`, for `.filter(…)` on a query on `P`.
///
/// Like every condition it goes with `.and(…)`, `.or(…)` and `diesel::dsl::not(…)`.
#[derive(Clone)]
pub struct Any<'q, P> {
    /// The column of `P` that the relation starts from.
    near: Arc<dyn Fragment + 'q>,
    /// The statement that selects what the column is compared with.
    keys: Arc<dyn Fragment + 'q>,
    model: PhantomData<fn() -> P>,
}

/// `SELECT column FROM table WHERE column IS NOT NULL AND filters`, or through a link.
struct Keys<'q, Col, Tab, Link> {
    column: Col,
    table: Tab,
    link: Link,
    select: Select<'q>,
}

/// `INNER JOIN table ON near = far`.
struct Join<Tab, Here, There>(Tab, Here, There);

impl<'q, P, C, Fk> HasMany<'q, P, C, Fk>
where
    P: Model,
    C: Model,
    Fk: Column<Table = C::Table> + Default + Fragment + 'q,
    PrimaryKey<P>: Fragment + 'q,
{
    /// Whether there is any related row, that the filters let through.
    pub fn any(self) -> Any<'q, P> {
        let keys = Keys { column: Fk::default(), table: C::Table::table(), link: (), select: self.select };
        Any::new(P::Table::table().primary_key(), keys)
    }
}

impl<'q, P, Fk, C> BelongsToOne<'q, P, Fk, C>
where
    P: Model,
    C: Model,
    Fk: Column<Table = P::Table> + Default + Fragment + 'q,
    PrimaryKey<C>: Fragment + 'q,
{
    /// Whether the related row is there, and the filters let it through.
    pub fn any(self) -> Any<'q, P> {
        let column = C::Table::table().primary_key();
        Any::new(Fk::default(), Keys { column, table: C::Table::table(), link: (), select: self.select })
    }
}

impl<'q, P, L, C> ManyToMany<'q, P, L, C>
where
    P: Model,
    C: Model,
    L: Model + BelongsTo<P> + BelongsTo<C>,
    Near<L, P>: Fragment + 'q,
    Near<L, C>: Fragment + 'q,
    PrimaryKey<P>: Fragment + 'q,
    PrimaryKey<C>: Fragment + 'q,
{
    /// Whether there is any related row, that the filters let through.
    pub fn any(self) -> Any<'q, P> {
        let far = C::Table::table().primary_key();
        let link = Join(L::Table::table(), Near::<L, C>::default(), far);
        let keys =
            Keys { column: Near::<L, P>::default(), table: C::Table::table(), link, select: self.select };
        Any::new(P::Table::table().primary_key(), keys)
    }
}

impl<'q, P> Any<'q, P> {
    fn new(near: impl Fragment + 'q, keys: impl Fragment + 'q) -> Self {
        Self { near: Arc::new(near), keys: Arc::new(keys), model: PhantomData }
    }
}

impl<P> Expression for Any<'_, P> {
    type SqlType = Bool;
}

impl<P> QueryFragment<Pg> for Any<'_, P> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.near.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        self.keys.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<P: Model, QS: AppearsInFromClause<P::Table, Count = Once>> AppearsOnTable<QS> for Any<'_, P> {}

impl<P, GB> ValidGrouping<GB> for Any<'_, P> {
    type IsAggregate = is_aggregate::No;
}

impl<Col: Fragment, Tab: Fragment, Link: QueryFragment<Pg>> QueryFragment<Pg> for Keys<'_, Col, Tab, Link> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" FROM ");
        self.table.walk_ast(out.reborrow())?;
        self.link.walk_ast(out.reborrow())?;
        // a NULL among the keys would make NOT IN neither true nor false
        out.push_sql(" WHERE ");
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IS NOT NULL");
        push_filters(&self.select.filters, " AND ", out)
    }
}

impl<Tab: Fragment, Here: Fragment, There: Fragment> QueryFragment<Pg> for Join<Tab, Here, There> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(" INNER JOIN ");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" ON ");
        self.1.walk_ast(out.reborrow())?;
        out.push_sql(" = ");
        self.2.walk_ast(out)
    }
}

impl<P> fmt::Debug for Any<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Any")
    }
}
