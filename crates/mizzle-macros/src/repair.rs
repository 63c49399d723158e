//! What to emit in place of a table that was refused: the nearest one that compiles.

use syn::parse_quote;

use crate::ast::TableInput;
use crate::{check, relation};

/// Makes the input free of mistakes: a refused type becomes `String`, a missing key is the first column.
pub(crate) fn repair(table: &mut TableInput) {
    for column in &mut table.columns {
        if check::is_refused(column) {
            column.ty = parse_quote!(::std::string::String);
            column.options.declared = None;
        }
        if column.options.primary_key
            && let Some(inner) = column.nullable().cloned()
        {
            column.ty = inner;
        }
    }
    if table.primary_key().next().is_none()
        && let Some(first) = table.columns.first_mut()
    {
        if let Some(inner) = first.nullable().cloned() {
            first.ty = inner;
        }
        first.options.primary_key = true;
    }
    let fields: Vec<_> = table.columns.iter().map(|column| column.ident.clone()).collect();
    for index in &mut table.indexes {
        index.columns.retain(|column| fields.contains(column));
    }
    table.indexes.retain(|index| !index.columns.is_empty());
    relation::repair(table);
    let mut seen = Vec::new();
    table.relations.retain(|relation| {
        let first = !seen.contains(&relation.name);
        seen.push(relation.name.clone());
        first
    });
}
