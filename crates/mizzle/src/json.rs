//! JSON columns: a document as `serde_json::Value`, or as a type of one's own.

use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{self, Nullable, SingleValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::types::{ColumnType, column_types};

column_types! {
    serde_json::Value => Jsonb, "jsonb";
}

/// A document that reads as `T`: `jsonb`, or `json` with `#[column(json)]`, which keeps spaces, order and repeated keys.
///
/// A document that does not read as `T` is an error when its row is read.
///
/// ```
/// use mizzle::Json;
/// use mizzle::prelude::*;
/// use serde::{Deserialize, Serialize};
/// use uuid::Uuid;
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// struct Address {
///     street: String,
///     floor: Option<i16>,
/// }
///
/// #[table]
/// struct Owner {
///     #[column(primary_key, default = gen_random_uuid())]
///     id: Uuid,
///     address: Json<Address>,
///     #[column(json)]
///     raw: Option<serde_json::Value>,
/// }
/// # fn main() {
/// let new = NewOwner::new(Json(Address { street: "Main St".into(), floor: Some(2) }));
/// assert_eq!(new.address.street, "Main St");
/// assert_eq!(Owner::DEF.column("address").unwrap().sql_type, "jsonb");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Json<T>(pub T);

impl<T> std::ops::Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> std::ops::DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: Serialize + DeserializeOwned + std::fmt::Debug> ColumnType for Json<T> {
    type SqlType = sql_types::Jsonb;
    const SQL: &'static str = "jsonb";
}

/// The first byte of a jsonb value: the version of its format.
const JSONB: u8 = 1;

impl<T: DeserializeOwned> FromSql<sql_types::Json, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

impl<T: DeserializeOwned> FromSql<sql_types::Jsonb, Pg> for Json<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes().split_first() {
            Some((&JSONB, text)) => Ok(Self(serde_json::from_slice(text)?)),
            _ => Err("a jsonb value of an unknown version".into()),
        }
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<sql_types::Json, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<sql_types::Jsonb, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        std::io::Write::write_all(out, &[JSONB])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

macro_rules! expressions {
    ($($sql:ty),*) => {
        $(
            impl<T> AsExpression<$sql> for Json<T> {
                type Expression = Bound<$sql, Self>;

                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }

            impl<'expr, T> AsExpression<$sql> for &'expr Json<T> {
                type Expression = Bound<$sql, Self>;

                fn as_expression(self) -> Self::Expression {
                    Bound::new(self)
                }
            }
        )*
    };
}

expressions!(sql_types::Json, sql_types::Jsonb, Nullable<sql_types::Json>, Nullable<sql_types::Jsonb>);

impl<T: Serialize + std::fmt::Debug> ToSql<Nullable<sql_types::Json>, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Json, Pg>::to_sql(self, out)
    }
}

impl<T: Serialize + std::fmt::Debug> ToSql<Nullable<sql_types::Jsonb>, Pg> for Json<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Jsonb, Pg>::to_sql(self, out)
    }
}

impl<T, ST> Queryable<ST, Pg> for Json<T>
where
    ST: SingleValue,
    Self: FromSql<ST, Pg>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}
