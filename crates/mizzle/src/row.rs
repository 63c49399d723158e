//! A row from the wire, in the form in which Diesel reads rows.

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
}

impl Oid {
    fn of(ty: &Type) -> Self {
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
        self.row.columns().iter().position(|column| column.name() == name)
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
