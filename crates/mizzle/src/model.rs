//! What `#[table]` implements: a struct and its table, its key columns, its rows to insert and to change.

use std::hash::Hash;

use diesel::associations::HasTable;
use diesel::deserialize::FromSqlRow;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::{QueryResult, Table};

use crate::def::TableDef;

/// A struct that is the row of a table. Implemented by `#[table]`.
pub trait Model: FromSqlRow<Self::SqlType, Pg> + Clone + Send + Sync + Sized + 'static {
    /// The Diesel table.
    type Table: Table<AllColumns = Self::Columns>
        + HasTable<Table = Self::Table>
        + QueryFragment<Pg>
        + Send
        + Sync
        + 'static;
    /// All columns, as a Diesel tuple.
    type Columns: Expression<SqlType = Self::SqlType> + QueryFragment<Pg> + Send + Sync + 'static;
    /// The SQL types of all columns.
    type SqlType: 'static;
    /// The table as data.
    const DEF: &'static TableDef;
}

/// The value of a column in a row. Implemented by `#[table]` for each column.
pub trait HasColumn<C>: Model {
    /// The field's type.
    type Value;
    /// The field.
    fn value(&self) -> &Self::Value;
}

/// A table of which one key refers to `Parent`. Implemented by `#[belongs_to(parent: Parent)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which of its columns belongs to `{Parent}`",
    label = "needs a column with `#[belongs_to(…: {Parent})]` in `{Self}`",
    note = "if several columns do, name one: `#[has_many(name: {Self}, by = column)]`"
)]
pub trait BelongsTo<Parent> {
    /// The columns that hold the parent's primary key, as a tuple.
    type ForeignKey;
}

/// A value that can stand on either side of a relation: a column's value, or NULL.
#[diagnostic::on_unimplemented(
    message = "a relation cannot be built on a column of type `{Self}`",
    label = "not a key",
    note = "keys are uuids, text, integers, numerics, booleans, dates and times: values that compare exactly"
)]
pub trait Key {
    /// The value when it is there.
    type Plain: Eq + Hash + Clone + Send;
    /// `None` for NULL, which belongs to nothing.
    fn plain(&self) -> Option<&Self::Plain>;
}

macro_rules! keys {
    ($($ty:ty),*) => {
        $(impl Key for $ty { type Plain = $ty; fn plain(&self) -> Option<&$ty> { Some(self) } })*
    };
}

keys!(
    uuid::Uuid,
    String,
    bool,
    i16,
    i32,
    i64,
    bigdecimal::BigDecimal,
    chrono::NaiveDate,
    chrono::NaiveTime,
    chrono::NaiveDateTime,
    chrono::DateTime<chrono::Utc>,
    Vec<u8>
);

impl<T: Key> Key for Option<T> {
    type Plain = T::Plain;

    fn plain(&self) -> Option<&T::Plain> {
        self.as_ref().and_then(Key::plain)
    }
}

/// A row to insert. Implemented by `#[table]` for `New…`.
pub trait NewRow: Send + Sync + 'static {
    /// The struct that reads the row back.
    type Model: Model;
    /// The names of the columns, in the order in which the values are pushed.
    const COLUMNS: &'static [&'static str];
    /// Pushes one value for each column, or `DEFAULT`.
    ///
    /// # Errors
    /// When a value cannot be written as its SQL type.
    fn push_values<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// Changes to a row. Implemented by `#[table]` for `…Patch`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a patch of a table",
    label = "expected the `…Patch` of this table"
)]
pub trait Patch: Send + Sync {
    /// The struct of the rows that are changed.
    type Model: Model;
    /// Pushes `column = value` for each change, separated by commas; nothing if there is none.
    ///
    /// # Errors
    /// When a value cannot be written as its SQL type.
    fn push_assignments<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

impl<P: Patch> Patch for &P {
    type Model = P::Model;

    fn push_assignments<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        P::push_assignments(self, out)
    }
}
