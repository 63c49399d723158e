//! Rows of SQL written by hand, read as Rust values: each column's type is compared before it is read.

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::result::Error;
use diesel::sql_types::{HasSqlType, Nullable, SqlType, is_nullable};
use tokio_postgres::types::Type;

use crate::row::PgRow;
use crate::statement::BuiltinTypes;
use crate::types::ColumnType;

/// A Rust value that is read from a row of [`sql!`](macro@crate::sql).
///
/// Tuples are read by position; structs by name, with `#[derive(FromRow)]`, as the structs of tables are.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let by_position: Vec<(String, i64)> = db.load(sql!("SELECT city, count(*) FROM owner GROUP BY city")).await?;
/// let by_name: Vec<Owner> = db.load(sql!("SELECT * FROM owner")).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not read from a row of SQL",
    label = "not a row",
    note = "a row is a tuple such as `(i64, String)`, `(i64,)` for one column, a table's struct, or a struct with `#[derive(FromRow)]`"
)]
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// When a column is missing, of another type, or NULL where the field is no `Option`.
    ///
    /// # Example
    /// ```
    /// use mizzle::{FromRow, PgRow, diesel::QueryResult};
    ///
    /// struct Name(String);
    ///
    /// impl FromRow for Name {
    ///     fn from_row(row: &PgRow) -> QueryResult<Self> {
    ///         row.get("name").map(Self)
    ///     }
    /// }
    /// ```
    fn from_row(row: &PgRow) -> QueryResult<Self>;
}

/// A Rust value that is read from one column: the types of columns, and `Option` of these.
///
/// # Example
/// ```no_run
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// use mizzle::FromColumn;
///
/// /// The only column of the only row.
/// async fn value<T: FromColumn + Send + 'static>(db: &Db, query: mizzle::RawSql) -> Result<T, mizzle::Error> {
///     Ok(db.first::<(T,), _>(query).await?.0)
/// }
/// let latest: Option<i64> = value(db, sql!("SELECT max(id) FROM owner")).await?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not read from a column",
    label = "not the type of a column",
    note = "columns are read as the types that columns have, or `Option` of these where NULL may come"
)]
pub trait FromColumn: Sized {
    #[doc(hidden)]
    fn from_column(row: &PgRow, at: usize) -> QueryResult<Self>;
}

impl<T> FromColumn for T
where
    T: ColumnType + FromSqlRow<T::SqlType, Pg>,
    Pg: HasSqlType<T::SqlType>,
{
    fn from_column(row: &PgRow, at: usize) -> QueryResult<Self> {
        compare::<T>(row, at)?;
        row.read_columns::<T::SqlType, T>(at..at + 1)
    }
}

impl<T> FromColumn for Option<T>
where
    T: ColumnType<SqlType: SqlType<IsNull = is_nullable::NotNull>>,
    Self: FromSqlRow<Nullable<T::SqlType>, Pg>,
    Pg: HasSqlType<T::SqlType>,
{
    fn from_column(row: &PgRow, at: usize) -> QueryResult<Self> {
        compare::<T>(row, at)?;
        row.read_columns::<Nullable<T::SqlType>, Self>(at..at + 1)
    }
}

impl PgRow {
    /// The column of this name.
    ///
    /// # Errors
    /// When there is none, it has another type, or it is NULL and `T` is no `Option`.
    ///
    /// # Example
    /// ```
    /// use mizzle::{PgRow, diesel::QueryResult};
    ///
    /// fn telephone(row: &PgRow) -> QueryResult<Option<String>> {
    ///     row.get("telephone")
    /// }
    /// ```
    pub fn get<T: FromColumn>(&self, name: &str) -> QueryResult<T> {
        let at = self.position(name).ok_or_else(|| wrong(format!("the row has no column \"{name}\"")))?;
        T::from_column(self, at)
    }
}

macro_rules! tuples {
    ($($column:ident $at:tt),+; $count:literal) => {
        impl<$($column: FromColumn),+> FromRow for ($($column,)+) {
            fn from_row(row: &PgRow) -> QueryResult<Self> {
                if row.len() != $count {
                    return Err(wrong(format!("the row has {} columns, the tuple {}", row.len(), $count)));
                }
                Ok(($($column::from_column(row, $at)?,)+))
            }
        }
    };
}

tuples!(A 0; 1);
tuples!(A 0, B 1; 2);
tuples!(A 0, B 1, C 2; 3);
tuples!(A 0, B 1, C 2, D 3; 4);
tuples!(A 0, B 1, C 2, D 3, E 4; 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5; 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6; 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7; 8);

/// Refuses a column whose type is not the one that `T` reads: the bytes of one type often read as another, and mean nothing.
fn compare<T: ColumnType>(row: &PgRow, at: usize) -> QueryResult<()>
where
    Pg: HasSqlType<T::SqlType>,
{
    let (name, found) = row.column(at);
    let wanted = <Pg as HasSqlType<T::SqlType>>::metadata(&mut BuiltinTypes);
    let wanted = wanted.oid().ok().and_then(Type::from_oid);
    if wanted.as_ref().is_none_or(|wanted| like(wanted) == like(found)) {
        return Ok(());
    }
    let rust = std::any::type_name::<T>();
    Err(wrong(format!("column \"{name}\" is of type {found}, which does not read as `{rust}`")))
}

/// The types that are sent alike count as one.
fn like(ty: &Type) -> &Type {
    match *ty {
        Type::VARCHAR | Type::BPCHAR | Type::NAME => &Type::TEXT,
        _ => ty,
    }
}

fn wrong(text: String) -> Error {
    Error::DeserializationError(text.into())
}
