//! Numbers that the type system compares: which column of its table a column is.
//!
//! Under `GROUP BY name` the column `name` may be selected and no other. Diesel says so with one impl for each pair of columns;
//! with a place for each column it is one impl for each column.

use diesel::expression::is_contained_in_group_by::{No, Yes};

/// A bit that is not set.
pub struct Zero;
/// A bit that is set.
pub struct One;

/// A column that has a place.
pub trait Placed {
    /// Bits in nested pairs: `(Zero, (One, ()))`.
    type Place;
}

/// Whether two places are the same: `Yes` or `No`, as Diesel names them.
pub trait Same<Other> {
    /// The answer.
    type Output;
}

impl Same<()> for () {
    type Output = Yes;
}

macro_rules! bits {
    ($($left:ident $right:ident: $rest:ident => $output:ty;)*) => {
        $(
            impl<$rest, Other> Same<($right, Other)> for ($left, $rest)
            where
                $rest: Same<Other>,
            {
                type Output = $output;
            }
        )*
    };
}

bits! {
    Zero Zero: Rest => Rest::Output;
    One One: Rest => Rest::Output;
    Zero One: Rest => No;
    One Zero: Rest => No;
}
