//! Keys of rows as parameters: one array for each column.

use tokio_postgres::types::Type;

use crate::bulk::{array, array_type, quoted};
use crate::error::Error;
use crate::row::PgRow;
use crate::statement::Parameter;

/// Keys of one table, column by column.
#[derive(Clone)]
pub(super) struct Keys(Vec<(Type, Vec<Parameter>)>);

impl Keys {
    /// The first columns of these rows, if there are any.
    pub(super) fn of(rows: &[PgRow], columns: usize) -> Option<Self> {
        let first = rows.first()?;
        let column = |at| (first.raw(at).0, rows.iter().map(|row| Parameter(row.raw(at).1)).collect());
        Some(Self((0..columns).map(column).collect()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.first().map_or(0, |(_, values)| values.len())
    }

    /// Keeps this many of them.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.0.iter_mut().for_each(|(_, values)| values.truncate(rows));
    }

    /// The condition that these columns hold one of the keys; its parameters are added to those there are.
    pub(super) fn hold(
        &self,
        columns: &[&str],
        parameters: &mut Vec<(Type, Parameter)>,
    ) -> Result<String, Error> {
        self.compare(columns, ["= ANY", "IN"], parameters)
    }

    /// The condition that these columns, which are never NULL, hold none of the keys.
    pub(super) fn lack(
        &self,
        columns: &[&str],
        parameters: &mut Vec<(Type, Parameter)>,
    ) -> Result<String, Error> {
        self.compare(columns, ["<> ALL", "NOT IN"], parameters)
    }

    /// One column with an array, or several with its rows.
    fn compare(
        &self,
        columns: &[&str],
        [with_array, with_rows]: [&str; 2],
        parameters: &mut Vec<(Type, Parameter)>,
    ) -> Result<String, Error> {
        let arrays = self.push(parameters)?;
        Ok(match columns {
            [only] => format!("{} {with_array}({arrays})", quoted(only)),
            _ => format!("({}) {with_rows} (SELECT * FROM unnest({arrays}))", list(columns)),
        })
    }

    /// `$1, $2`: one array for each column.
    fn push(&self, parameters: &mut Vec<(Type, Parameter)>) -> Result<String, Error> {
        let mut names = Vec::with_capacity(self.0.len());
        for (ty, values) in &self.0 {
            let array_type = array_type(ty).ok_or_else(|| {
                let text = format!("a key of type {ty} is not known");
                Error::build(diesel::result::Error::QueryBuilderError(text.into()))
            })?;
            parameters.push((array_type, array(ty, values.iter())));
            names.push(format!("${}", parameters.len()));
        }
        Ok(names.join(", "))
    }
}

/// `"a", "b"`.
pub(super) fn list(columns: &[&str]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    quoted.join(", ")
}
