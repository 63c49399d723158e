//! A condition on a row by what belongs to it: owners with a pet born this year, owners without one.

use std::fmt;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_source::{AppearsInFromClause, Once};
use diesel::sql_types::Bool;

use super::Path;
use super::related::{Link, Related};
use crate::model::Model;
use crate::rows::{Columns, Out, Select, push_filters, push_table};

/// Whether a row of `P` has related rows. Made by `.any()` and `.none()`, for `.filter(…)` on a query on `P`.
///
/// Like every condition it goes with `.and(…)`, `.or(…)` and `diesel::dsl::not(…)`. It is true or false, never NULL.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {
/// use mizzle::diesel::dsl::not;
///
/// let busy = Owner::pets().any();
/// let query = Owner::query().filter(owner::city.eq("Oslo").and(not(busy)));
/// # }
/// ```
#[derive(Clone)]
pub struct Any<'q, P: Model> {
    path: Path,
    select: Select<'q>,
    wanted: bool,
    model: PhantomData<fn() -> P>,
}

impl<'q, L: Link> Related<'q, L> {
    /// Whether there is any related row that the filters let through.
    ///
    /// With an offset: whether there are more rows than that. With a limit of zero: never.
    ///
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// let with_a_heavy_one = Owner::query().filter(Owner::pets().filter(pet::weight.gt(50)).any());
    /// let with_at_least_three = Owner::query().filter(Owner::pets().offset(2).any());
    /// let without = Owner::query().filter(Owner::pets().none());
    /// # let _ = (with_a_heavy_one, with_at_least_three, without);
    /// # }
    /// ```
    pub fn any(self) -> Any<'q, L::Parent> {
        Any { path: L::PATH, select: self.node.select, wanted: true, model: PhantomData }
    }

    /// Whether there is no related row that the filters let through: the opposite of [`any`](Self::any).
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// let without_a_heavy_pet = Owner::query().filter(Owner::pets().filter(pet::weight.gt(50)).none());
    /// assert!(without_a_heavy_pet.to_sql().unwrap().to_string().contains("NOT ("));
    /// # }
    /// ```
    pub fn none(self) -> Any<'q, L::Parent> {
        Any { wanted: false, ..self.any() }
    }
}

impl<P: Model> Expression for Any<'_, P> {
    type SqlType = Bool;
}

impl<P: Model> QueryFragment<Pg> for Any<'_, P> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.wanted {
            out.push_sql("NOT ");
        }
        out.push_sql("(");
        if self.select.limit.is_some_and(|limit| limit <= 0) {
            out.push_sql("FALSE");
        } else {
            self.walk_membership(&mut out)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<P: Model> Any<'_, P> {
    /// `parent IN (SELECT near FROM …)`.
    fn walk_membership<'b>(&'b self, out: &mut impl Out<'b>) -> QueryResult<()> {
        let parent = Columns { table: P::DEF, names: self.path.parent };
        let nullable = |name: &&str| P::DEF.column(name).is_some_and(|column| column.nullable);
        if parent.names.iter().any(nullable) {
            // NULL IN (…) is neither true nor false, and neither is its opposite
            parent.walk_not_null(out)?;
            out.push_sql(" AND ");
        }
        let near = self.path.near();
        parent.walk_as_value(out)?;
        out.push_sql(" IN (SELECT ");
        near.walk(out)?;
        out.push_sql(" FROM ");
        push_table(self.path.table, out)?;
        self.path.walk_link(out)?;
        // a NULL among the keys would make NOT IN neither true nor false
        out.push_sql(" WHERE ");
        near.walk_not_null(out)?;
        push_filters(&self.select.filters, " AND ", out)?;
        if let Some(offset) = self.select.offset.as_ref().filter(|offset| **offset > 0) {
            out.push_sql(" GROUP BY ");
            near.walk(out)?;
            out.push_sql(" HAVING count(*) > ");
            out.bind(offset)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<P: Model, QS: AppearsInFromClause<P::Table, Count = Once>> AppearsOnTable<QS> for Any<'_, P> {}

impl<P: Model, GB> ValidGrouping<GB> for Any<'_, P> {
    type IsAggregate = is_aggregate::No;
}

impl<P: Model> fmt::Debug for Any<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.wanted { "Any" } else { "None" })
    }
}
