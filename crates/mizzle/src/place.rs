//! Numbers that the type system compares: which column of its table a column is.
//!
//! Under `GROUP BY name` the column `name` may be selected and no other. Diesel says so with one impl for each pair of columns;
//! with a place for each column it is one impl for each column.

use diesel::expression::is_contained_in_group_by::{No, Yes};

/// A bit that is not set.
pub struct Zero;
/// A bit that is set.
pub struct One;

/// Stands for every place.
pub struct Every;

/// Whether two places, which are bits in nested pairs, are the same: `Yes` or `No`, as Diesel names them.
pub trait Same<Other> {
    /// The answer.
    type Output;
}

impl Same<()> for () {
    type Output = Yes;
}

impl<Place> Same<Place> for Every {
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

/// The digits of a place, four bits each: `Digit3<Digit1<()>>` is 19.
macro_rules! digits {
    ($($name:ident: $a:ident $b:ident $c:ident $d:ident;)*) => {
        $(pub type $name<Rest> = ($a, ($b, ($c, ($d, Rest))));)*
    };
}

digits! {
    Digit0: Zero Zero Zero Zero;
    Digit1: One Zero Zero Zero;
    Digit2: Zero One Zero Zero;
    Digit3: One One Zero Zero;
    Digit4: Zero Zero One Zero;
    Digit5: One Zero One Zero;
    Digit6: Zero One One Zero;
    Digit7: One One One Zero;
    Digit8: Zero Zero Zero One;
    Digit9: One Zero Zero One;
    Digit10: Zero One Zero One;
    Digit11: One One Zero One;
    Digit12: Zero Zero One One;
    Digit13: One Zero One One;
    Digit14: Zero One One One;
    Digit15: One One One One;
}
