//! Relations: how the rows beside a row are found, and how they are put in their place.
//!
//! Each relation adds one statement to the flight. Its rows are chosen by the parents' own query, keys only, so nothing waits for
//! an answer before it can be sent:
//!
//! ```text
//! SELECT … FROM owner WHERE city = $1
//! SELECT … FROM pet WHERE pet.owner_id = ANY(ARRAY(SELECT owner.id FROM owner WHERE city = $1))
//! ```
//!
//! The rows come back as they are stored, in binary, and are joined to their parents here, by key.

mod any;
mod belongs_to;
mod builder;
mod count;
mod has_many;
mod many_to_many;

use std::marker::PhantomData;
use std::ops::Deref;

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;

use crate::connection::Answer;
use crate::model::{HasColumn, Key, Model};
use crate::query::Rows;
use crate::row::PgRow;
use crate::statement::Statement;

pub use any::Any;
pub use belongs_to::BelongsToOne;
pub use count::Count;
pub use has_many::HasMany;
pub use many_to_many::ManyToMany;

/// A row with what was loaded beside it.
///
/// Reads like the row itself: `john.name`, and `john.related` for the relation; a tuple, in the order of `.with(…)`, if there are
/// several.
#[derive(Debug, Clone, PartialEq)]
pub struct With<M, R> {
    /// The row.
    pub row: M,
    /// What `.with(…)` asked for: `Vec<Pet>` for many, `Option<Owner>` for one.
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
    /// What stands beside each row: `Vec<…>` or `Option<…>`.
    type Out: Send;
    /// Adds the relation's statements to the flight.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()>;
    /// Takes the relation's rows, in the order of its statements, and gives each parent its own.
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn attach(&self, parents: &[P], results: &mut Results) -> QueryResult<Vec<Self::Out>>;
}

/// The results of a flight, in the order of its statements.
pub(crate) type Results = std::vec::IntoIter<Answer>;

/// Relations of one row: none, or a tuple of up to four.
pub trait Relations<M: Model> {
    /// The row alone, or [`With`] its relations.
    type Item: Clone + Send;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()>;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn attach(&self, rows: Vec<M>, results: &mut Results) -> QueryResult<Vec<Self::Item>>;
}

#[allow(private_interfaces)]
impl<M: Model> Relations<M> for () {
    type Item = M;

    fn statements(&self, _: &Rows<'_>, _: &mut Vec<Statement>) -> QueryResult<()> {
        Ok(())
    }

    fn attach(&self, rows: Vec<M>, _: &mut Results) -> QueryResult<Vec<M>> {
        Ok(rows)
    }
}

/// Appends a relation to a tuple of relations.
pub trait Push<R> {
    /// The longer tuple.
    type Out;
    /// Appends.
    fn push(self, relation: R) -> Self::Out;
}

macro_rules! relations {
    ($($relation:ident $related:ident $at:tt),+; $out:ty) => {
        #[allow(private_interfaces)]
        impl<M: Model, $($relation: Relation<M>),+> Relations<M> for ($($relation,)+)
        where
            $($relation::Out: Clone),+
        {
            type Item = With<M, $out>;

            fn statements(&self, parents: &Rows<'_>, flight: &mut Vec<Statement>) -> QueryResult<()> {
                $(self.$at.statements(parents, flight)?;)+
                Ok(())
            }

            fn attach(&self, rows: Vec<M>, results: &mut Results) -> QueryResult<Vec<Self::Item>> {
                $(let mut $related = self.$at.attach(&rows, results)?.into_iter();)+
                // every relation answers for every row
                let next = |row| Some(With { row, related: ($($related.next()?),+) });
                Ok(rows.into_iter().map_while(next).collect())
            }
        }
    };
}

relations!(A a 0; A::Out);
relations!(A a 0, B b 1; (A::Out, B::Out));
relations!(A a 0, B b 1, C c 2; (A::Out, B::Out, C::Out));
relations!(A a 0, B b 1, C c 2, D d 3; (A::Out, B::Out, C::Out, D::Out));

macro_rules! push {
    ($($relation:ident $at:tt),*) => {
        impl<$($relation,)* Last> Push<Last> for ($($relation,)*) {
            type Out = ($($relation,)* Last,);

            fn push(self, relation: Last) -> Self::Out {
                ($(self.$at,)* relation,)
            }
        }
    };
}

push!();
push!(A 0);
push!(A 0, B 1);
push!(A 0, B 1, C 2);

/// What a relation connects, in its type alone.
type Ends<T> = PhantomData<fn() -> T>;

/// The value on the other side of a relation, without its NULL.
type PlainOf<M, Col> = <<M as HasColumn<Col>>::Value as Key>::Plain;

/// The rows of the next statement of the flight.
pub(crate) fn read_next<ST, T: FromSqlRow<ST, Pg>>(results: &mut Results) -> QueryResult<Vec<T>> {
    results.next().map_or_else(Vec::new, |answer| answer.rows).iter().map(PgRow::read::<ST, T>).collect()
}
