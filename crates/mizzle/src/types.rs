//! Which Aurora DSQL column a Rust type is.
//!
//! Types: <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-postgresql-compatibility-supported-data-types.html>.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::deserialize::FromSql;
use diesel::pg::Pg;
use diesel::pg::data_types::PgInterval;
use diesel::serialize::ToSql;
use diesel::sql_types;
use uuid::Uuid;

/// A span of time in the parts that a calendar keeps apart: months, days and microseconds.
///
/// A month is not a number of days and a day is not a number of hours, so no part is turned into another, and values with
/// different parts are different: `1.month()` is not `30.days()`. Diesel's `IntervalDsl` makes them from numbers.
///
/// ```
/// use mizzle::Interval;
/// use mizzle::diesel::dsl::IntervalDsl;
///
/// let lease = Interval::new(0, 15, 1); // microseconds, days, months
/// assert_eq!(lease, 1.month() + 15.days());
/// ```
pub type Interval = PgInterval;

/// A type that a column can have.
///
/// | Rust | Aurora DSQL |
/// |---|---|
/// | `Uuid` | `uuid` |
/// | `String` | `text`; `varchar(n)` and `char(n)` by `#[column(…)]` |
/// | `bool` | `boolean` |
/// | `i16`, `i32`, `i64` | `smallint`, `integer`, `bigint` |
/// | `f32`, `f64` | `real`, `double precision` |
/// | `BigDecimal`; `rust_decimal::Decimal` with the feature `rust_decimal` | `numeric(18,6)`; `numeric(p, s)` by `#[column(…)]` |
/// | `NaiveDate`, `NaiveTime`, `NaiveDateTime`, `DateTime<Utc>` (chrono) | `date`, `time`, `timestamp`, `timestamptz` |
/// | `Date`, `Time`, `DateTime`, `Timestamp` of `mizzle::jiff` with the feature `jiff` | the same four |
/// | [`Interval`] | `interval` |
/// | [`TimeTz`](crate::TimeTz) | `timetz` |
/// | `Vec<u8>` | `bytea` |
/// | `serde_json::Value`, `Json<T>` with the feature `json` | `jsonb`; `json` by `#[column(json)]` |
/// | an enum that derives [`DbEnum`](crate::DbEnum) | `text` with a CHECK |
/// | a struct that derives [`DbType`](macro@crate::DbType) | what its field is |
///
/// `Option<T>` of any of them is a column that takes NULL.
///
/// # A type of one's own
///
/// `DbType` and `DbEnum` write all of this. By hand, where a value is not the text or number it is stored as:
///
/// ```
/// use mizzle::diesel::deserialize::{self, FromSql, FromSqlRow};
/// use mizzle::diesel::expression::AsExpression;
/// use mizzle::diesel::pg::{Pg, PgValue};
/// use mizzle::diesel::serialize::{self, Output, ToSql};
/// use mizzle::diesel::{self, sql_types};
/// use mizzle::prelude::*;
///
/// /// Stored as `#rrggbb`.
/// #[derive(Debug, Clone, Copy, PartialEq, AsExpression, FromSqlRow)]
/// #[diesel(sql_type = sql_types::Text)]
/// struct Colour(u32);
///
/// impl mizzle::ColumnType for Colour {
///     type SqlType = sql_types::Text;
///     const SQL: &'static str = "char(7)";
/// }
/// impl FromSql<sql_types::Text, Pg> for Colour {
///     fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
///         let text = <String as FromSql<sql_types::Text, Pg>>::from_sql(value)?;
///         Ok(Self(u32::from_str_radix(text.trim_start_matches('#'), 16)?))
///     }
/// }
/// impl ToSql<sql_types::Text, Pg> for Colour {
///     fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
///         use std::io::Write;
///         write!(out, "#{:06x}", self.0)?;
///         Ok(serialize::IsNull::No)
///     }
/// }
///
/// #[table]
/// struct Tag {
///     #[column(primary_key)]
///     name: String,
///     colour: Option<Colour>,
/// }
/// # fn main() {
/// assert_eq!(Tag::DEF.column("colour").unwrap().sql_type, "char(7)");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of an Aurora DSQL column",
    label = "no column has this type",
    note = "a struct of one field derives `DbType`, an enum without fields `DbEnum`; other data goes into `Json<…>` or a table of its own"
)]
pub trait ColumnType:
    FromSql<<Self as ColumnType>::SqlType, Pg> + ToSql<<Self as ColumnType>::SqlType, Pg> + Sized
{
    /// Diesel's name of the SQL type.
    type SqlType: sql_types::SqlType + sql_types::SingleValue;
    /// The type as SQL writes it.
    const SQL: &'static str;
    /// The only values it takes, if they are few enough to be listed in a CHECK.
    const VALUES: &'static [&'static str] = &[];
}

/// A column whose type only the compiler can look up.
pub trait Typed {
    /// The type of a value that is not NULL.
    type Rust: ColumnType;
    /// The type of the field.
    type Field;
}

macro_rules! column_types {
    ($($rust:ty => $diesel:ident, $sql:literal;)*) => {
        $(impl ColumnType for $rust { type SqlType = sql_types::$diesel; const SQL: &'static str = $sql; })*
    };
}

#[cfg(any(feature = "json", feature = "jiff"))]
pub(crate) use column_types;

column_types! {
    Uuid => Uuid, "uuid";
    String => Text, "text";
    bool => Bool, "boolean";
    i16 => SmallInt, "smallint";
    i32 => Integer, "integer";
    i64 => BigInt, "bigint";
    f32 => Float, "real";
    f64 => Double, "double precision";
    // DSQL reads a bare numeric as numeric(18,6), so the precision is always spelled out
    BigDecimal => Numeric, "numeric(18,6)";
    NaiveDate => Date, "date";
    NaiveTime => Time, "time";
    NaiveDateTime => Timestamp, "timestamp";
    DateTime<Utc> => Timestamptz, "timestamptz";
    Vec<u8> => Binary, "bytea";
    Interval => Interval, "interval";
}

#[cfg(feature = "rust_decimal")]
column_types! {
    rust_decimal::Decimal => Numeric, "numeric(18,6)";
}

/// A key that the program makes and that grows with time: a version 7 UUID.
///
/// Known before the row is inserted, and sorted by the moment it was made. Aurora DSQL stores rows in the order of their primary
/// key: keys that only grow send every insert to the same place, which a table with many writers feels. Where that may happen,
/// use `default = gen_random_uuid()` and a column of its own for the moment.
///
/// ```
/// # use mizzle::prelude::*;
/// # use uuid::Uuid;
/// #[table]
/// struct Invoice {
///     #[column(primary_key, default_with = mizzle::uuid_v7)]
///     id: Uuid,
///     amount: i64,
/// }
/// # fn main() {
/// let (first, second) = (NewInvoice::new(10), NewInvoice::new(20));
/// assert!(first.id < second.id);
/// # }
/// ```
#[must_use]
pub fn uuid_v7() -> Uuid {
    Uuid::now_v7()
}
