//! Enums as text: what `#[derive(DbEnum)]` implements, and how a value is read and written.

use std::marker::PhantomData;

use diesel::deserialize::{self, FromSql};
use diesel::pg::{Pg, PgTypeMetadata, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output};
use diesel::sql_types::{HasSqlType, SingleValue, SqlOrd, SqlType, Text, is_nullable};

/// An enum without fields that a column can hold: text in the database, kept to the enum's values by a CHECK.
///
/// Aurora DSQL has no enum types. Each variant is its name in snake case unless it is renamed; `rename_all` takes the styles that
/// serde has. A value that the enum does not know, say of a newer version of the program, is an error when it is read, which
/// names the value and the enum. A column of the enum is compared with values of the enum, and with no text.
///
/// ```
/// use mizzle::prelude::*;
/// use uuid::Uuid;
///
/// #[derive(Debug, Clone, Copy, PartialEq, DbEnum)]
/// #[db_enum(varchar(20))]
/// enum Kind {
///     Cat,
///     #[db_enum(rename = "dog")]
///     Hound,
/// }
///
/// #[table]
/// struct Pet {
///     #[column(primary_key, default = gen_random_uuid())]
///     id: Uuid,
///     #[column(default = Kind::Cat)]
///     kind: Kind,
///     was: Option<Kind>,
/// }
/// # fn main() {
/// let kind = Pet::DEF.column("kind").unwrap();
/// assert_eq!((kind.sql_type, kind.default), ("varchar(20)", Some("'cat'")));
/// assert_eq!(kind.values.unwrap().values, ["cat", "dog"]);
/// assert_eq!(Kind::Hound.value(), "dog");
///
/// let cats = Pet::query().filter(pet::kind.eq(Kind::Cat).and(pet::was.is_null()));
/// let dog = NewPet::new().kind(Kind::Hound).was(Kind::Cat);
/// # let _ = (cats, dog);
/// # }
/// ```
pub trait DbEnum: Sized + 'static {
    /// The enum's name, for errors.
    const NAME: &'static str;
    /// Every variant, in order of declaration.
    const VARIANTS: &'static [Self];
    /// The values of the variants, in the same order.
    const VALUES: &'static [&'static str];

    /// What the database stores.
    fn value(&self) -> &'static str;
}

/// The SQL type of a column of the enum `E`: text, which is compared with values of the enum alone.
///
/// A misspelt string in a condition would find nothing, and say nothing. What a column holds can be read as `String`; where text is
/// wanted in an expression, as for `like`, `mizzle::diesel::dsl::sql::<Text>("kind")` says so.
pub struct SqlEnum<E>(PhantomData<fn() -> E>);

impl<E: 'static> SqlType for SqlEnum<E> {
    type IsNull = is_nullable::NotNull;
    const IS_ARRAY: bool = false;
}

impl<E: 'static> SingleValue for SqlEnum<E> {}

impl<E: 'static> SqlOrd for SqlEnum<E> {}

impl<E: 'static> QueryId for SqlEnum<E> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<E> HasSqlType<SqlEnum<E>> for Pg {
    fn metadata(lookup: &mut Self::MetadataLookup) -> PgTypeMetadata {
        <Self as HasSqlType<Text>>::metadata(lookup)
    }
}

impl<E> FromSql<SqlEnum<E>, Pg> for String {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Self as FromSql<Text, Pg>>::from_sql(value)
    }
}

/// Reads a value.
///
/// # Errors
/// When the enum does not know it.
pub fn enum_from_sql<E: DbEnum + Clone>(value: PgValue<'_>) -> deserialize::Result<E> {
    let text = <String as FromSql<Text, Pg>>::from_sql(value)?;
    let found = E::VALUES.iter().position(|value| *value == text).and_then(|at| E::VARIANTS.get(at));
    found.cloned().ok_or_else(|| {
        let known = E::VALUES.join(", ");
        format!("\"{text}\" is no value of the enum `{}`, which has: {known}", E::NAME).into()
    })
}

/// Writes a value.
///
/// # Errors
/// When the buffer cannot be written to.
pub fn enum_to_sql<E: DbEnum>(value: &E, out: &mut Output<'_, '_, Pg>) -> serialize::Result {
    std::io::Write::write_all(out, value.value().as_bytes())?;
    Ok(IsNull::No)
}
