//! All that Aurora DSQL would refuse of a table and that its declaration alone shows.
//!
//! Limits: <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html>,
//! types: <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-postgresql-compatibility-supported-data-types.html>.

mod column;
mod constraint;

use std::collections::HashMap;

use proc_macro2::Span;
use syn::Ident;

use crate::ast::{TableInput, text_of};
use crate::{naming, relation};

pub(crate) use column::is_refused;

/// Columns of a table.
const COLUMNS: usize = 255;
/// Columns of a primary key or an index.
pub(crate) const KEY_COLUMNS: usize = 8;

/// What the module of a table has beside its columns.
const TAKEN: [&str; 8] =
    ["table", "columns", "relations", "diesel", "all_columns", "Columns", "SqlType", "Simple"];

/// What every table's struct has as a function.
const METHODS: [&str; 3] = ["query", "update", "delete"];

/// Adds one error for each mistake, at its token.
pub(crate) fn check(table: &TableInput, errors: &mut Vec<syn::Error>) {
    if table.columns.is_empty() {
        return errors.push(at(table.ident.span(), "a table needs a column: give the struct a field"));
    }
    primary_key(table, errors);
    relations(table, errors);
    relation::check(table, errors);
    names(table, errors);
    for column in &table.columns {
        column::check(table, column, errors);
    }
    constraint::check(table, errors);
    if table.columns.len() > COLUMNS {
        errors.push(at(
            table.ident.span(),
            format!(
                "a table of Aurora DSQL has at most {COLUMNS} columns, this one has {}: split it",
                table.columns.len()
            ),
        ));
    }
}

fn primary_key(table: &TableInput, errors: &mut Vec<syn::Error>) {
    let key: Vec<_> = table.primary_key().collect();
    // an attribute that was not read may be the one that says it
    if key.is_empty() && errors.is_empty() {
        let message = if table.is_view() {
            "a view needs to say what tells its rows apart: mark those fields with `#[column(primary_key)]`"
        } else {
            "a table needs a primary key: mark a field with `#[column(primary_key, default = gen_random_uuid())]`; \
             Aurora DSQL cannot add one later"
        };
        errors.push(at(table.ident.span(), message));
    }
    if key.len() > KEY_COLUMNS {
        errors.push(at(
            key[KEY_COLUMNS].ident.span(),
            format!("a primary key has at most {KEY_COLUMNS} columns"),
        ));
    }
    for column in key {
        if column.nullable().is_some() {
            errors.push(syn::Error::new_spanned(
                &column.ty,
                "a column of the primary key cannot be NULL: remove the `Option`",
            ));
        }
        if !table.is_view() {
            column::key(column, errors);
        }
    }
}

fn relations(table: &TableInput, errors: &mut Vec<syn::Error>) {
    let mut seen: HashMap<String, ()> = HashMap::new();
    for relation in &table.relations {
        if is_method(&relation.name) {
            errors.push(at(
                relation.name.span(),
                format!(
                    "`{0}::{1}` is there already: give the relation another name",
                    table.ident, relation.name
                ),
            ));
        }
        if seen.insert(relation.name.to_string(), ()).is_some() {
            errors.push(at(
                relation.name.span(),
                format!("two relations are called `{}`: give each its own name", relation.name),
            ));
        }
    }
}

fn names(table: &TableInput, errors: &mut Vec<syn::Error>) {
    if table.table_name().len() > naming::LENGTH {
        errors.push(at(
            table.ident.span(),
            "a table's name has at most 63 bytes: give it one with `#[table(name = \"…\")]`",
        ));
    }
    let mut seen: HashMap<String, &Ident> = HashMap::new();
    for column in &table.columns {
        if is_taken(&column.ident) {
            let name = text_of(&column.ident);
            errors.push(at(
                column.ident.span(),
                format!(
                    "no field can be called `{name}`: name it otherwise, with `#[column(name = \"{name}\")]`"
                ),
            ));
        }
        if let Some(first) = seen.insert(column.column_name(), &column.ident) {
            errors.push(at(
                column.ident.span(),
                format!("the column \"{}\" is already the field `{first}`", column.column_name()),
            ));
        }
    }
}

/// Whether the struct has a function of this name.
pub(crate) fn is_method(name: &Ident) -> bool {
    METHODS.iter().any(|method| name == method)
}

/// Whether the module of the columns needs this name itself.
pub(crate) fn is_taken(field: &Ident) -> bool {
    TAKEN.iter().any(|taken| field == taken)
}

fn at(span: Span, message: impl std::fmt::Display) -> syn::Error {
    syn::Error::new(span, message)
}
