//! Every constraint and index of a table with its name: the one given, or the one PostgreSQL would choose.

use syn::Ident;

use crate::ast::{ColumnInput, TableInput};
use crate::constraint::{CheckInput, ForeignKeyInput, IndexInput, KeyValue, UniqueInput};
use crate::naming::Naming;
use crate::sql;
use crate::types::may_be_enum;

/// The constraints and indexes of one table.
#[derive(Default)]
pub(crate) struct Named<'t> {
    pub(crate) primary_key: String,
    pub(crate) uniques: Vec<(String, &'t UniqueInput)>,
    pub(crate) checks: Vec<(String, &'t CheckInput)>,
    pub(crate) foreign_keys: Vec<(String, &'t ForeignKeyInput)>,
    pub(crate) indexes: Vec<(String, &'t IndexInput)>,
    /// The checks of the columns whose type may be an enum, which only the compiler knows.
    pub(crate) values: Vec<(String, &'t Ident)>,
    /// Names that two of them are given.
    pub(crate) duplicates: Vec<String>,
}

impl<'t> Named<'t> {
    pub(crate) fn of(table: &'t TableInput) -> Self {
        let mut named = Self::default();
        if table.is_view() {
            return named;
        }
        let mut names = Naming::default();
        named.duplicates = given(table).filter(|name| !names.take(name)).map(str::to_owned).collect();
        let name = table.table_name();
        let columns = |fields: &[Ident]| -> Vec<String> {
            fields.iter().filter_map(|field| table.column(field)).map(ColumnInput::column_name).collect()
        };
        let mut choose = |given: &Option<String>, columns: &[String], label: &str| {
            given.clone().unwrap_or_else(|| names.choose(&name, columns, label))
        };
        named.primary_key = choose(&None, &[], "pkey");
        for unique in &table.uniques {
            named.uniques.push((choose(&unique.name, &columns(&unique.columns), "key"), unique));
        }
        for column in table.columns.iter().filter(|column| may_be_enum(column.value_type())) {
            named.values.push((choose(&None, &[column.column_name()], "check"), &column.ident));
        }
        for check in checks(table) {
            let mut mentioned =
                sql::names(&check.sql.value(), &table.column_names()).unwrap_or_default().columns;
            // PostgreSQL names a check after its column if there is only one
            mentioned.truncate(if mentioned.len() == 1 { 1 } else { 0 });
            named.checks.push((choose(&check.name, &mentioned, "check"), check));
        }
        for key in &table.foreign_keys {
            named.foreign_keys.push((choose(&key.options.name, &columns(&key.columns), "fkey"), key));
        }
        for index in &table.indexes {
            named.indexes.push((choose(&index.name, &index_columns(table, index), "idx"), index));
        }
        named
    }
}

/// Every check that is written down, in order of declaration.
pub(crate) fn checks(table: &TableInput) -> impl Iterator<Item = &CheckInput> {
    table.columns.iter().flat_map(|column| &column.options.checks).chain(&table.checks)
}

/// The names that the declaration gives.
fn given(table: &TableInput) -> impl Iterator<Item = &str> {
    let uniques = table.uniques.iter().map(|unique| &unique.name);
    let foreign_keys = table.foreign_keys.iter().map(|key| &key.options.name);
    let indexes = table.indexes.iter().map(|index| &index.name);
    let checks = checks(table).map(|check| &check.name);
    uniques.chain(checks).chain(foreign_keys).chain(indexes).filter_map(Option::as_deref)
}

/// What PostgreSQL calls the columns of an index: an expression by its function, a repeated name with a number.
fn index_columns(table: &TableInput, index: &IndexInput) -> Vec<String> {
    let keys = index.keys.iter().filter_map(|key| match &key.value {
        KeyValue::Column(field) => table.column(field).map(ColumnInput::column_name),
        KeyValue::Expression(text) => Some(sql::function(&text.value()).unwrap_or_else(|| "expr".to_owned())),
    });
    let include = index.include.iter().filter_map(|field| table.column(field)).map(ColumnInput::column_name);
    let mut names: Vec<String> = Vec::new();
    for name in keys.chain(include) {
        let numbered = (1..).map(|number| format!("{name}{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
        names.extend(free);
    }
    names
}
