//! The statements that make what a snapshot holds.

use std::fmt::Display;

use super::{literal, quoted};
use crate::snapshot::{
    Action, Check, Column, Deferrable, Domain, ForeignKey, Identity, Index, KeyValue, Name, Table, Unique,
    View,
};

/// `CREATE TABLE` with everything that can be made with it: indexes and comments come after, as do the foreign keys
/// that `with` does not take.
pub(crate) fn create_table(table: &Table, with: impl Fn(&ForeignKey) -> bool) -> String {
    let mut parts: Vec<String> = table.columns.iter().map(column).collect();
    if let Some(key) = &table.primary_key {
        parts.push(format!("CONSTRAINT {} PRIMARY KEY ({})", quoted(&key.name), list(&key.columns)));
    }
    parts.extend(table.uniques.iter().map(unique));
    parts.extend(table.checks.iter().map(check));
    parts.extend(table.foreign_keys.iter().filter(|key| with(key)).map(foreign_key));
    format!("CREATE TABLE {} (\n  {}\n)", table.name, parts.join(",\n  "))
}

/// A column as `CREATE TABLE` takes it.
pub(crate) fn column(column: &Column) -> String {
    let mut sql = format!("{} {}", quoted(&column.name), column.sql_type);
    if let Some(default) = &column.default {
        sql += &format!(" DEFAULT {default}");
    }
    if let Some(identity) = &column.identity {
        sql += &format!(" {}", self::identity(identity));
    }
    if let Some(expression) = &column.generated {
        sql += &format!(" GENERATED ALWAYS AS ({expression}) STORED");
    }
    if !column.nullable {
        sql += " NOT NULL";
    }
    sql
}

/// `GENERATED … AS IDENTITY (…)`.
pub(crate) fn identity(identity: &Identity) -> String {
    let how = if identity.always { "ALWAYS" } else { "BY DEFAULT" };
    let start = if identity.increment < 0 { -1 } else { 1 };
    let start = option("START WITH", identity.start, start);
    let increment = option("INCREMENT BY", identity.increment, 1);
    format!("GENERATED {how} AS IDENTITY (CACHE {}{start}{increment})", identity.cache)
}

fn option(word: &str, value: i64, default: i64) -> String {
    if value == default { String::new() } else { format!(" {word} {value}") }
}

fn unique(unique: &Unique) -> String {
    let nulls = if unique.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let include = include(&unique.include);
    format!("CONSTRAINT {} UNIQUE{nulls} ({}){include}", quoted(&unique.name), list(&unique.columns))
}

/// `CONSTRAINT … CHECK (…)`.
pub(crate) fn check(check: &Check) -> String {
    format!("CONSTRAINT {} CHECK ({})", quoted(&check.name), check.sql)
}

fn foreign_key(key: &ForeignKey) -> String {
    let action = |event: &str, action: Action| match action {
        Action::NoAction => String::new(),
        Action::Restrict => format!(" ON {event} RESTRICT"),
        Action::Cascade => format!(" ON {event} CASCADE"),
        Action::SetNull => format!(" ON {event} SET NULL"),
        Action::SetDefault => format!(" ON {event} SET DEFAULT"),
    };
    format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){}{}{}",
        quoted(&key.name),
        list(&key.columns),
        key.table,
        list(&key.references),
        action("DELETE", key.on_delete),
        action("UPDATE", key.on_update),
        match key.deferrable {
            Deferrable::No => "",
            Deferrable::InitiallyImmediate => " DEFERRABLE",
            Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
        },
    )
}

/// `ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY … NOT VALID`.
pub(crate) fn add_foreign_key(table: &Name, key: &ForeignKey) -> String {
    format!("ALTER TABLE {table} ADD {} NOT VALID", foreign_key(key))
}

/// `CREATE INDEX ASYNC …`.
pub(crate) fn create_index(table: &Name, index: &Index) -> String {
    let keys = index.keys.iter().map(|key| {
        let value = match &key.value {
            KeyValue::Column(name) => quoted(name),
            KeyValue::Expression(sql) => format!("({sql})"),
        };
        value + if key.nulls_first { " NULLS FIRST" } else { "" }
    });
    let keys: Vec<String> = keys.collect();
    let unique = if index.unique { "UNIQUE " } else { "" };
    let include = include(&index.include);
    let nulls = if index.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let condition = index.condition.as_ref().map(|sql| format!(" WHERE {sql}")).unwrap_or_default();
    let (name, keys) = (quoted(&index.name), keys.join(", "));
    format!("CREATE {unique}INDEX ASYNC {name} ON {table} ({keys}){include}{nulls}{condition}")
}

/// `CREATE VIEW …`.
pub(crate) fn create_view(view: &View) -> String {
    let columns: Vec<String> = view.columns.iter().map(|column| column.name.clone()).collect();
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", list(&columns)) };
    format!("CREATE VIEW {}{columns} AS {}", view.name, view.query.trim().trim_end_matches(';'))
}

/// `CREATE DOMAIN …`.
pub(crate) fn create_domain(domain: &Domain) -> String {
    let mut sql = format!("CREATE DOMAIN {} AS {}", domain.name, domain.sql_type);
    if let Some(default) = &domain.default {
        sql += &format!(" DEFAULT {default}");
    }
    if !domain.nullable {
        sql += " NOT NULL";
    }
    for check in &domain.checks {
        sql += &format!(" {}", self::check(check));
    }
    sql
}

/// `COMMENT ON … IS …`.
pub(crate) fn comment(on: impl Display, text: Option<&str>) -> String {
    format!(
        "COMMENT ON {on} IS {}",
        text.map_or_else(|| "NULL".to_owned(), |text| literal(text).trim().to_owned())
    )
}

fn include(columns: &[String]) -> String {
    if columns.is_empty() { String::new() } else { format!(" INCLUDE ({})", list(columns)) }
}

/// Names with commas between them.
fn list(names: &[String]) -> String {
    names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}
