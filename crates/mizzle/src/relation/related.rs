//! A relation as it is asked for: filters, order, limits, further relations.

use std::fmt;
use std::marker::PhantomData;

use diesel::QueryResult;

use super::{KeyColumns, Keyed, Path, Push, Relation, Relations};
use crate::model::Model;
use crate::node::{Beside, Node};
use crate::query::{Condition, Order, Query};
use crate::stitch::{ReadRow, Reader, reading};

/// A relation as declared: `owner::relations::pets`. Implemented by `#[table]`.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {
/// use mizzle::Link;
///
/// assert_eq!(<owner::relations::pets as Link>::NAME, "pets");
/// # }
/// ```
pub trait Link: 'static {
    /// The table that the relation starts from.
    type Parent: Model;
    /// The table of the related rows.
    type Child: Model;
    /// How many related rows there are: [`Many`], [`Maybe`] or [`One`].
    type Kind: Kind;
    /// The relation's name.
    const NAME: &'static str;
    /// Which columns equal which.
    const PATH: Path;
}

/// The table that a relation starts from, as a trait so that the compiler can say what is wrong. Implemented by `#[table]`.
pub trait StartsFrom<P> {
    /// `T`: with any other table there is no such type, and what depends on it is no second mistake.
    type Then<T>;
}

/// A relation whose rows hold the key of the row that it starts from: `has_many`, `has_one`. Implemented by `#[table]`.
pub trait Owning: Link {
    /// The columns that hold the key, as a tuple.
    type ForeignKey: KeyColumns<Self::Child>;
}

/// A relation to the row whose key a row holds: `belongs_to`. Implemented by `#[table]`.
#[diagnostic::on_unimplemented(
    message = "this relation does not lead to the row that a row belongs to",
    label = "not a `#[belongs_to]`"
)]
pub trait Belonging: Link<Child: Keyed> {}

/// A relation by the rows of a link table: `many_to_many`. Implemented by `#[table]`.
#[diagnostic::on_unimplemented(
    message = "no table stands between the two ends of this relation",
    label = "not a `#[many_to_many]`",
    note = "the rows of a `#[has_many]` or a `#[has_one]` hold the key themselves: `.cascade(…)`, `.set_null(…)` or `.restrict(…)`"
)]
pub trait Linking: Link {}

/// Any number of related rows: `has_many`, `many_to_many`.
#[derive(Debug, Clone, Copy)]
pub struct Many;
/// One related row or none: `has_one`, and `belongs_to` on a column that can be NULL.
#[derive(Debug, Clone, Copy)]
pub struct Maybe;
/// One related row: `belongs_to` on a column that cannot be NULL. It may still be missing, if the relation is logical only.
#[derive(Debug, Clone, Copy)]
pub struct One;

/// [`Many`], [`Maybe`] or [`One`] as a value.
#[derive(Debug, Clone, Copy)]
pub enum Rows {
    Many,
    Maybe,
    One,
}

/// How many related rows there are.
pub trait Kind: 'static {
    #[doc(hidden)]
    const ROWS: Rows;
    /// `Vec<T>` or `Option<T>`.
    type Of<T: Send + 'static>: Send + 'static;
    #[doc(hidden)]
    fn read<T: Send + 'static>(row: &mut Reader<'_>, read: ReadRow<T>) -> QueryResult<Self::Of<T>>;
}

impl Kind for Many {
    const ROWS: Rows = Rows::Many;
    type Of<T: Send + 'static> = Vec<T>;

    fn read<T: Send + 'static>(row: &mut Reader<'_>, read: ReadRow<T>) -> QueryResult<Vec<T>> {
        row.related(read)
    }
}

macro_rules! single {
    ($($kind:ident),+) => {
        $(impl Kind for $kind {
            const ROWS: Rows = Rows::$kind;
            type Of<T: Send + 'static> = Option<T>;

            fn read<T: Send + 'static>(row: &mut Reader<'_>, read: ReadRow<T>) -> QueryResult<Option<T>> {
                row.related_one(read)
            }
        })+
    };
}

single!(Maybe, One);

