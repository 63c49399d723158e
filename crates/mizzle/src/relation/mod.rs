//! Relations: rows beside a row, declared with the table, asked for by `.with(…)` or by the field of a shape.

mod aggregate;
mod any;
mod key;
mod path;
mod related;

use std::ops::Deref;

use diesel::QueryResult;

use crate::model::Model;
use crate::node::Beside;
use crate::stitch::Reader;

pub use aggregate::{Aggregate, Count, Extreme, Summable};
pub use any::Any;
pub use key::{KeyColumns, KeyValues, Keyed, NullColumns, SameKey};
pub use path::Path;
pub(crate) use related::Rows;
pub use related::{Belonging, Kind, Link, Linking, Many, Maybe, One, Owning, Related, StartsFrom};

/// A row with what was loaded beside it.
///
/// Reads like the row itself: `john.name`, and `john.related` for the relation; a tuple, in the order of `.with(…)`, if there are
/// several. A struct whose fields have names of their own is a [`Shape`](macro@crate::Shape).
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let owners: Vec<With<Owner, Vec<Pet>>> = db.load(Owner::query().with(Owner::pets())).await?;
/// for owner in owners {
///     println!("{} has {} pets", owner.name, owner.related.len());
///     let With { row, related: pets } = owner;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct With<M, R> {
    /// The row.
    pub row: M,
    /// What `.with(…)` asked for: `Vec<Pet>` for many, `Option<Owner>` for one, the number for a count.
    pub related: R,
}

impl<M, R> Deref for With<M, R> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.row
    }
}

/// A relation that starts from the rows of `P`, for `.with(…)`.
#[diagnostic::on_unimplemented(
    message = "this relation does not start from `{P}`",
    label = "not a relation of `{P}`",
    note = "`.with(…)` takes the relations of the query's own rows, such as `{P}::…()`"
)]
pub trait Relation<P: Model> {
    /// What stands beside each row: `Vec<…>`, `Option<…>` or a number.
    type Out: Send + 'static;
    /// The relations `W`, and this one.
    type After<W: Push<Self>>
    where
        Self: Sized;
    #[doc(hidden)]
    fn into_beside<'q>(self) -> Beside<'q>
    where
        Self: 'q;
    #[doc(hidden)]
    fn read(row: &mut Reader<'_>) -> QueryResult<Self::Out>;
}

/// Relations of one row: none, or a tuple of up to six.
pub trait Relations<M: Model> {
    /// The row alone, or [`With`] its relations.
    type Item: Send + 'static;
    #[doc(hidden)]
    fn read(row: &mut Reader<'_>) -> QueryResult<Self::Item>;
}

impl<M: Model> Relations<M> for () {
    type Item = M;

    fn read(row: &mut Reader<'_>) -> QueryResult<M> {
        row.model()
    }
}

/// Appends a relation to a tuple of relations.
#[diagnostic::on_unimplemented(
    message = "a row cannot be loaded with more than six relations",
    note = "name them in a struct with `#[derive(Shape)]`, which takes any number"
)]
pub trait Push<R> {
    /// The longer tuple.
    type Out;
}

macro_rules! relations {
    ($($relation:ident $read:ident),+; $out:ty) => {
        impl<M: Model, $($relation: Relation<M>),+> Relations<M> for ($($relation,)+) {
            type Item = With<M, $out>;

            fn read(row: &mut Reader<'_>) -> QueryResult<Self::Item> {
                let model = row.model()?;
                $(let $read = $relation::read(row)?;)+
                Ok(With { row: model, related: ($($read),+) })
            }
        }
    };
}

relations!(A a; A::Out);
relations!(A a, B b; (A::Out, B::Out));
relations!(A a, B b, C c; (A::Out, B::Out, C::Out));
relations!(A a, B b, C c, D d; (A::Out, B::Out, C::Out, D::Out));
relations!(A a, B b, C c, D d, E e; (A::Out, B::Out, C::Out, D::Out, E::Out));
relations!(A a, B b, C c, D d, E e, F f; (A::Out, B::Out, C::Out, D::Out, E::Out, F::Out));

macro_rules! push {
    ($($relation:ident),*) => {
        impl<$($relation,)* Last> Push<Last> for ($($relation,)*) {
            type Out = ($($relation,)* Last,);
        }
    };
}

push!();
push!(A);
push!(A, B);
push!(A, B, C);
push!(A, B, C, D);
push!(A, B, C, D, E);
