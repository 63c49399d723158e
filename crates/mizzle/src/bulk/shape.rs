//! How a row is written: which of its columns have a value, and which take their default.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use tokio_postgres::types::Type;

use super::conflict::{Clause, OnConflict};
use super::keyset::{quoted, table_name};
use super::{array, array_type};
use crate::def::TableDef;
use crate::error::Error;
use crate::model::{Model, NewRow};
use crate::statement::{Parameter, Statement};
use crate::write::Touched;

/// A row as it is sent.
pub(super) struct Row {
    pub(super) position: u64,
    pub(super) shape: Arc<Shape>,
    pub(super) parameters: Vec<Parameter>,
}

/// What rows with the same columns filled have in common.
pub(super) struct Shape {
    /// As Diesel writes the values: `DEFAULT, $1, $2`.
    values: String,
    types: Vec<Type>,
    /// All of the statement but the number of rows.
    insert: String,
    on_conflict: Clause,
    /// What every update sets, if it updates.
    touched: Vec<(Type, Parameter)>,
    /// `RETURNING …`, if the rows are asked for.
    returning: String,
}

/// The shapes met so far; as a rule there are one or two.
pub(super) struct Shapes {
    table: &'static TableDef,
    columns: &'static [&'static str],
    on_conflict: OnConflict,
    touched: Vec<Touched>,
    returning: String,
    known: Vec<Arc<Shape>>,
}

/// `DEFAULT, $1, $2`.
struct Values<'a, N>(&'a N);

impl<N: NewRow> QueryFragment<Pg> for Values<'_, N> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.push_values(out)
    }
}

impl Row {
    /// Bytes that it takes in a message, about.
    pub(super) fn weight(&self) -> usize {
        self.parameters.iter().map(|value| 4 + value.size()).sum::<usize>() + ROW
    }
}

/// What the database adds to each row, and what its defaults may come to.
const ROW: usize = 40;

impl Shapes {
    /// `returning`: whether the rows are to come back.
    pub(super) fn new<N: NewRow>(on_conflict: OnConflict, returning: bool) -> Self {
        let (table, touched) = (N::Model::DEF, N::Model::touched());
        let columns: Vec<String> = table.columns.iter().map(|column| quoted(column.name)).collect();
        let returning = if returning { format!(" RETURNING {}", columns.join(", ")) } else { String::new() };
        Self { table, columns: N::COLUMNS, on_conflict, touched, returning, known: Vec::new() }
    }

    pub(super) fn row<N: NewRow>(&mut self, position: u64, row: &N) -> Result<Row, Error> {
        let Statement { sql, types, parameters, .. } = Statement::of(&Values(row)).map_err(Error::build)?;
        let shape = match self.known.iter().find(|shape| *shape.values == *sql) {
            Some(known) => known.clone(),
            None => {
                let shape = Arc::new(self.shape(&sql, types).map_err(Error::build)?);
                self.known.push(shape.clone());
                shape
            }
        };
        Ok(Row { position, shape, parameters })
    }

    fn shape(&self, sql: &str, types: Vec<Type>) -> QueryResult<Shape> {
        let values: Vec<&str> = sql.split(", ").collect();
        let plain = |value: &&str| *value == "DEFAULT" || value.starts_with('$');
        let arrays: Option<Vec<Type>> = types.iter().map(array_type).collect();
        let (true, Some(arrays)) = (values.len() == self.columns.len() && values.iter().all(plain), arrays)
        else {
            return Err(diesel::result::Error::QueryBuilderError(
                "a row that is inserted in bulk has nothing but values and defaults".into(),
            ));
        };
        let filled: Vec<&str> = self
            .columns
            .iter()
            .zip(&values)
            .filter(|(_, value)| **value != "DEFAULT" || arrays.is_empty())
            .map(|(column, _)| *column)
            .collect();
        let names: Vec<String> = filled.iter().map(|name| quoted(name)).collect();
        let mut insert = format!("INSERT INTO {} ({})", table_name(self.table), names.join(", "));
        if !arrays.is_empty() {
            let arrays: Vec<String> = (1..=arrays.len()).map(|at| format!("${at}")).collect();
            insert.push_str(&format!(" SELECT * FROM unnest({})", arrays.join(", ")));
        }
        let names = self.touched.iter().zip(types.len() + 1..);
        let touched: Vec<_> = names.map(|(touched, at)| (touched.column, format!("${at}"))).collect();
        let on_conflict = self.on_conflict.clause(self.table, &filled, &touched);
        let touched = if on_conflict.updates { self.touched()? } else { Vec::new() };
        let returning = self.returning.clone();
        Ok(Shape { values: sql.to_owned(), types, insert, on_conflict, touched, returning })
    }

    fn touched(&self) -> QueryResult<Vec<(Type, Parameter)>> {
        let value = |touched: &Touched| {
            let Statement { types, parameters, .. } = Statement::of(&*touched.value)?;
            Ok(types.into_iter().zip(parameters))
        };
        let values: QueryResult<Vec<_>> = self.touched.iter().map(value).collect();
        Ok(values?.into_iter().flatten().collect())
    }
}

impl Shape {
    /// The INSERT of these rows, all of this shape. Its text does not tell how many there are, so it is prepared once.
    pub(super) fn insert(&self, rows: &[&Row]) -> Statement {
        let mut sql = self.insert.clone();
        if self.types.is_empty() {
            let all = vec![format!("({})", self.values); rows.len()];
            sql.push_str(&format!(" VALUES {}", all.join(", ")));
        }
        sql.push_str(&self.on_conflict.sql);
        sql.push_str(&self.returning);
        let columns = self.types.iter().enumerate().filter_map(|(at, element)| {
            Some((array_type(element)?, array(element, rows.iter().map(|row| &row.parameters[at]))))
        });
        let insert = Statement::new(sql, columns.chain(self.touched.iter().cloned()));
        // a row left out by ON CONFLICT is not written
        let inserts = if self.on_conflict.sql.is_empty() { rows.len() as u64 } else { 0 };
        Statement { inserts, ..insert }
    }
}