/// The rows of relation `L` beside a row, each with the relations `W`. Made by `Owner::pets()`.
///
/// ```
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64 }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {
/// // the three heaviest pets of each owner
/// let query = Owner::query().with(Owner::pets().order_by(pet::weight.desc()).limit(3));
/// # let _ = query;
/// # }
/// ```
#[must_use = "a relation is loaded by `.with(…)`"]
pub struct Related<'q, L, W = ()> {
    pub(super) node: Node<'q>,
    ends: PhantomData<fn() -> (L, W)>,
}

impl<L: Link> Related<'_, L> {
    /// The relation as declared: unfiltered, in no particular order.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// // as `Owner::pets()`, by the relation's own name
    /// let pets = mizzle::Related::<owner::relations::pets>::new();
    /// let query = Owner::query().with(pets);
    /// # }
    /// ```
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { node: Node::of_model::<L::Child>(), ends: PhantomData }
    }
}

impl<'q, L: Link, W> Related<'q, L, W> {
    /// Keeps the related rows for which the condition is true. Several filters must all be true.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// let query = Owner::query().with(Owner::pets().filter(pet::weight.gt(5)).filter(pet::name.ne("Rex")));
    /// assert_eq!(query.to_sql().unwrap().statements().len(), 2);
    /// # }
    /// ```
    pub fn filter<C: Condition<<L::Child as Model>::Table> + 'q>(mut self, condition: C) -> Self {
        self.node = self.node.filter(condition);
        self
    }

    /// Orders the related rows of each row; a further call orders those that are equal so far.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// let query = Owner::query().with(Owner::pets().order_by(pet::weight.desc()).order_by(pet::name));
    /// # }
    /// ```
    pub fn order_by<O: Order<<L::Child as Model>::Table> + 'q>(mut self, order: O) -> Self {
        self.node = self.node.order_by(order);
        self
    }

    /// Gives each row at most this many related rows: the first in the order given, by primary key where they are equal.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// let the_heaviest_of_each = Owner::query().with(Owner::pets().order_by(pet::weight.desc()).limit(1));
    /// # }
    /// ```
    pub fn limit(mut self, rows: i64) -> Self {
        self.node = self.node.limit(rows);
        self
    }

    /// Skips this many related rows of each row.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// let all_but_the_heaviest = Owner::query().with(Owner::pets().order_by(pet::weight.desc()).offset(1));
    /// # }
    /// ```
    pub fn offset(mut self, rows: i64) -> Self {
        self.node = self.node.offset(rows);
        self
    }

    /// Whether all rows of the relation are meant.
    pub(crate) fn is_whole(&self) -> bool {
        let select = &self.node.select;
        select.filters.is_empty() && select.limit.is_none() && select.offset.is_none()
    }

    /// Loads a relation beside each related row, in the same round trip.
    ///
    /// # Example
    /// ```no_run
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {}
    /// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
    /// let pets = db.load(Pet::query().with(Pet::owner().with(Owner::pets().count()))).await?;
    /// for pet in &pets {
    ///     let siblings = pet.related.as_ref().map_or(0, |owner| owner.related - 1);
    ///     println!("{} has {siblings} siblings", pet.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn with<R>(mut self, relation: R) -> Related<'q, L, R::After<W>>
    where
        R: Relation<L::Child> + 'q,
        W: Push<R>,
    {
        self.node.beside.push(relation.into_beside());
        Related { node: self.node, ends: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<P: Model, L: Link + StartsFrom<P>, W: Relations<L::Child>> Relation<P> for Related<'_, L, W> {
    type Out = <L::Kind as Kind>::Of<W::Item>;
    type After<V: Push<Self>> = L::Then<V::Out>;

    fn into_beside<'q>(self) -> Beside<'q>
    where
        Self: 'q,
    {
        Beside { name: L::NAME, path: L::PATH, node: self.node, aggregate: None, read: reading(W::read) }
    }

    fn read(row: &mut Reader<'_>) -> QueryResult<Self::Out> {
        L::Kind::read(row, W::read)
    }
}

/// A query on the children asks the same of a relation.
impl<'q, L: Link> From<Query<'q, L::Child>> for Related<'q, L> {
    fn from(query: Query<'q, L::Child>) -> Self {
        Self { node: query.node, ends: PhantomData }
    }
}

impl<L, W> Clone for Related<'_, L, W> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), ends: PhantomData }
    }
}

impl<L: Link, W> fmt::Debug for Related<'_, L, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Related").field(&L::NAME).finish()
    }
}
