//! A live database as a snapshot, and which of its expressions are another spelling of those wanted.
//!
//! PostgreSQL keeps expressions as trees and prints them its own way: `stars BETWEEN 1 AND 5` comes back as
//! `((stars >= 1) AND (stars <= 5))`, `'x'` as `'x'::character varying`. No reader of text can tell for sure that the two
//! are one, so the database is asked, by EXPLAIN and without making anything: see [`settle`](fn@settle).

mod catalog;
mod settle;

use std::collections::BTreeMap;

use tokio_postgres::{Client, Row};

use crate::Error;
use crate::snapshot::{
    Action, Check, Column, Deferrable, Domain, ForeignKey, Identity, Index, Key, KeyValue, Name, PrimaryKey,
    Schema, Snapshot, Table, Unique, View, ViewColumn,
};
use crate::sql::quoted;
pub use settle::settle;

/// The beginning of the names of our own tables, which are no part of a schema.
const OURS: &str = "__mizzle_";

/// Where Drizzle keeps its records, which a run takes over and leaves alone.
const DRIZZLES: &str = "__drizzle_migrations";

/// How often a snapshot is taken anew when somebody changes the schema meanwhile.
const ATTEMPTS: usize = 10;

/// Reads every schema of a database but the system's, in one transaction, so that all of it is of one moment.
///
/// Tables whose names begin with `__mizzle_` are the tool's own and left out, as are Drizzle's `__drizzle_migrations`,
/// and sequences and functions, which no change speaks of.
///
/// # Errors
/// When the server cannot be asked, or the schema keeps changing while it is read.
pub async fn introspect(client: &Client) -> Result<Snapshot, Error> {
    for attempt in 1.. {
        match read(client).await {
            Ok(snapshot) => return Ok(snapshot),
            Err(error) => {
                // The first error is the one to tell of; if the connection is gone, so is the transaction.
                let _ = client.batch_execute("ROLLBACK").await;
                let conflict = error.code().is_some_and(|code| code.code() == "40001");
                if !conflict || attempt == ATTEMPTS {
                    return Err(Error::introspection(error));
                }
            }
        }
    }
    unreachable!("the loop ends in a return")
}

/// Introspects, and takes over the spelling of whatever is wanted and is already so.
///
/// # Errors
/// As [`introspect`].
pub async fn introspect_for(client: &Client, wanted: &Snapshot) -> Result<Snapshot, Error> {
    let mut snapshot = introspect(client).await?;
    settle(client, &mut snapshot, wanted).await?;
    Ok(snapshot)
}

async fn read(client: &Client) -> Result<Snapshot, tokio_postgres::Error> {
    client.batch_execute("BEGIN READ ONLY").await?;
    let mut snapshot = Snapshot::default();
    for row in client.query(catalog::SCHEMAS, &[]).await? {
        snapshot.schemas.push(Schema { name: row.try_get(0)?, comment: row.try_get(1)? });
    }
    snapshot.domains = domains(client).await?;
    let mut tables = BTreeMap::new();
    let mut views = BTreeMap::new();
    for row in client.query(catalog::RELATIONS, &[]).await? {
        let name = name(&row)?;
        if name.name.starts_with(OURS) || name.name == DRIZZLES {
            continue;
        }
        if row.try_get(2)? {
            views.insert(name.clone(), view(name, &row)?);
        } else {
            tables.insert(name.clone(), table(name, &row)?);
        }
    }
    for row in client.query(catalog::COLUMNS, &[]).await? {
        let name = name(&row)?;
        if let Some(table) = tables.get_mut(&name) {
            table.columns.push(column(&row)?);
        } else if let Some(view) = views.get_mut(&name) {
            view.columns.push(ViewColumn { name: row.try_get(2)?, sql_type: row.try_get(3)? });
        }
    }
    for row in client.query(catalog::CONSTRAINTS, &[]).await? {
        if let Some(table) = tables.get_mut(&name(&row)?) {
            constraint(table, &row)?;
        }
    }
    for row in client.query(catalog::INDEXES, &[]).await? {
        if let Some(table) = tables.get_mut(&name(&row)?) {
            table.indexes.push(index(&row)?);
        }
    }
    client.batch_execute("COMMIT").await?;
    snapshot.tables = tables.into_values().collect();
    snapshot.views = views.into_values().collect();
    snapshot.normalise();
    Ok(snapshot)
}

type Read<T> = Result<T, tokio_postgres::Error>;

fn name(row: &Row) -> Read<Name> {
    Ok(Name { schema: row.try_get(0)?, name: row.try_get(1)? })
}

