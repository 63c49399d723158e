//! What structs declare, as a snapshot.

use mizzle::{
    Action as DeclaredAction, ColumnDef, Deferrable as DeclaredDeferrable, ForeignKeyDef, IdentityDef,
    IndexDef, IndexValue, Nulls, TableDef, TableKind,
};

use super::{
    Action, Check, Column, Deferrable, ForeignKey, Identity, Index, Key, KeyValue, Name, PUBLIC, PrimaryKey,
    Schema, Snapshot, Table, Unique, View,
};
use crate::sql::{literal, quoted};

impl Snapshot {
    /// What structs declare: `Snapshot::declared(TABLES)`, where `TABLES` is what `mizzle::schema!` emits. A table that
    /// names no schema stands in `public`.
    ///
    /// A view whose declaration leaves out its query is read only: somebody else makes it, and it is no part of this.
    pub fn declared(tables: &[&TableDef]) -> Self {
        let mut snapshot = Self::default();
        for def in tables {
            let name = Name::new(def.schema.unwrap_or(PUBLIC), def.name);
            if name.schema != PUBLIC && !snapshot.schemas.iter().any(|schema| schema.name == name.schema) {
                snapshot.schemas.push(Schema { name: name.schema.clone(), comment: None });
            }
            match def.kind {
                TableKind::Table => snapshot.tables.push(table(name, def)),
                TableKind::View { query: Some(query) } => snapshot.views.push(view(name, def, query)),
                TableKind::View { query: None } => {}
            }
        }
        snapshot.normalise();
        snapshot
    }
}

fn table(name: Name, def: &TableDef) -> Table {
    let values = def.columns.iter().filter_map(|column| {
        let values = column.values?;
        let list: Vec<String> = values.values.iter().map(|value| literal(value)).collect();
        let sql = format!("{} IN ({})", quoted(column.name), list.join(", "));
        Some(Check { name: values.name.to_owned(), sql, valid: true })
    });
    let checks = def.checks.iter().map(|check| Check {
        name: check.name.to_owned(),
        sql: check.sql.to_owned(),
        valid: true,
    });
    Table {
        name,
        renamed_from: owned(def.renamed_from),
        comment: owned(def.comment),
        columns: def.columns.iter().map(column).collect(),
        primary_key: (!def.primary_key.is_empty())
            .then(|| PrimaryKey { name: def.primary_key_name.to_owned(), columns: names(def.primary_key) }),
        uniques: def
            .uniques
            .iter()
            .map(|unique| Unique {
                name: unique.name.to_owned(),
                columns: names(unique.columns),
                include: Vec::new(),
                nulls_not_distinct: unique.nulls_not_distinct,
            })
            .collect(),
        checks: checks.chain(values).collect(),
        foreign_keys: def.foreign_keys.iter().map(foreign_key).collect(),
        indexes: def.indexes.iter().map(index).collect(),
    }
}

fn view(name: Name, def: &TableDef, query: &str) -> View {
    View {
        name,
        renamed_from: owned(def.renamed_from),
        query: query.to_owned(),
        columns: Vec::new(),
        comment: owned(def.comment),
    }
}

fn column(def: &ColumnDef) -> Column {
    Column {
        name: def.name.to_owned(),
        renamed_from: owned(def.renamed_from),
        sql_type: def.sql_type.to_owned(),
        nullable: def.nullable,
        not_null: None,
        default: owned(def.default),
        identity: def.identity.map(identity),
        generated: owned(def.generated),
        comment: owned(def.comment),
    }
}

/// A sequence that counts up begins with 1, one that counts down with -1 (manual, CREATE SEQUENCE).
fn identity(def: IdentityDef) -> Identity {
    let increment = def.increment.unwrap_or(1);
    let start = def.start.unwrap_or(if increment < 0 { -1 } else { 1 });
    Identity { always: def.always, cache: def.cache, start, increment }
}

fn foreign_key(def: &ForeignKeyDef) -> ForeignKey {
    ForeignKey {
        name: def.name.to_owned(),
        columns: names(def.columns),
        table: Name::new(def.schema.unwrap_or(PUBLIC), def.table),
        references: names(def.references),
        on_delete: action(def.on_delete),
        on_update: action(def.on_update),
        deferrable: match def.deferrable {
            DeclaredDeferrable::No => Deferrable::No,
            DeclaredDeferrable::InitiallyImmediate => Deferrable::InitiallyImmediate,
            DeclaredDeferrable::InitiallyDeferred => Deferrable::InitiallyDeferred,
        },
        valid: true,
    }
}

fn action(action: DeclaredAction) -> Action {
    match action {
        DeclaredAction::NoAction => Action::NoAction,
        DeclaredAction::Restrict => Action::Restrict,
        DeclaredAction::Cascade => Action::Cascade,
        DeclaredAction::SetNull => Action::SetNull,
        DeclaredAction::SetDefault => Action::SetDefault,
    }
}

fn index(def: &IndexDef) -> Index {
    let keys = def.keys.iter().map(|key| Key {
        value: match key.value {
            IndexValue::Column(name) => KeyValue::Column(name.to_owned()),
            IndexValue::Expression(sql) => KeyValue::Expression(sql.to_owned()),
        },
        nulls_first: key.nulls == Some(Nulls::First),
    });
    Index {
        name: def.name.to_owned(),
        keys: keys.collect(),
        unique: def.unique,
        include: names(def.include),
        condition: owned(def.condition),
        nulls_not_distinct: def.nulls_not_distinct,
        valid: true,
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
