//! Queries as text, with their values: for logs, tests and questions.

use std::fmt;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::deserialize::FromSql;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryFragment;
use diesel::sql_types;
use tokio_postgres::types::{Kind, Type};
use uuid::Uuid;

use crate::error::Error;
use crate::model::Model;
use crate::query::Query;
use crate::raw::RawSql;
use crate::row::Oid;
use crate::statement::Statement;

/// The statements of a query: that of its rows first, each before those of what stands beside its rows.
///
/// `Display` gives a line for each: `SELECT … WHERE "owner"."name" = $1 -- binds: ["John"]`.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// let text: mizzle::SqlText = Owner::query().limit(1).to_sql().unwrap();
/// assert!(text.to_string().ends_with("LIMIT $1 -- binds: [1]"));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlText(Vec<StatementText>);

/// One statement: SQL with `$1`, `$2`, …, and what stands for these.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// let text = Owner::delete().filter(owner::id.eq(7)).to_sql().unwrap();
/// let statement: &mizzle::StatementText = &text.statements()[0];
/// assert_eq!((&*statement.sql, &*statement.binds[0]), (r#"DELETE FROM "owner" WHERE (("owner"."id" = $1))"#, "7"));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementText {
    /// The SQL as it is sent.
    pub sql: String,
    /// The values as SQL reads them: text in double quotes, `NULL`, numbers, dates.
    pub binds: Vec<String>,
}

/// Queries that can be shown as SQL: Mizzle's, Diesel's, and SQL written by hand.
pub trait ToSqlText {
    /// The statements that would be sent, with their values. Values are data: think before you log them.
    ///
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] struct Account { #[column(primary_key)] id: i64, balance: i64 }
    /// # fn main() {
    /// let query = Account::query().filter(account::balance.gt(10));
    /// assert_eq!(
    ///     query.to_sql().unwrap().to_string(),
    ///     r#"SELECT "account"."id", "account"."balance" FROM "account" WHERE (("account"."balance" > $1)) -- binds: [10]"#
    /// );
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the query cannot be written as SQL.
    fn to_sql(&self) -> Result<SqlText, Error>;
}

impl<M: Model, W> ToSqlText for Query<'_, M, W> {
    fn to_sql(&self) -> Result<SqlText, Error> {
        SqlText::of_node(self.node.clone())
    }
}

impl<Q: QueryFragment<Pg>> ToSqlText for Q {
    fn to_sql(&self) -> Result<SqlText, Error> {
        Ok(SqlText::of(&[Statement::of(self).map_err(Error::build)?]))
    }
}

impl ToSqlText for RawSql {
    fn to_sql(&self) -> Result<SqlText, Error> {
        Ok(SqlText::of(&[self.clone().into_statement().map_err(Error::build)?]))
    }
}

impl SqlText {
    /// The statements.
    ///
    /// # Example
    /// ```
    /// # use mizzle::prelude::*;
    /// # #[table] #[has_many(pets: Pet)] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
    /// # #[table] struct Pet { #[column(primary_key)] id: i64, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: i64 }
    /// # fn main() {
    /// let query = Owner::query().filter(owner::city.eq("Oslo")).with(Owner::pets());
    /// let text = query.to_sql().unwrap();
    /// assert_eq!(text.statements().len(), 2);
    /// assert_eq!(text.statements()[0].binds, [r#""Oslo""#]);
    /// # }
    /// ```
    #[must_use]
    pub fn statements(&self) -> &[StatementText] {
        &self.0
    }

    #[doc(hidden)]
    pub fn of_node(node: crate::node::Node<'_>) -> Result<Self, Error> {
        Ok(Self::of(&node.plan(None).map_err(Error::build)?.0))
    }

    fn of(statements: &[Statement]) -> Self {
        let text = |statement: &Statement| StatementText {
            sql: statement.sql.to_string(),
            binds: statement
                .parameters
                .iter()
                .zip(&statement.types)
                .map(|(parameter, ty)| {
                    parameter.bytes().map_or_else(|| "NULL".into(), |bytes| value(ty, bytes))
                })
                .collect(),
        };
        Self(statements.iter().map(text).collect())
    }
}

impl fmt::Display for SqlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, StatementText { sql, binds }) in self.0.iter().enumerate() {
            let end = if at > 0 { "\n" } else { "" };
            write!(f, "{end}{sql}")?;
            if !binds.is_empty() {
                write!(f, " -- binds: [{}]", binds.join(", "))?;
            }
        }
        Ok(())
    }
}

/// A value in binary, as text.
fn value(ty: &Type, bytes: &[u8]) -> String {
    fn read<ST, T: FromSql<ST, Pg>>(ty: &Type, bytes: &[u8]) -> Option<T> {
        T::from_sql(PgValue::new(bytes, &Oid::of(ty))).ok()
    }
    macro_rules! display {
        ($sql:ident as $rust:ty) => {
            read::<sql_types::$sql, $rust>(ty, bytes).map(|value| value.to_string())
        };
    }
    let text = match *ty {
        Type::BOOL => display!(Bool as bool),
        Type::INT2 => display!(SmallInt as i16),
        Type::INT4 => display!(Integer as i32),
        Type::INT8 => display!(BigInt as i64),
        Type::FLOAT4 => display!(Float as f32),
        Type::FLOAT8 => display!(Double as f64),
        Type::NUMERIC => display!(Numeric as BigDecimal),
        Type::UUID => display!(Uuid as Uuid),
        Type::DATE => display!(Date as NaiveDate),
        Type::TIME => display!(Time as NaiveTime),
        Type::TIMESTAMP => display!(Timestamp as NaiveDateTime),
        Type::TIMESTAMPTZ => display!(Timestamptz as DateTime<Utc>),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => {
            read::<sql_types::Text, String>(ty, bytes).map(|text| format!("{text:?}"))
        }
        _ => match ty.kind() {
            Kind::Array(member) => array(member, bytes),
            _ => None,
        },
    };
    text.unwrap_or_else(|| bytes.iter().fold(String::from("\\x"), |text, byte| text + &format!("{byte:02x}")))
}

/// An array of one dimension: its header is the number of dimensions, flags, the member's type, its length and lower bound.
fn array(member: &Type, bytes: &[u8]) -> Option<String> {
    let mut rest = bytes.get(20..).unwrap_or_default();
    let mut values = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = i32::from_be_bytes(*length);
        let Ok(length) = usize::try_from(length) else {
            values.push("NULL".into());
            rest = behind;
            continue;
        };
        values.push(value(member, behind.get(..length)?));
        rest = &behind[length..];
    }
    Some(format!("{{{}}}", values.join(", ")))
}
