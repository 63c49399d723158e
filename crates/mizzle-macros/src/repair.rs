//! What to emit in place of a table that was refused: the nearest one that compiles.

use syn::parse_quote;

use crate::ast::{ColumnInput, TableInput};
use crate::default::DefaultValue;
use crate::{check, relation};

/// Makes the input free of mistakes: a refused type becomes `String`, a field whose name is taken is left out, a missing key is the first
/// column, and what is only said
/// to the database is left unsaid.
pub(crate) fn repair(table: &mut TableInput) {
    let mut fields = Vec::new();
    table.columns.retain(|column| {
        let is_new = !fields.contains(&column.ident);
        fields.push(column.ident.clone());
        is_new && !check::is_taken(&column.ident)
    });
    for column in &mut table.columns {
        if check::is_refused(column) {
            column.ty = parse_quote!(::std::string::String);
            column.options.declared = None;
            (column.options.default_with, column.options.on_update) = (None, None);
        }
        if let Some(default) = &mut column.options.default {
            // still a default, so that what an insert needs stays the same
            default.value = DefaultValue::Sql(String::new());
        }
        if column.options.primary_key {
            never_null(column);
        }
        if column.options.identity.is_some() {
            never_null(column);
            (column.options.default, column.options.default_with) = (None, None);
        }
        if column.options.generated.is_some() {
            (column.options.default, column.options.default_with) = (None, None);
            (column.options.identity, column.options.on_update) = (None, None);
        }
        column.options.checks.clear();
    }
    if table.primary_key().next().is_none()
        && let Some(first) = table.columns.first_mut()
    {
        never_null(first);
        first.options.primary_key = true;
    }
    for column in
        table.columns.iter_mut().filter(|column| column.options.primary_key).skip(check::KEY_COLUMNS)
    {
        column.options.primary_key = false;
    }
    relation::repair(table);
    table.indexes.clear();
    table.uniques.clear();
    table.checks.clear();
    table.foreign_keys.clear();
    let mut seen = Vec::new();
    table.relations.retain(|relation| {
        let first = !seen.contains(&relation.name);
        seen.push(relation.name.clone());
        first && !check::is_method(&relation.name)
    });
}

fn never_null(column: &mut ColumnInput) {
    if let Some(inner) = column.nullable().cloned() {
        column.ty = inner;
    }
}
