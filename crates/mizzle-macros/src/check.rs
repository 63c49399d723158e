//! All that Aurora DSQL would refuse of a table and that its declaration alone shows.
//!
//! Limits: <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html>,
//! types: <https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-postgresql-compatibility-supported-data-types.html>.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::{Ident, LitInt, Type};

use crate::ast::{ColumnInput, TableInput, inside, last_segment};
use crate::attr::DeclaredType;
use crate::relation;

/// Columns of a table.
const COLUMNS: usize = 255;
/// Columns of a primary key or an index.
const KEY_COLUMNS: usize = 8;
/// Secondary indexes beside the primary key: 24 in all.
const SECONDARY_INDEXES: usize = 23;
const VARCHAR_BYTES: u64 = 65_535;
const CHAR_BYTES: u64 = 4_096;
const NUMERIC_PRECISION: u64 = 1_000;

/// Adds one error for each mistake, at its token.
pub(crate) fn check(table: &TableInput, errors: &mut Vec<syn::Error>) {
    primary_key(table, errors);
    names(table, errors);
    indexes(table, errors);
    relation::check(table, errors);
    for column in &table.columns {
        column_type(column, errors);
        declared_type(column, errors);
    }
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
    if key.is_empty() {
        errors.push(at(
            table.ident.span(),
            "a table needs a primary key: mark a field with `#[column(primary_key, default = gen_random_uuid())]`; \
             Aurora DSQL cannot add one later",
        ));
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
        key_type(column, errors);
    }
}

fn indexes(table: &TableInput, errors: &mut Vec<syn::Error>) {
    if table.indexes.len() > SECONDARY_INDEXES {
        errors.push(at(
            table.indexes[SECONDARY_INDEXES].span,
            format!("a table has at most {SECONDARY_INDEXES} indexes beside its primary key"),
        ));
    }
    for index in &table.indexes {
        if index.columns.is_empty() {
            errors.push(at(index.span, "an index needs a column: `#[index(owner_id)]`"));
        }
        if index.columns.len() > KEY_COLUMNS {
            errors.push(at(
                index.columns[KEY_COLUMNS].span(),
                format!("an index has at most {KEY_COLUMNS} columns"),
            ));
        }
        for name in &index.columns {
            match table.columns.iter().find(|column| column.ident == *name) {
                Some(column) => key_type(column, errors),
                None => {
                    errors.push(at(name.span(), format!("`{}` has no field `{name}` to index", table.ident)));
                }
            }
        }
    }
}

fn names(table: &TableInput, errors: &mut Vec<syn::Error>) {
    let mut seen: HashMap<String, ()> = HashMap::new();
    for relation in &table.relations {
        if seen.insert(relation.name.to_string(), ()).is_some() {
            errors.push(at(
                relation.name.span(),
                format!("two relations are called `{}`: give each its own name", relation.name),
            ));
        }
    }
    let mut seen: HashMap<String, &Ident> = HashMap::new();
    for column in &table.columns {
        if let Some(first) = seen.insert(column.column_name(), &column.ident) {
            errors.push(at(
                column.ident.span(),
                format!("the column \"{}\" is already the field `{first}`", column.column_name()),
            ));
        }
    }
}

fn column_type(column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    if let Some(refusal) = refusal(column.value_type()) {
        errors.push(syn::Error::new_spanned(column.value_type(), refusal));
    }
}

/// Whether the column cannot be emitted as it is written.
pub(crate) fn is_refused(column: &ColumnInput) -> bool {
    let mut errors = Vec::new();
    column_type(column, &mut errors);
    declared_type(column, &mut errors);
    !errors.is_empty()
}

/// Types that are plainly not columns; others are judged by the trait `ColumnType`.
fn refusal(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Array(_) | Type::Slice(_) => Some("Aurora DSQL has no array columns: use a table of its own"),
        Type::Tuple(_) => Some("Aurora DSQL has no composite columns: give each part a field of its own"),
        Type::Reference(_) => Some("a row owns its values: use `String` for text and `Vec<u8>` for bytes"),
        _ => match last_segment(ty).as_str() {
            "Vec" if inside(ty, "Vec").map(last_segment).as_deref() != Some("u8") => {
                Some("Aurora DSQL has no array columns: use a table of its own, or `Vec<u8>` for bytes")
            }
            "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i8" | "i128" | "isize" => {
                Some("Aurora DSQL has signed integers of 2, 4 and 8 bytes: use `i16`, `i32` or `i64`")
            }
            "IpAddr" | "Ipv4Addr" | "Ipv6Addr" | "IpNet" | "IpNetwork" => {
                Some("Aurora DSQL has no inet columns: store the address as text")
            }
            "Range" | "RangeInclusive" => {
                Some("Aurora DSQL has no range columns: use two columns, start and end")
            }
            _ => None,
        },
    }
}

fn key_type(column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    let ty = column.value_type();
    if inside(ty, "Vec").map(last_segment).as_deref() == Some("u8") {
        errors.push(syn::Error::new_spanned(ty, "bytea cannot be a key or be indexed: use `Uuid` or text"));
    }
}

fn declared_type(column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    let ty = last_segment(column.value_type());
    let needs = |wanted: &str, errors: &mut Vec<syn::Error>| {
        if ty != wanted && !matches!(column.value_type(), Type::Array(_) | Type::Slice(_)) && is_builtin(&ty)
        {
            errors.push(syn::Error::new_spanned(
                column.value_type(),
                format!("this column type is read as `{wanted}`, not as `{ty}`"),
            ));
        }
    };
    match &column.options.declared {
        None => {}
        Some(DeclaredType::Text) => needs("String", errors),
        Some(DeclaredType::Varchar(length)) => {
            needs("String", errors);
            within(length, 1, VARCHAR_BYTES, "varchar", errors);
        }
        Some(DeclaredType::Char(length)) => {
            needs("String", errors);
            within(length, 1, CHAR_BYTES, "char", errors);
        }
        Some(DeclaredType::Numeric(precision, _)) => {
            needs("BigDecimal", errors);
            within(precision, 1, NUMERIC_PRECISION, "numeric", errors);
        }
    }
}

/// Types whose column type is known, so that a contradiction is certain; a newtype may map to anything.
fn is_builtin(ty: &str) -> bool {
    const BUILTIN: &[&str] = &[
        "String",
        "BigDecimal",
        "Uuid",
        "NaiveDate",
        "NaiveDateTime",
        "DateTime",
        "bool",
        "i16",
        "i32",
        "i64",
        "f32",
        "f64",
    ];
    BUILTIN.contains(&ty)
}

fn within(literal: &LitInt, low: u64, high: u64, what: &str, errors: &mut Vec<syn::Error>) {
    match literal.base10_parse::<u64>() {
        Ok(value) if (low..=high).contains(&value) => {}
        _ => errors.push(syn::Error::new(literal.span(), format!("{what} takes {low} to {high}"))),
    }
}

fn at(span: Span, message: impl std::fmt::Display) -> syn::Error {
    syn::Error::new(span, message)
}
