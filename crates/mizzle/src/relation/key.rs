//! The columns of a key, in the type system: which table's they are, and what they hold.

use diesel::query_source::Column;

use crate::model::{HasColumn, Key, Model};

/// One to eight columns of the table of `M`, as a tuple: `(pet::owner_id,)`, `(line::order_id, line::number)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key of `{M}`",
    label = "expected columns of `{M}` that can be compared"
)]
pub trait KeyColumns<M> {
    /// The Rust types of the values, without NULL.
    type Plain;
    /// The columns' names in the database.
    const NAMES: &'static [&'static str];
}

/// A table's primary key, as a tuple of columns. Implemented by `#[table]`.
pub trait Keyed: Model {
    /// The columns, in order of declaration.
    type Key: KeyColumns<Self>;
}

/// Keys that hold the same types, so that one can refer to the other.
#[diagnostic::on_unimplemented(
    message = "a key of type `{Self}` cannot refer to one of type `{Other}`",
    label = "the two sides of this relation have keys of different types",
    note = "the columns that belong to another table have the types of its primary key, in the same order"
)]
pub trait SameKey<Other> {}

impl<T> SameKey<T> for T {}

macro_rules! key_columns {
    ($($column:ident),+) => {
        impl<M: Model, $($column: Column),+> KeyColumns<M> for ($($column,)+)
        where
            $(M: HasColumn<$column, Value: Key>),+
        {
            type Plain = ($(<<M as HasColumn<$column>>::Value as Key>::Plain,)+);
            const NAMES: &'static [&'static str] = &[$($column::NAME),+];
        }
    };
}

key_columns!(A);
key_columns!(A, B);
key_columns!(A, B, C);
key_columns!(A, B, C, D);
key_columns!(A, B, C, D, E);
key_columns!(A, B, C, D, E, F);
key_columns!(A, B, C, D, E, F, G);
key_columns!(A, B, C, D, E, F, G, H);