async fn domains(client: &Client) -> Read<Vec<Domain>> {
    let mut domains = BTreeMap::new();
    for row in client.query(catalog::DOMAINS, &[]).await? {
        let name = name(&row)?;
        let not_null: bool = row.try_get(3)?;
        let domain = Domain {
            name: name.clone(),
            sql_type: row.try_get(2)?,
            nullable: !not_null,
            default: row.try_get(4)?,
            checks: Vec::new(),
        };
        domains.insert(name, domain);
    }
    for row in client.query(catalog::DOMAIN_CHECKS, &[]).await? {
        if let Some(domain) = domains.get_mut(&name(&row)?) {
            domain.checks.push(Check { name: row.try_get(2)?, sql: row.try_get(3)?, valid: row.try_get(4)? });
        }
    }
    Ok(domains.into_values().collect())
}

fn table(name: Name, row: &Row) -> Read<Table> {
    Ok(Table {
        name,
        renamed_from: None,
        comment: row.try_get(3)?,
        columns: Vec::new(),
        primary_key: None,
        uniques: Vec::new(),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
    })
}

fn view(name: Name, row: &Row) -> Read<View> {
    let query: String = row.try_get(4)?;
    let query = query.trim().trim_end_matches(';').to_owned();
    Ok(View { name, renamed_from: None, query, columns: Vec::new(), comment: row.try_get(3)? })
}

fn column(row: &Row) -> Read<Column> {
    let domain: (Option<String>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
    let sql_type = match domain {
        (Some(schema), Some(name)) => Name { schema, name }.to_string(),
        _ => row.try_get(3)?,
    };
    let not_null: bool = row.try_get(6)?;
    let expression: Option<String> = row.try_get(7)?;
    let generated: bool = row.try_get(8)?;
    let identity = match row.try_get::<_, &str>(9)? {
        "" => None,
        how => Some(Identity {
            always: how == "a",
            cache: row.try_get::<_, Option<i64>>(11)?.unwrap_or(1),
            start: row.try_get::<_, Option<i64>>(12)?.unwrap_or(1),
            increment: row.try_get::<_, Option<i64>>(13)?.unwrap_or(1),
        }),
    };
    let (default, generated) = if generated { (None, expression) } else { (expression, None) };
    Ok(Column {
        name: row.try_get(2)?,
        renamed_from: None,
        sql_type,
        nullable: !not_null,
        not_null: None,
        default,
        identity,
        generated,
        comment: row.try_get(10)?,
    })
}

fn constraint(table: &mut Table, row: &Row) -> Read<()> {
    let name: String = row.try_get(2)?;
    let columns: Vec<String> = row.try_get(4)?;
    let valid: bool = row.try_get(6)?;
    match row.try_get::<_, &str>(3)? {
        "p" => table.primary_key = Some(PrimaryKey { name, columns }),
        "u" => table.uniques.push(Unique {
            name,
            columns,
            nulls_not_distinct: row.try_get(9)?,
            include: row.try_get(10)?,
        }),
        "c" => table.checks.push(Check { name, sql: row.try_get(5)?, valid }),
        _ => table.foreign_keys.push(ForeignKey {
            name,
            columns,
            table: Name { schema: row.try_get(11)?, name: row.try_get(12)? },
            references: row.try_get(13)?,
            on_delete: action(row.try_get(14)?),
            on_update: action(row.try_get(15)?),
            deferrable: match (row.try_get(7)?, row.try_get(8)?) {
                (true, true) => Deferrable::InitiallyDeferred,
                (true, false) => Deferrable::InitiallyImmediate,
                (false, _) => Deferrable::No,
            },
            valid,
        }),
    }
    Ok(())
}

/// `pg_constraint.confdeltype` (manual, "pg_constraint").
fn action(letter: &str) -> Action {
    match letter {
        "r" => Action::Restrict,
        "c" => Action::Cascade,
        "n" => Action::SetNull,
        "d" => Action::SetDefault,
        _ => Action::NoAction,
    }
}

fn index(row: &Row) -> Read<Index> {
    let keys: Vec<String> = row.try_get(6)?;
    let (columns, nulls): (Vec<bool>, Vec<bool>) = (row.try_get(7)?, row.try_get(8)?);
    let keys = keys.into_iter().zip(columns).zip(nulls).map(|((text, is_column), nulls_first)| Key {
        value: if is_column { KeyValue::Column(text) } else { KeyValue::Expression(text) },
        nulls_first,
    });
    Ok(Index {
        name: row.try_get(2)?,
        unique: row.try_get(3)?,
        valid: row.try_get(4)?,
        nulls_not_distinct: row.try_get(5)?,
        keys: keys.collect(),
        include: row.try_get(9)?,
        condition: row.try_get(10)?,
    })
}

/// A table of a database as a statement names it, its schema always said.
fn qualified(name: &Name) -> String {
    format!("{}.{}", quoted(&name.schema), quoted(&name.name))
}
