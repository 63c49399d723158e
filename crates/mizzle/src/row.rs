//! A row from the wire, in the form in which Diesel reads rows.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::deserialize::FromSqlRow;
use diesel::pg::{Pg, PgValue, TypeOidLookup};
use diesel::result::Error;
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};
use tokio_postgres::types::{FromSql, Type};

/// A row of a result, its values in binary.
///
/// # Example
/// ```no_run
/// use mizzle::{FromRow, PgRow, diesel::QueryResult};
///
/// /// Read by hand: two columns into one field.
/// struct Place(String);
///
/// impl FromRow for Place {
///     fn from_row(row: &PgRow) -> QueryResult<Self> {
///         Ok(Self(format!("{} in {}", row.get::<String>("name")?, row.get::<String>("city")?)))
///     }
/// }
/// # async fn example(db: &mizzle::Db) -> Result<(), mizzle::Error> {
/// let places: Vec<Place> = db.load(mizzle::sql!("SELECT name, city FROM owner")).await?;
/// # Ok(())
/// # }
/// ```
pub struct PgRow {
    row: tokio_postgres::Row,
    types: ColumnTypes,
}

/// The types of a result's columns, shared by its rows.
pub(crate) type ColumnTypes = Arc<[Oid]>;

/// The type of one column.
pub(crate) struct Oid(NonZeroU32);

/// One value of a row.
pub struct PgField<'row> {
    row: &'row PgRow,
    index: usize,
}

impl PgRow {
    /// Wraps a row; `types` is filled by the first row of a result.
    pub(crate) fn new(row: tokio_postgres::Row, types: &mut Option<ColumnTypes>) -> Self {
        let types =
            types.get_or_insert_with(|| row.columns().iter().map(|column| Oid::of(column.type_())).collect());
        Self { types: types.clone(), row }
    }

    /// One value as it came, with its type.
    pub(crate) fn raw(&self, index: usize) -> (Type, Option<Vec<u8>>) {
        let Bytes(bytes) = self.row.get(index);
        (self.row.columns()[index].type_().clone(), bytes.map(<[u8]>::to_vec))
    }

    /// Reads the row as a Rust value.
    pub(crate) fn read<ST, T: FromSqlRow<ST, Pg>>(&self) -> QueryResult<T> {
        T::build_from_row(self).map_err(Error::DeserializationError)
    }

    /// Reads some of the columns as a Rust value.
    pub(crate) fn read_columns<ST, T: FromSqlRow<ST, Pg>>(&self, columns: Range<usize>) -> QueryResult<T> {
        let name = || self.row.columns()[columns.start].name();
        let single = columns.len() == 1;
        T::build_from_row(&self.partial_row(columns.clone())).map_err(|error| match single {
            true => Error::DeserializationError(format!("column \"{}\": {error}", name()).into()),
            false => Error::DeserializationError(error),
        })
    }

    /// Where the column of this name is.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.row.columns().iter().position(|column| column.name() == name)
    }

    /// A column's name and type.
    pub(crate) fn column(&self, at: usize) -> (&str, &Type) {
        let column = &self.row.columns()[at];
        (column.name(), column.type_())
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.row.len()
    }

    /// What these columns hold, in a form in which equal keys are equal bytes; `None` if one of them is NULL.
    pub(crate) fn key(&self, columns: &[usize]) -> Option<Cow<'_, [u8]>> {
        if let [column] = columns {
            return self.plain_bytes(*column);
        }
        let mut key = Vec::new();
        for column in columns {
            let value = self.plain_bytes(*column)?;
            // a value is at most 1 MiB
            key.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
            key.extend_from_slice(&value);
        }
        Some(key.into())
    }

    /// A value without what does not count when it is compared.
    fn plain_bytes(&self, column: usize) -> Option<Cow<'_, [u8]>> {
        let Bytes(bytes) = self.row.get(column);
        let bytes = bytes?;
        Some(match *self.row.columns()[column].type_() {
            // digits, weight, sign, the number of decimals to show, which is no part of the value, digits
            Type::NUMERIC if bytes.len() >= 8 => [&bytes[..6], &bytes[8..]].concat().into(),
            // padded with blanks to its length
            Type::BPCHAR => bytes.trim_ascii_end().into(),
            _ => bytes.into(),
        })
    }
}

impl Oid {
    pub(crate) fn of(ty: &Type) -> Self {
        // no type has the oid 0 (InvalidOid)
        Self(NonZeroU32::new(ty.oid()).unwrap_or(NonZeroU32::MAX))
    }
}

impl TypeOidLookup for Oid {
    fn lookup(&self) -> NonZeroU32 {
        self.0
    }
}

impl RowSealed for PgRow {}

impl<'row> Row<'row, Pg> for PgRow {
    type InnerPartialRow = Self;
    type Field<'field>
        = PgField<'field>
    where
        Self: 'field,
        'row: 'field;

    fn field_count(&self) -> usize {
        self.row.len()
    }

    fn get<'field, I>(&'field self, index: I) -> Option<PgField<'field>>
    where
        'row: 'field,
        Self: RowIndex<I>,
    {
        Some(PgField { row: self, index: self.idx(index)? })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

impl RowIndex<usize> for PgRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.row.len()).then_some(index)
    }
}

impl<'name> RowIndex<&'name str> for PgRow {
    fn idx(&self, name: &'name str) -> Option<usize> {
        self.position(name)
    }
}

impl Field<'_, Pg> for PgField<'_> {
    fn field_name(&self) -> Option<&str> {
        Some(self.row.row.columns()[self.index].name())
    }

    fn value(&self) -> Option<PgValue<'_>> {
        let Bytes(bytes) = self.row.row.get(self.index);
        bytes.map(|bytes| PgValue::new(bytes, &self.row.types[self.index]))
    }
}

/// A value as it came; `None` is NULL.
struct Bytes<'row>(Option<&'row [u8]>);

impl<'row> FromSql<'row> for Bytes<'row> {
    fn from_sql(_: &Type, raw: &'row [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
