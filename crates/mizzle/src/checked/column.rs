//! Whether a column has the type of a field.

use std::fmt::Debug;
use std::marker::PhantomData;

use crate::types::ColumnType;

/// Knows whether `T` can be the type of a field: its own constant says yes where it is there, that of [`NoColumn`] no.
pub struct Probe<T>(PhantomData<T>);

impl<T: ColumnType + Debug + Clone + PartialEq> Probe<T> {
    /// `T` is the type of a column, and has what rows derive.
    pub const IS_COLUMN: bool = true;
}

/// What every type answers that does not answer itself.
pub trait NoColumn {
    /// `T` is not the type of a column.
    const IS_COLUMN: bool = false;
}

impl<T> NoColumn for Probe<T> {}

/// `T`, and the evidence that it is a column.
pub struct Checked<T, const EVIDENCE: bool>(PhantomData<T>);

/// A type that was checked.
pub trait Column {
    /// The type.
    type Type;
}

impl<T> Column for Checked<T, true> {
    type Type = T;
}

/// Refuses a type that no column has.
#[track_caller]
pub const fn is_column(answer: bool, message: &str) -> bool {
    if !answer {
        panic!("{}", message);
    }
    true
}

/// What is said of a value as long as the type `F` is not refused: what depends on a refused type is an error that was told.
pub trait Unless<V: ?Sized> {
    /// `V`.
    type Value: ?Sized;
}

impl<F, V: ?Sized> Unless<V> for F {
    type Value = V;
}

/// The value, of a type that is as refused as `F` is.
pub const fn unless_refused<F: Unless<V, Value = V>, V>(value: &V) -> &<F as Unless<V>>::Value {
    value
}
