//! What Aurora DSQL would refuse of one column.

use syn::{LitInt, Type};

use crate::ast::{ColumnInput, TableInput, inside, last_segment};
use crate::types::{self, Declared};
use crate::{naming, sql};

const VARCHAR_BYTES: i64 = 65_535;
const CHAR_BYTES: i64 = 4_096;
const NUMERIC_PRECISION: i64 = 1_000;
/// Microseconds: what PostgreSQL keeps of a time.
const TIME_PRECISION: i64 = 6;

/// Adds one error for each mistake of a column.
pub(super) fn check(table: &TableInput, column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    if column.column_name().len() > naming::LENGTH {
        errors.push(syn::Error::new(
            column.ident.span(),
            "a column's name has at most 63 bytes: give it a shorter one",
        ));
    }
    column_type(column, errors);
    declared(column, errors);
    identity(table, column, errors);
    generated(table, column, errors);
    default(column, errors);
}

/// Whether the column cannot be emitted as it is written.
pub(crate) fn is_refused(column: &ColumnInput) -> bool {
    let mut errors = Vec::new();
    column_type(column, &mut errors);
    declared(column, &mut errors);
    !errors.is_empty()
}

fn column_type(column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    if let Some(refusal) = types::refusal(column.value_type()) {
        errors.push(syn::Error::new_spanned(column.value_type(), refusal));
    }
}

fn declared(column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    let Some(declared) = &column.options.declared else { return };
    let ty = column.value_type();
    let (name, wanted) = (last_segment(ty), declared.rust());
    // a newtype may map to anything
    if column.known().is_some() && name != wanted {
        errors.push(syn::Error::new_spanned(
            ty,
            format!("this column type is read as `{wanted}`, not as `{name}`"),
        ));
    }
    match declared {
        Declared::Varchar(length) => within(length, false, (1, VARCHAR_BYTES), "varchar", errors),
        Declared::Char(length) => within(length, false, (1, CHAR_BYTES), "char", errors),
        Declared::Numeric(precision, scale) => {
            within(precision, false, (1, NUMERIC_PRECISION), "the precision of numeric", errors);
            if let Some(digits) = &scale.digits {
                let range = (-NUMERIC_PRECISION, NUMERIC_PRECISION);
                within(digits, scale.negative, range, "the scale of numeric", errors);
            }
        }
        Declared::Time(precision) | Declared::Timestamp(precision) | Declared::Timestamptz(precision) => {
            within(precision, false, (0, TIME_PRECISION), "the precision of a time", errors);
        }
        Declared::Text | Declared::Json | Declared::Jsonb => {}
    }
}

fn identity(table: &TableInput, column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    let Some(identity) = &column.options.identity else { return };
    errors.extend(identity.refusal());
    if table.is_view() {
        errors.push(syn::Error::new(identity.span, "a view has no identity: leave it to the table below"));
    }
    if column.known().is_some() && last_segment(&column.ty) != "i64" {
        errors.push(syn::Error::new_spanned(&column.ty, "an identity is a bigint: use `i64`"));
    }
    if column.nullable().is_some() {
        errors.push(syn::Error::new_spanned(&column.ty, "an identity is never NULL: remove the `Option`"));
    }
    if column.options.default.is_some() || column.options.default_with.is_some() {
        errors.push(syn::Error::new(identity.span, "an identity is its own default: remove the other one"));
    }
}

fn generated(table: &TableInput, column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    let Some(generated) = &column.options.generated else { return };
    expression(table, generated, errors);
    let options = &column.options;
    let given = options.default.is_some() || options.default_with.is_some() || options.on_update.is_some();
    if given || options.identity.is_some() {
        errors.push(syn::Error::new(
            generated.span(),
            "a generated column takes no other value: remove its default",
        ));
    }
    if options.primary_key {
        errors
            .push(syn::Error::new(generated.span(), "a generated column cannot be part of the primary key"));
    }
}

fn default(column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    let Some(default) = &column.options.default else { return };
    if let Some(refusal) = default.refusal(column.value_type()) {
        errors.push(syn::Error::new_spanned(&default.expression, refusal));
    } else if column.options.primary_key && default.is_monotone() {
        errors.push(syn::Error::new_spanned(
            &default.expression,
            "a key that only grows sends every insert to the same place: use a `Uuid` with `default = gen_random_uuid()`",
        ));
    }
}

/// SQL that may name columns of the table.
pub(super) fn expression(table: &TableInput, text: &syn::LitStr, errors: &mut Vec<syn::Error>) {
    match sql::names(&text.value(), &table.column_names()) {
        Err(message) => errors.push(syn::Error::new(text.span(), message)),
        Ok(names) => errors.extend(names.unknown.iter().map(|name| {
            let known = table.columns.iter().find(|column| column.ident == name.as_str());
            let cure = known.map_or_else(
                || format!("\"{}\" has no column `{name}`", table.table_name()),
                |column| format!("in SQL the field `{name}` is the column `{}`", column.column_name()),
            );
            syn::Error::new(text.span(), cure)
        })),
    }
}

/// The type of a key or of an index's column.
pub(super) fn key(column: &ColumnInput, errors: &mut Vec<syn::Error>) {
    let ty: &Type = column.value_type();
    if let Some(refusal) = types::key_refusal(ty, column.options.declared.as_ref()) {
        errors.push(syn::Error::new_spanned(inside(&column.ty, "Option").unwrap_or(ty), refusal));
    }
}

fn within(
    literal: &LitInt,
    negative: bool,
    (low, high): (i64, i64),
    what: &str,
    errors: &mut Vec<syn::Error>,
) {
    let value = literal.base10_parse::<i64>().map(|value| if negative { -value } else { value });
    if !value.is_ok_and(|value| (low..=high).contains(&value)) {
        errors.push(syn::Error::new(literal.span(), format!("{what} takes {low} to {high}")));
    }
}
