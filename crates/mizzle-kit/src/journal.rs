//! The tracking table: one row for each statement that is applied or begun, and one for who may work on it.
//!
//! ```text
//! (nothing) ─▶ running ─▶ waiting (a job is known) ─▶ applied        one row, changed in transactions of its own
//!                  └──────────┴──▶ failed ─▶ running again
//! ```
//!
//! A row is `running` before its statement is sent. Statements that change rows only take their record along in their
//! own transaction, so for them `running` says that nothing has happened.

use tokio_postgres::{Client, SimpleQueryRow};

use crate::name::{identifier, literal};
use crate::simple::{self, Result, Tries, column};
use crate::{Migration, Options, Statement};

/// The columns that came after the first layout, which had one row for each applied statement.
const ADDED: &[(&str, &str)] = &[
    ("state", "text"),
    ("chain", "text"),
    ("token", "text"),
    ("runner", "text"),
    ("attempts", "integer"),
    ("catalog_before", "text"),
    ("job", "text"),
    ("changed", "bigint"),
    ("position", "text"),
    ("note", "text"),
    ("expires_at", "timestamptz"),
];

/// The row of the lease, which is of no migration.
pub(crate) const LEASE: &str = "migration = '' AND ordinal = -1";

/// One statement's row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) migration: String,
    /// The statement's place in its migration, from 0.
    pub(crate) ordinal: usize,
    pub(crate) sha256: String,
    /// How many statements the migration had when this one was applied.
    pub(crate) statements: usize,
    pub(crate) state: State,
    pub(crate) attempts: u32,
    /// How the catalog stood before the statement was sent.
    pub(crate) before: Option<String>,
    pub(crate) job: Option<String>,
    /// How many rows a backfill has changed, and where it stands.
    pub(crate) changed: u64,
    pub(crate) position: Option<String>,
    pub(crate) note: Option<String>,
}

/// How far a statement is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Applied,
    Running,
    Waiting,
    Failed,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }
}

/// What the tracking table holds.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Whether the table is there, in this layout.
    pub(crate) is_current: bool,
    pub(crate) rows: Vec<Record>,
}

/// The tracking table of one run.
#[derive(Clone, Copy)]
pub(crate) struct Journal<'a> {
    pub(crate) client: &'a Client,
    pub(crate) options: &'a Options,
}

impl<'a> Journal<'a> {
    /// The table, quoted.
    pub(crate) fn table(&self) -> String {
        format!("{}.{}", identifier(&self.options.schema), identifier(&self.options.table))
    }

    /// Everything that is recorded, in one round trip.
    pub(crate) async fn records(&self) -> Result<Records> {
        let select = format!("SELECT * FROM {}", self.table());
        match simple::rows(self.client, &self.options.retry, &select).await {
            Ok(rows) => {
                let rows: Vec<_> = rows.iter().map(|row| (has_layout(row), record(row))).collect();
                Ok(Records {
                    // A table without rows tells no columns; asking for the layout again costs nothing then.
                    is_current: rows.first().is_some_and(|(current, _)| *current),
                    rows: rows.into_iter().filter_map(|(_, record)| record).collect(),
                })
            }
            Err(error) if is_missing(&error) => Ok(Records::default()),
            Err(error) => Err(error),
        }
    }

    /// Makes the table, or gives it the columns that an older one lacks. The catalog is asked first, because DDL that
    /// changes nothing may still make other sessions' transactions fail with OC001.
    pub(crate) async fn prepare(&self) -> Result<()> {
        let mut tries = Tries::new(&self.options.retry);
        loop {
            match self.prepare_once().await {
                Err(error) if tries.again(&error).await => {}
                other => return other,
            }
        }
    }

    async fn prepare_once(&self) -> Result<()> {
        let columns = format!(
            "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass({}) AND attnum > 0 \
             AND NOT attisdropped",
            literal(&self.table())
        );
        let columns = simple::rows(self.client, &self.options.retry, &columns).await?;
        let has = |name: &str| columns.iter().any(|row| row.get(0) == Some(name));
        let statement = if columns.is_empty() {
            self.create()
        } else {
            let missing = ADDED.iter().filter(|(name, _)| !has(name));
            let actions: Vec<_> = missing.map(|(name, kind)| format!("ADD COLUMN {name} {kind}")).collect();
            if actions.is_empty() {
                return Ok(());
            }
            format!("ALTER TABLE {} {}", self.table(), actions.join(", "))
        };
        match self.client.batch_execute(&statement).await {
            // Another run was faster: the table, or its columns, or the table's type are there.
            Err(error) if ["42P07", "42701", "42710", "23505"].contains(&code(&error)) => Ok(()),
            other => other,
        }
    }

    fn create(&self) -> String {
        let added: Vec<_> = ADDED.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        format!(
            "CREATE TABLE {} (\
             id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
             migration text NOT NULL, \
             ordinal integer NOT NULL, \
             sha256 text NOT NULL, \
             statements integer NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT now(), \
             {}, \
             UNIQUE (migration, ordinal))",
            self.table(),
            added.join(", ")
        )
    }
}

