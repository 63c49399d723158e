//! A query on one table: its conditions, its order, and the relations to load beside it.

use std::fmt;
use std::marker::PhantomData;

use diesel::expression::{AppearsOnTable, Expression, NonAggregate};
use diesel::pg::Pg;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::BoolOrNullableBool;

use crate::model::Model;
use crate::node::Node;
use crate::relation::{Push, Relation};

/// A query that gives rows of `M`, each with the relations `W`.
///
/// Made by `Owner::query()`, run by [`Db::load`](crate::Db::load) and its kin. One type whatever is filtered, so that a query can be
/// built step by step: `let mut q = Owner::query(); if let Some(city) = city { q = q.filter(owner::city.eq(city)); }`.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let query = Owner::query().filter(owner::city.eq("Oslo")).order_by(owner::name).limit(10).with(Owner::pets());
/// let owners: Vec<With<Owner, Vec<Pet>>> = db.load(query).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a query does nothing until it is loaded"]
pub struct Query<'q, M, W = ()> {
    pub(crate) node: Node<'q>,
    rows: PhantomData<fn() -> (M, W)>,
}

/// A piece of SQL that can be shared and sent.
pub trait Fragment: QueryFragment<Pg> + Send + Sync {}

impl<T: QueryFragment<Pg> + Send + Sync> Fragment for T {}

/// A condition on the columns of table `T` alone.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// use mizzle::Condition;
///
/// fn of_city<'q>(city: &'q str) -> impl Condition<owner::table> + 'q {
///     owner::city.eq(city)
/// }
/// # fn main() {
/// let query = Owner::query().filter(of_city("Oslo"));
/// # }
/// ```
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
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// use mizzle::{Order, Query};
///
/// fn first_ten<'q>(order: impl Order<owner::table> + 'q) -> Query<'q, Owner> {
///     Owner::query().order_by(order).limit(10)
/// }
/// # fn main() {
/// let query = first_ten((owner::city, owner::name.desc()));
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "rows of `{T}` cannot be put in this order",
    label = "names a column of another table, or is no column",
    note = "order by the columns of the query's or the relation's own table"
)]
pub trait Order<T>: QueryFragment<Pg> + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T, O> Order<T> for O where O: AppearsOnTable<T> + NonAggregate + QueryFragment<Pg> + Send + Sync {}

impl<M: Model> Query<'_, M> {
    /// Every row of the table, in no particular order.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// // as `Owner::query()`, where the table is a type parameter
    /// async fn all<M: Model>(db: &Db) -> Result<Vec<M>, mizzle::Error> {
    ///     db.load(mizzle::Query::<M>::new()).await
    /// }
    /// let owners = all::<Owner>(db).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { node: Node::of_model::<M>(), rows: PhantomData }
    }
}

impl<'q, M: Model, W> Query<'q, M, W> {
    /// Keeps the rows for which the condition is true. Several filters must all be true.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let query = Owner::query().filter(owner::city.eq("Oslo")).filter(owner::name.like("A%").or(owner::id.lt(10)));
    /// let sql = query.to_sql().unwrap().to_string();
    /// assert!(sql.contains(r#"WHERE (("owner"."city" = $1)) AND"#), "{sql}");
    /// # }
    /// ```
    pub fn filter<C: Condition<M::Table> + 'q>(mut self, condition: C) -> Self {
        self.node = self.node.filter(condition);
        self
    }

    /// Orders the rows; a further call orders those that are equal so far.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let query = Owner::query().order_by((owner::city, owner::name.desc())).order_by(owner::id);
    /// let sql = query.to_sql().unwrap().to_string();
    /// assert!(sql.ends_with(r#"ORDER BY "owner"."city", "owner"."name" DESC, "owner"."id""#), "{sql}");
    /// # }
    /// ```
    pub fn order_by<O: Order<M::Table> + 'q>(mut self, order: O) -> Self {
        self.node = self.node.order_by(order);
        self
    }

    /// Gives at most this many rows. Rows that are equal in the order given are told apart by the primary key.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let query = Owner::query().order_by(owner::city).limit(10);
    /// let sql = query.to_sql().unwrap().to_string();
    /// assert!(sql.contains(r#"ORDER BY "owner"."city", "owner"."id" LIMIT $1"#), "{sql}");
    /// # }
    /// ```
    pub fn limit(mut self, rows: i64) -> Self {
        self.node = self.node.limit(rows);
        self
    }

    /// Skips this many rows.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # fn main() {
    /// let third_page = Owner::query().order_by(owner::name).limit(10).offset(20);
    /// assert!(third_page.to_sql().unwrap().to_string().ends_with("LIMIT $1 OFFSET $2 -- binds: [10, 20]"));
    /// # }
    /// ```
    pub fn offset(mut self, rows: i64) -> Self {
        self.node = self.node.offset(rows);
        self
    }

    /// Loads a relation beside each row, in the same round trip.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let owners = db.load(Owner::query().with(Owner::pets().with(Pet::owner())).with(Owner::pets().count())).await?;
    /// let (pets, number) = &owners[0].related;
    /// assert_eq!(pets.len() as i64, *number);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with<R>(mut self, relation: R) -> Query<'q, M, R::After<W>>
    where
        R: Relation<M> + 'q,
        W: Push<R>,
    {
        self.node.beside.push(relation.into_beside());
        Query { node: self.node, rows: PhantomData }
    }
}

impl<'q, M: Model> From<Node<'q>> for Query<'q, M> {
    fn from(node: Node<'q>) -> Self {
        Self { node, rows: PhantomData }
    }
}

impl<'q, M, W> From<Query<'q, M, W>> for Node<'q> {
    fn from(query: Query<'q, M, W>) -> Self {
        query.node
    }
}

impl<M, W> Clone for Query<'_, M, W> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), rows: PhantomData }
    }
}

impl<M, W> fmt::Debug for Query<'_, M, W> {
    /// The SQL of its statements, without the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}
