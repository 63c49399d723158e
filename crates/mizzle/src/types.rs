//! Which Aurora DSQL column a Rust type is.
//!
//! Types: <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-postgresql-compatibility-supported-data-types.html>.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::sql_types;
use uuid::Uuid;

/// A type that a column can have.
///
/// Implement it for a newtype that also has Diesel's `ToSql` and `FromSql`; `Option<T>` of a column type is a nullable column
/// and needs nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of an Aurora DSQL column",
    label = "no column has this type",
    note = "columns are: Uuid, String, bool, i16, i32, i64, f32, f64, BigDecimal, NaiveDate, NaiveTime, NaiveDateTime, DateTime<Utc>, Vec<u8>, and Option of these"
)]
pub trait ColumnType {
    /// Diesel's name of the SQL type.
    type SqlType: sql_types::SqlType;
    /// The type as SQL writes it.
    const SQL: &'static str;
}

macro_rules! column_types {
    ($($rust:ty => $diesel:ident, $sql:literal;)*) => {
        $(impl ColumnType for $rust { type SqlType = sql_types::$diesel; const SQL: &'static str = $sql; })*
    };
}

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
}
