//! What Aurora DSQL has no place for in any table, found before the first step runs.
//!
//! Limits and types: AWS user guide, "Cluster quotas and database limits" and "Supported data types".

use super::Planner;
use super::constraint::INDEXES;
use crate::diff::{Change, TableChange};
use crate::snapshot::{Column, ForeignKey, Index, KeyValue, Snapshot, Table};
use crate::sql::quoted;

const COLUMNS: usize = 255;
const KEYS: usize = 8;
const SCHEMAS: usize = 10;
/// What `CACHE` may be beside 1.
const CACHE: i64 = 65_536;

/// Types of columns, and whether one can be part of a key.
const TYPES: [(&str, bool); 21] = [
    ("smallint", true),
    ("integer", true),
    ("bigint", true),
    ("real", true),
    ("double precision", true),
    ("numeric", true),
    ("char", true),
    ("varchar", true),
    ("bpchar", true),
    ("text", true),
    ("date", true),
    ("time", true),
    ("timestamp", true),
    ("timestamptz", true),
    ("timetz", false),
    ("interval", false),
    ("boolean", true),
    ("bytea", false),
    ("uuid", true),
    ("json", false),
    ("jsonb", false),
];

/// Refuses what the new snapshot has and DSQL has not; only tables that change are looked at.
pub(super) fn check(planner: &mut Planner<'_>) {
    if planner.new.schemas.len() > SCHEMAS {
        let reason = format!("a cluster has at most {SCHEMAS} schemas");
        planner.refuse(
            format!("{} schemas", planner.new.schemas.len()),
            reason,
            "put tables that belong together into one",
        );
    }
    let changed = planner.changes.iter().filter_map(|change| match change {
        Change::CreateTable(table) => Some(&table.name),
        Change::AlterTable { table, .. } => Some(table),
        _ => None,
    });
    let mut last = None;
    for name in changed.collect::<Vec<_>>() {
        if last.replace(name) != Some(name)
            && let Some(table) = planner.new.table(name)
        {
            self::table(planner, table);
        }
    }
    keeps_keys(planner);
}

fn table(planner: &mut Planner<'_>, table: &Table) {
    let name = &table.name;
    if table.columns.len() > COLUMNS {
        let reason = format!("a table has at most {COLUMNS} columns");
        planner.refuse(
            format!("table {name}"),
            reason,
            "put columns that are rarely read into a second table",
        );
    }
    if table.relations().count() > INDEXES {
        let reason = format!("a table has at most {INDEXES} indexes");
        planner.refuse(
            format!("table {name}"),
            reason,
            "drop indexes whose first columns another has as well",
        );
    }
    for column in &table.columns {
        self::column(planner, table, column);
    }
    let snapshot = planner.new;
    let key = table.primary_key.iter().map(|key| (&key.name, key.columns.iter().collect()));
    let uniques = table.uniques.iter().map(|unique| (&unique.name, unique.columns.iter().collect()));
    let keys: Vec<(&String, Vec<&String>)> =
        key.chain(uniques).chain(table.indexes.iter().map(index_columns)).collect();
    for (key, columns) in keys {
        let what = format!("{} of {name}", quoted(key));
        if columns.len() > KEYS {
            let reason = format!("a key or an index has at most {KEYS} columns");
            planner.refuse(&what, reason, "leave out columns that tell few rows apart, or INCLUDE them");
        }
        for column in columns.iter().filter_map(|column| table.column(column)) {
            if let Some(false) = can_be_key(snapshot, &column.sql_type) {
                let reason =
                    format!("{} cannot be in a key, being {}", quoted(&column.name), column.sql_type);
                planner.refuse(&what, reason, "index an expression of it that gives text or a number");
            }
        }
    }
    let key = table.primary_key.as_ref().map(|key| &key.columns);
    for unique in
        table.uniques.iter().filter(|unique| Some(&unique.columns) == key && unique.include.is_empty())
    {
        let what = format!("unique constraint {} of {name}", quoted(&unique.name));
        planner.refuse(
            what,
            "PostgreSQL makes none beside a primary key on the same columns",
            "leave it out",
        );
    }
    for key in &table.foreign_keys {
        foreign_key(planner, table, key);
    }
}

fn index_columns(index: &Index) -> (&String, Vec<&String>) {
    let columns = index.keys.iter().map(|key| match &key.value {
        KeyValue::Column(name) | KeyValue::Expression(name) => name,
    });
    (&index.name, columns.collect())
}

fn column(planner: &mut Planner<'_>, table: &Table, column: &Column) {
    let what = format!("column {} of {}", quoted(&column.name), table.name);
    if can_be_key(planner.new, &column.sql_type).is_none() {
        let way = match column.sql_type.as_str() {
            sql if sql.contains("serial") => "use bigint with an identity, or uuid with gen_random_uuid()",
            sql if sql.ends_with("[]") => "use jsonb, or a table of its own",
            _ => "use text with a check, or jsonb",
        };
        planner.refuse(&what, format!("Aurora DSQL has no column of type {}", column.sql_type), way);
    }
    if let Some(identity) = &column.identity {
        if column.sql_type != "bigint" {
            planner.refuse(&what, "a column that the database counts up is a bigint", "make it one");
        }
        if identity.cache != 1 && identity.cache < CACHE {
            let reason = format!("the cache of an identity is 1, or {CACHE} and more");
            planner.refuse(&what, reason, "say 1 for numbers in order, 65536 for speed");
        }
    }
}

/// None for a type that there is no column of.
pub(super) fn can_be_key(snapshot: &Snapshot, sql_type: &str) -> Option<bool> {
    let bare = sql_type.split('(').next().unwrap_or(sql_type);
    let known = TYPES.iter().find(|(name, _)| *name == bare).map(|(_, key)| *key);
    known.filter(|_| !sql_type.ends_with("[]")).or_else(|| {
        let domain = snapshot.domains.iter().find(|domain| domain.name.to_string() == sql_type)?;
        can_be_key(snapshot, &domain.sql_type)
    })
}

fn foreign_key(planner: &mut Planner<'_>, table: &Table, key: &ForeignKey) {
    let what = format!("foreign key {} of {}", quoted(&key.name), table.name);
    let Some(far) = planner.new.table(&key.table) else {
        let reason = format!("there is no table {}", key.table);
        return planner.refuse(what, reason, "declare the table too, or drop the key");
    };
    let referred = |columns: &[String]| {
        columns.len() == key.references.len() && key.references.iter().all(|name| columns.contains(name))
    };
    let unique_index = |index: &Index| {
        let (_, columns) = index_columns(index);
        index.unique
            && index.condition.is_none()
            && referred(&columns.into_iter().cloned().collect::<Vec<_>>())
    };
    let is_key = far.primary_key.as_ref().is_some_and(|key| referred(&key.columns))
        || far.uniques.iter().any(|unique| referred(&unique.columns))
        || far.indexes.iter().any(unique_index);
    if !is_key {
        let reason = format!("nothing in {} is unique over the columns it refers to", key.table);
        planner.refuse(what, reason, "refer to the primary key, or add a unique constraint over them");
    }
}

/// A table that has a primary key keeps one.
fn keeps_keys(planner: &mut Planner<'_>) {
    let changes = planner.changes;
    for change in changes {
        if let Change::AlterTable { table, change: TableChange::ChangePrimaryKey { to: None, .. } } = change {
            planner.refuse(
                format!("drop the primary key of {table}"),
                "rows without a key could not be taken in chunks any more",
                "keep a primary key: a uuid with gen_random_uuid() costs little",
            );
        }
    }
}
