//! What Aurora DSQL would refuse of a table's constraints and indexes.

use proc_macro2::Span;
use syn::Ident;

use super::{KEY_COLUMNS, at, column};
use crate::ast::TableInput;
use crate::constraint::{ForeignKeyInput, IndexInput, KeyValue};
use crate::named::{Named, checks};

/// Indexes of a table, those of its primary key and its unique constraints among them.
const INDEXES: usize = 24;

/// Adds one error for each mistake.
pub(super) fn check(table: &TableInput, errors: &mut Vec<syn::Error>) {
    if table.is_view() {
        return view(table, errors);
    }
    if 1 + table.indexes.len() + table.uniques.len() > INDEXES {
        errors.push(at(
            table.ident.span(),
            format!(
                "a table has at most {INDEXES} indexes, its primary key and unique constraints among them"
            ),
        ));
    }
    for name in Named::of(table).duplicates {
        errors.push(at(
            table.ident.span(),
            format!("two constraints or indexes are called \"{name}\": give each its own name"),
        ));
    }
    for index in &table.indexes {
        self::index(table, index, errors);
    }
    for unique in &table.uniques {
        key(
            table,
            &unique.columns,
            unique.span,
            "a unique constraint needs a column: `#[unique(email)]`",
            errors,
        );
    }
    for check in checks(table) {
        column::expression(table, &check.sql, errors);
    }
    for key in &table.foreign_keys {
        foreign_key(table, key, errors);
    }
}

fn index(table: &TableInput, index: &IndexInput, errors: &mut Vec<syn::Error>) {
    let mut columns = Vec::new();
    for key in &index.keys {
        match &key.value {
            KeyValue::Column(field) => columns.push(field.clone()),
            KeyValue::Expression(text) => column::expression(table, text, errors),
        }
    }
    if index.keys.is_empty() || !columns.is_empty() {
        key(table, &columns, index.span, "an index needs a column: `#[index(owner_id)]`", errors);
    }
    if index.keys.len() > KEY_COLUMNS && columns.len() <= KEY_COLUMNS {
        errors.push(at(index.span, format!("a key has at most {KEY_COLUMNS} columns")));
    }
    for field in &index.include {
        unknown(table, field, errors);
    }
    if let Some(condition) = &index.condition {
        column::expression(table, condition, errors);
    }
    if index.nulls_not_distinct && !index.unique {
        errors.push(at(index.span, "`nulls_not_distinct` is for unique indexes: add `unique`"));
    }
}

/// Columns that an index keeps in order.
fn key(table: &TableInput, fields: &[Ident], span: Span, empty: &str, errors: &mut Vec<syn::Error>) {
    if fields.is_empty() {
        errors.push(at(span, empty));
    }
    if fields.len() > KEY_COLUMNS {
        errors.push(at(fields[KEY_COLUMNS].span(), format!("a key has at most {KEY_COLUMNS} columns")));
    }
    for (place, field) in fields.iter().enumerate() {
        if fields[..place].contains(field) {
            errors.push(at(field.span(), format!("`{field}` is in this key already")));
        }
        match table.column(field) {
            Some(found) => column::key(found, errors),
            None => unknown(table, field, errors),
        }
    }
}

fn foreign_key(table: &TableInput, key: &ForeignKeyInput, errors: &mut Vec<syn::Error>) {
    if key.columns.is_empty() {
        errors.push(at(key.span, "a foreign key needs a column: `#[foreign_key(owner_id => Owner)]`"));
    }
    if !key.references.is_empty() && key.references.len() != key.columns.len() {
        errors.push(at(
            key.references[0].span(),
            format!("{} columns cannot refer to {}", key.columns.len(), key.references.len()),
        ));
    }
    for field in &key.columns {
        let Some(column) = table.column(field) else {
            unknown(table, field, errors);
            continue;
        };
        for (word, action) in [&key.options.on_delete, &key.options.on_update].into_iter().flatten() {
            if *action == "SetNull" && column.nullable().is_none() {
                errors.push(at(word.span(), format!("`{field}` cannot be set to NULL: make it an `Option`")));
            }
            if *action == "SetDefault" && !column.has_default() && column.nullable().is_none() {
                errors.push(at(word.span(), format!("`{field}` has no default to be set to: give it one")));
            }
        }
    }
}

fn unknown(table: &TableInput, field: &Ident, errors: &mut Vec<syn::Error>) {
    if table.column(field).is_none() {
        errors.push(at(field.span(), format!("`{}` has no field `{field}`", table.ident)));
    }
}

fn view(table: &TableInput, errors: &mut Vec<syn::Error>) {
    let index = table.indexes.first().map(|index| index.span);
    let unique = table.uniques.first().map(|unique| unique.span);
    let check = checks(table).next().map(|check| check.sql.span());
    let key = table.foreign_keys.first().map(|key| key.span);
    for span in [index, unique, check, key].into_iter().flatten() {
        errors.push(at(
            span,
            "a view has no constraints and no indexes of its own: declare them on its tables",
        ));
    }
}
