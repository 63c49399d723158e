//! A column as a field: its name, its type and its attributes.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::values::Values;
use super::{doc, ident};
use crate::snapshot::{Column, Table};
use crate::sql::strings;

/// One field of a struct.
pub(super) struct Field<'a> {
    pub(super) column: &'a Column,
    pub(super) ident: String,
    /// The enum that it is of, and its values.
    pub(super) values: Option<(String, Values)>,
    is_key: bool,
}

impl<'a> Field<'a> {
    pub(super) fn of(table: &Table, column: &'a Column, taken: &mut BTreeSet<String>) -> Self {
        let plain = ident(&column.name);
        let numbered = (2..).map(|number| format!("{plain}_{number}"));
        let free = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name));
        let ident = free.unwrap_or(plain);
        taken.insert(ident.clone());
        Self { column, ident, values: None, is_key: table.is_key(&column.name) }
    }

    /// Whether a declaration can say the column's type.
    pub(super) fn is_known(&self) -> bool {
        rust_type(&self.column.sql_type).is_some()
    }

    /// The type of the field.
    pub(super) fn rust(&self) -> String {
        let rust = match &self.values {
            Some((name, _)) => name.as_str(),
            None => rust_type(&self.column.sql_type).unwrap_or("String"),
        };
        if self.column.nullable { format!("Option<{rust}>") } else { rust.to_owned() }
    }

    /// The comment and `#[column(…)]`. Of a unique constraint: whether two NULLs are the same, and its name if it has one of
    /// its own.
    pub(super) fn write(&self, text: &mut String, unique: Option<(bool, String)>) {
        let column = self.column;
        let mut options: Vec<String> = Vec::new();
        if self.is_key {
            options.push("primary_key".into());
        }
        if self.ident != column.name {
            options.push(format!("name = {:?}", column.name));
        }
        if self.values.is_none() {
            options.extend(declared(&column.sql_type));
        }
        if let Some(default) = &column.default {
            options.push(format!("default = {}", self.default(default)));
        }
        if let Some(identity) = &column.identity {
            let always = if identity.always { "always, " } else { "" };
            let (start, step) = (identity.start, identity.increment);
            options.push(format!(
                "identity({always}cache = {}, start = {start}, increment = {step})",
                identity.cache
            ));
        }
        if let Some(generated) = &column.generated {
            options.push(format!("generated = {generated:?}"));
        }
        if let Some((nulls, given)) = unique {
            let inside = format!("{}{given}", if nulls { ", nulls_not_distinct" } else { "" });
            let inside = inside.trim_start_matches(", ").to_owned();
            options.push(if inside.is_empty() { "unique".into() } else { format!("unique({inside})") });
        }
        doc(text, "    ", column.comment.as_deref());
        if !options.is_empty() {
            let _ = writeln!(text, "    #[column({})]", options.join(", "));
        }
    }

    /// A default in the words of a declaration where it has some, else as SQL.
    fn default(&self, sql: &str) -> String {
        if let Some((name, values)) = &self.values
            && let [value] = &strings(sql)[..]
            && let Some(variant) = values.variant(value)
        {
            return format!("{name}::{variant}");
        }
        let lower = sql.to_lowercase();
        match lower.as_str() {
            "gen_random_uuid()" | "now()" | "true" | "false" => lower,
            "current_date" | "current_timestamp" if self.column.sql_type != "text" => lower,
            _ if sql.bytes().all(|letter| letter.is_ascii_digit()) => sql.to_owned(),
            _ => format!("sql({sql:?})"),
        }
    }
}

/// The Rust type of a column; none for one that no declaration has.
pub(super) fn rust_type(sql_type: &str) -> Option<&'static str> {
    Some(match sql_type.split('(').next().unwrap_or(sql_type) {
        "uuid" => "Uuid",
        "text" | "varchar" | "char" => "String",
        "boolean" => "bool",
        "smallint" => "i16",
        "integer" => "i32",
        "bigint" => "i64",
        "real" => "f32",
        "double precision" => "f64",
        "numeric" => "BigDecimal",
        "date" => "NaiveDate",
        "time" => "NaiveTime",
        "timestamp" => "NaiveDateTime",
        "timestamptz" => "DateTime<Utc>",
        "timetz" if sql_type == "timetz" => "mizzle::TimeTz",
        "interval" if sql_type == "interval" => "mizzle::Interval",
        "bytea" => "Vec<u8>",
        "json" | "jsonb" => "serde_json::Value",
        _ => return None,
    })
}

/// The type as `#[column(…)]` says it, where the field's type alone does not.
pub(super) fn declared(sql_type: &str) -> Option<String> {
    let says = match sql_type.split_once('(') {
        Some(("numeric", _)) => sql_type != "numeric(18,6)",
        Some(("varchar" | "char" | "time" | "timestamp" | "timestamptz", _)) => true,
        _ => sql_type == "json",
    };
    says.then(|| sql_type.replace(',', ", "))
}
