//! The columns of tables, all of one generic type: what Diesel wants of a column stands here once, and not in every table.
//!
//! `diesel::table!` writes some twenty impls for each column. Here a table declares what is different about a column in one
//! impl of [`Field`] for a type without values, and the column itself is [`Col`] of it.

use std::fmt;
use std::marker::PhantomData;

use diesel::expression::is_contained_in_group_by::Yes;
use diesel::expression::{
    AppearsOnTable, AsExpression, Expression, IsContainedInGroupBy, SelectableExpression, ValidGrouping,
    is_aggregate,
};
use diesel::internal::table_macro as nodes;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_source::{AppearsInFromClause, Column, Never, Once};
use diesel::sql_types::{Bool, SingleValue, SqlType, ops};
use diesel::{EqAll, ExpressionMethods, QueryResult, QuerySource};

use crate::model::{HasColumn, Identity, Model};
use crate::place::Same;
use crate::rows::push_name;

/// What one column of a table is. Implemented by `#[table]` for each field.
pub trait Field: 'static {
    /// The struct that has the field.
    type Model: Model;
    /// The Diesel table.
    type Table: Identity;
    /// The field's type.
    type Value;
    /// The Diesel SQL type.
    type SqlType: SqlType + SingleValue;
    /// Where it stands in the table: see [`crate::place`].
    #[doc(hidden)]
    type Place;
    /// What its place is compared with under `GROUP BY` this column: its place, or any if it is the only key.
    #[doc(hidden)]
    type Groups;
    /// The column's name in the database.
    const NAME: &'static str;
    /// The field.
    fn value(model: &Self::Model) -> &Self::Value;
}

/// A column of a table, as expressions name it: `owner::name`.
pub struct Col<F>(PhantomData<fn() -> F>);

impl<F> Col<F> {
    /// The column; its table has it as a constant.
    #[doc(hidden)]
    pub const NEW: Self = Self(PhantomData);
}

impl<F> Clone for Col<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Col<F> {}

impl<F> Default for Col<F> {
    fn default() -> Self {
        Self::NEW
    }
}

impl<F: Field> fmt::Debug for Col<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(F::NAME)
    }
}

impl<M: Model, F: Field<Model = M>> HasColumn<Col<F>> for M {
    type Value = F::Value;

    fn value(&self) -> &F::Value {
        F::value(self)
    }
}

impl<F: Field> QueryId for Col<F> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<F: Field> Expression for Col<F> {
    type SqlType = F::SqlType;
}

impl<F: Field> Column for Col<F> {
    type Table = F::Table;
    const NAME: &'static str = F::NAME;
}

impl<F: Field> QueryFragment<Pg> for Col<F> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !out.should_skip_from() {
            if let Some(schema) = F::Table::SCHEMA {
                push_name(schema, &mut out)?;
                out.push_sql(".");
            }
            push_name(<F::Table as Identity>::NAME, &mut out)?;
            out.push_sql(".");
        }
        push_name(F::NAME, &mut out)
    }
}

impl<F: Field, QS> AppearsOnTable<QS> for Col<F> where QS: AppearsInFromClause<F::Table, Count = Once> {}

impl<T: Identity, F: Field<Table = T>> SelectableExpression<T> for Col<F> {}

impl<F: Field, Join, On> SelectableExpression<nodes::JoinOn<Join, On>> for Col<F> where
    Self: SelectableExpression<Join> + AppearsOnTable<nodes::JoinOn<Join, On>>
{
}

impl<F: Field, From> SelectableExpression<nodes::SelectStatement<nodes::FromClause<From>>> for Col<F>
where
    From: QuerySource,
    Self: SelectableExpression<From> + AppearsOnTable<nodes::SelectStatement<nodes::FromClause<From>>>,
{
}

impl<F: Field, Left, Right> SelectableExpression<nodes::Join<Left, Right, nodes::LeftOuter>> for Col<F>
where
    Self: AppearsOnTable<nodes::Join<Left, Right, nodes::LeftOuter>> + SelectableExpression<Left>,
    Left: QuerySource,
    // on the right side of a left join a column may be NULL, and only its nullable form can be selected
    Right: QuerySource + AppearsInFromClause<F::Table, Count = Never>,
{
}

impl<F: Field, Left, Right> SelectableExpression<nodes::Join<Left, Right, nodes::Inner>> for Col<F>
where
    Self: AppearsOnTable<nodes::Join<Left, Right, nodes::Inner>>,
    Left: QuerySource + AppearsInFromClause<F::Table>,
    Right: QuerySource + AppearsInFromClause<F::Table>,
    (Left::Count, Right::Count): nodes::Pick<Left, Right>,
    Self: SelectableExpression<<(Left::Count, Right::Count) as nodes::Pick<Left, Right>>::Selection>,
{
}

impl<F: Field, GB> ValidGrouping<GB> for Col<F>
where
    GB: IsContainedInGroupBy<Self, Output = Yes>,
{
    type IsAggregate = is_aggregate::Yes;
}

impl<F: Field> ValidGrouping<()> for Col<F> {
    type IsAggregate = is_aggregate::No;
}

/// Which columns may be selected under `GROUP BY` this one: itself, and all of its table if it is the only key.
impl<F: Field, G: Field<Table = F::Table>> IsContainedInGroupBy<Col<G>> for Col<F>
where
    F::Groups: Same<G::Place>,
{
    type Output = <F::Groups as Same<G::Place>>::Output;
}

/// `owner::table.find(id)`.
impl<F: Field, T> EqAll<T> for Col<F>
where
    T: AsExpression<F::SqlType>,
    diesel::dsl::Eq<Self, T::Expression>: Expression<SqlType = Bool>,
{
    type Output = diesel::dsl::Eq<Self, T::Expression>;

    fn eq_all(self, value: T) -> Self::Output {
        self.eq(value.as_expression())
    }
}

/// The operators of Diesel's numbers and times.
macro_rules! operators {
    ($($operator:ident $method:ident),*) => {
        $(
            impl<F, Rhs> std::ops::$operator<Rhs> for Col<F>
            where
                F: Field<SqlType: ops::$operator<Rhs: SqlType + SingleValue>>,
                Rhs: AsExpression<<F::SqlType as ops::$operator>::Rhs>,
            {
                type Output = nodes::ops::$operator<Self, Rhs::Expression>;

                fn $method(self, right: Rhs) -> Self::Output {
                    nodes::ops::$operator::new(self, right.as_expression())
                }
            }
        )*
    };
}

operators!(Add add, Sub sub, Mul mul, Div div);
