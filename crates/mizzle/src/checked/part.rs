//! Whether the field of a shape can hold the column or relation that it names.

use std::marker::PhantomData;

use crate::relation::{Kind, Link, Rows};
use crate::shape::Part;

/// What shapes compare of a field: whether the column or relation `P` can be read as `T`.
pub struct ProbePart<P, T>(PhantomData<(P, T)>);

impl<P: Part<T>, T> ProbePart<P, T> {
    /// `P` can.
    pub const HOLDS: bool = true;
}

/// What every part answers that does not answer itself.
pub trait NotHeld {
    /// `P` cannot.
    const HOLDS: bool = false;
}

impl<P, T> NotHeld for ProbePart<P, T> {}

/// Whether `P` is a relation, and to how many rows.
pub struct ProbeLink<P>(PhantomData<P>);

impl<P: Link> ProbeLink<P> {
    /// To these.
    pub const LEADS: Option<Rows> = Some(<P::Kind as Kind>::ROWS);
}

/// What every part answers that is no relation.
pub trait NoRelation {
    /// It is a column.
    const LEADS: Option<Rows> = None;
}

impl<P> NoRelation for ProbeLink<P> {}

/// The part of field number `FIELD` of a shape.
pub trait Held<const FIELD: usize> {
    /// The column or relation.
    type Part;
}

/// `P`, and the evidence that the field can hold it.
pub struct Holding<P, const EVIDENCE: bool>(PhantomData<P>);

/// A part that a field can hold.
pub trait HeldPart {
    /// The column or relation.
    type Part;
}

impl<P> HeldPart for Holding<P, true> {
    type Part = P;
}

/// Refuses a field that cannot hold what it names, in the words for a column that `Option` more or less would be read as, for one
/// of another type, and for relations to many rows, to one that may be missing, to one.
#[track_caller]
pub const fn is_held(holds: bool, with_option: bool, leads: Option<Rows>, words: [&str; 5]) -> bool {
    let [option, column, many, maybe, one] = words;
    match leads {
        _ if holds => true,
        None if with_option => panic!("{}", option),
        None => panic!("{}", column),
        Some(Rows::Many) => panic!("{}", many),
        Some(Rows::Maybe) => panic!("{}", maybe),
        Some(Rows::One) => panic!("{}", one),
    }
}
