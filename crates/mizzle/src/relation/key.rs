//! The columns of a key, in the type system: which table's they are, and what they hold.

use diesel::QueryResult;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::query_source::Column;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, SqlType, is_nullable};

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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the row of a table",
    label = "no table",
    note = "`#[table]` on a struct makes it one"
)]
pub trait Keyed: Model {
    /// The columns, in order of declaration.
    type Key: KeyColumns<Self> + KeyValues<Self>;
}

/// The values of a key, as they are sent.
pub trait KeyValues<M> {
    /// The field's type, or a tuple of them if there are several.
    type Value;
    #[doc(hidden)]
    fn push<'b>(value: &'b Self::Value, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

/// Columns that can all be NULL.
#[diagnostic::on_unimplemented(
    message = "the columns of this relation cannot be NULL",
    label = "these rows always belong to one",
    note = "`cascade` deletes them; `set_null` needs a key of `Option<…>`"
)]
pub trait NullColumns {}

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

        impl<$($column),+> NullColumns for ($($column,)+)
        where
            $($column: Expression<SqlType: SqlType<IsNull = is_nullable::IsNullable>>),+
        {
        }
    };
}

/// The type of a column's field.
type Field<M, C> = <M as HasColumn<C>>::Value;

macro_rules! key_values {
    ($value:ty; $($column:ident $index:tt),+) => {
        impl<M: Model, $($column: Expression),+> KeyValues<M> for ($($column,)+)
        where
            $(M: HasColumn<$column, Value: ToSql<$column::SqlType, Pg>>, Pg: HasSqlType<$column::SqlType>),+
        {
            type Value = $value;

            fn push<'b>(value: &'b Self::Value, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                $(key_values!(@push value out M $column $index);)+
                Ok(())
            }
        }
    };
    (@push $value:ident $out:ident $model:ident $column:ident only) => {
        $out.push_bind_param::<$column::SqlType, Field<$model, $column>>($value)?
    };
    (@push $value:ident $out:ident $model:ident $column:ident $index:tt) => {
        $out.push_bind_param::<$column::SqlType, Field<$model, $column>>(&$value.$index)?
    };
}

key_values!(Field<M, A>; A only);
key_values!((Field<M, A>, Field<M, B>); A 0, B 1);
key_values!((Field<M, A>, Field<M, B>, Field<M, C>); A 0, B 1, C 2);
key_values!((Field<M, A>, Field<M, B>, Field<M, C>, Field<M, D>); A 0, B 1, C 2, D 3);
key_values!((Field<M, A>, Field<M, B>, Field<M, C>, Field<M, D>, Field<M, E>); A 0, B 1, C 2, D 3, E 4);
key_values!(
    (Field<M, A>, Field<M, B>, Field<M, C>, Field<M, D>, Field<M, E>, Field<M, F>);
    A 0, B 1, C 2, D 3, E 4, F 5
);
key_values!(
    (Field<M, A>, Field<M, B>, Field<M, C>, Field<M, D>, Field<M, E>, Field<M, F>, Field<M, G>);
    A 0, B 1, C 2, D 3, E 4, F 5, G 6
);
key_values!(
    (Field<M, A>, Field<M, B>, Field<M, C>, Field<M, D>, Field<M, E>, Field<M, F>, Field<M, G>, Field<M, H>);
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7
);

key_columns!(A);
key_columns!(A, B);
key_columns!(A, B, C);
key_columns!(A, B, C, D);
key_columns!(A, B, C, D, E);
key_columns!(A, B, C, D, E, F);
key_columns!(A, B, C, D, E, F, G);
key_columns!(A, B, C, D, E, F, G, H);