/// The statements that change rows of it.
impl Journal<'_> {
    /// Says that a statement is about to be sent.
    pub(crate) fn intent(
        &self,
        migration: &Migration,
        ordinal: usize,
        before: Option<&str>,
        attempts: u32,
    ) -> String {
        let (columns, values) = row(migration, ordinal);
        let runner = literal(&self.options.runner);
        let before = before.map_or_else(|| "NULL".to_owned(), literal);
        // A backfill goes on where it stood, unless it is another one by now.
        let reset = match migration.statements[ordinal].backfill {
            Some(_) => ["changed", "position"]
                .map(|it| format!(", {it} = CASE WHEN t.sha256 = excluded.sha256 THEN t.{it} END"))
                .concat(),
            None => ", changed = NULL, position = NULL".to_owned(),
        };
        format!(
            "INSERT INTO {} AS t ({columns}, state, runner, catalog_before, attempts) \
             VALUES ({values}, 'running', {runner}, {before}, {attempts}) \
             ON CONFLICT (migration, ordinal) DO UPDATE SET sha256 = excluded.sha256, \
             statements = excluded.statements, chain = excluded.chain, state = 'running', runner = {runner}, \
             catalog_before = {before}, attempts = {attempts}, job = NULL, note = NULL, applied_at = now(){reset}",
            self.table()
        )
    }

    /// Records statements as applied that have no row yet.
    pub(crate) fn adopted(&self, statements: &[(&Migration, usize)], note: &str) -> String {
        let rows: Vec<_> = statements
            .iter()
            .map(|(migration, ordinal)| {
                let (_, values) = row(migration, *ordinal);
                format!("({values}, 'applied', {})", literal(note))
            })
            .collect();
        format!(
            "INSERT INTO {} ({ROW}, state, note) VALUES {} ON CONFLICT (migration, ordinal) \
             DO UPDATE SET state = 'applied', sha256 = excluded.sha256, chain = excluded.chain, note = excluded.note, \
             statements = excluded.statements, applied_at = now()",
            self.table(),
            rows.join(", ")
        )
    }

    pub(crate) fn waiting(&self, migration: &Migration, ordinal: usize, job: &str) -> String {
        self.update(migration, ordinal, &format!("state = 'waiting', job = {}", literal(job)))
    }

    pub(crate) fn applied(&self, migration: &Migration, ordinal: usize, note: Option<&str>) -> String {
        let note = note.map_or_else(|| "NULL".to_owned(), literal);
        self.update(migration, ordinal, &format!("state = 'applied', applied_at = now(), note = {note}"))
    }

    pub(crate) fn failed(&self, migration: &Migration, ordinal: usize, note: &str) -> String {
        self.update(migration, ordinal, &format!("state = 'failed', note = {}", literal(note)))
    }

    pub(crate) fn progress(
        &self,
        migration: &Migration,
        ordinal: usize,
        changed: u64,
        position: &str,
    ) -> String {
        self.update(
            migration,
            ordinal,
            &format!("changed = {changed}, position = {}, applied_at = now()", literal(position)),
        )
    }

    pub(crate) fn forget(&self, migration: &Migration, ordinal: usize) -> String {
        format!(
            "DELETE FROM {} WHERE migration = {} AND ordinal = {ordinal} AND state <> 'applied'",
            self.table(),
            literal(&migration.name)
        )
    }

    /// Forgets the statements that a migration no longer has.
    pub(crate) fn shorten(&self, migration: &Migration) -> String {
        format!(
            "DELETE FROM {} WHERE migration = {} AND ordinal >= {}",
            self.table(),
            literal(&migration.name),
            migration.statements.len()
        )
    }

    fn update(&self, migration: &Migration, ordinal: usize, set: &str) -> String {
        format!(
            "UPDATE {} SET {set} WHERE migration = {} AND ordinal = {ordinal}",
            self.table(),
            literal(&migration.name)
        )
    }
}

const ROW: &str = "migration, ordinal, sha256, statements, chain";

fn row(migration: &Migration, ordinal: usize) -> (&'static str, String) {
    let Statement { sha256, .. } = &migration.statements[ordinal];
    let name = literal(&migration.name);
    let (statements, chain) = (migration.statements.len(), migration.chain);
    (ROW, format!("{name}, {ordinal}, '{sha256}', {statements}, '{chain}'"))
}

fn has_layout(row: &SimpleQueryRow) -> bool {
    ADDED.iter().all(|(name, _)| row.columns().iter().any(|column| column.name() == *name))
}

/// A row as a record; the lease is none.
fn record(row: &SimpleQueryRow) -> Option<Record> {
    let number = |name| column(row, name).and_then(|text| text.parse::<u64>().ok());
    let state = match column(row, "state") {
        Some("running") => State::Running,
        Some("waiting") => State::Waiting,
        Some("failed") => State::Failed,
        Some("lease") => return None,
        _ => State::Applied,
    };
    let text = |name| column(row, name).map(str::to_owned);
    Some(Record {
        migration: text("migration").unwrap_or_default(),
        ordinal: number("ordinal")? as usize,
        sha256: text("sha256").unwrap_or_default(),
        statements: number("statements").unwrap_or_default() as usize,
        state,
        attempts: number("attempts").unwrap_or_default() as u32,
        before: text("catalog_before"),
        job: text("job"),
        changed: number("changed").unwrap_or_default(),
        position: text("position"),
        note: text("note"),
    })
}

fn is_missing(error: &tokio_postgres::Error) -> bool {
    code(error) == "42P01"
}

fn code(error: &tokio_postgres::Error) -> &str {
    error.as_db_error().map_or("", |db| db.code().code())
}
