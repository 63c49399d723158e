//! How a database stands beside a folder: what is applied, what is open, what is not as it should be.

use std::time::Duration;

use tokio_postgres::Client;

use crate::journal::{Journal, State};
use crate::pending::pending;
use crate::{Error, Folder, Options, lease, simple};

/// How a database stands. Nothing of it is an error.
#[derive(Debug)]
#[non_exhaustive]
pub struct Status {
    /// Every migration of the folder.
    pub migrations: Vec<MigrationStatus>,
    /// The statement that a run has begun and not ended.
    pub open: Option<OpenStatement>,
    /// Who is at work, and how long that holds without another word.
    pub runner: Option<(String, Duration)>,
    /// Indexes that are being built, or whose build failed: they cost writes and serve no query.
    pub invalid_indexes: Vec<String>,
    /// Constraints that hold for new rows only, as `table: constraint`.
    pub unvalidated_constraints: Vec<String>,
    /// Why the folder does not fit what is recorded.
    pub misfit: Option<Error>,
}

/// How far a migration is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MigrationStatus {
    /// Its name.
    pub name: String,
    /// How many of its statements are applied.
    pub applied: usize,
    /// How many it has.
    pub statements: usize,
    /// What that means.
    pub state: MigrationState,
}

/// How far a migration is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// All of it is applied.
    Applied,
    /// None or a part of it is applied.
    Pending,
}

/// A statement that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenStatement {
    /// As commands name it, such as `0001_pets:2`.
    pub name: String,
    /// `running`, `waiting` for its job, or `failed`.
    pub state: &'static str,
    /// Why it failed.
    pub note: Option<String>,
    /// How many rows its backfill has changed.
    pub rows: u64,
}

impl Status {
    /// Whether everything is applied and as it should be.
    pub fn is_clean(&self) -> bool {
        self.misfit.is_none()
            && self.open.is_none()
            && self.invalid_indexes.is_empty()
            && self.unvalidated_constraints.is_empty()
            && self.migrations.iter().all(|migration| migration.state == MigrationState::Applied)
    }
}

/// Looks how a database stands, and changes nothing.
///
/// # Errors
/// When the server cannot be asked; a folder that does not fit is part of the answer.
pub async fn status(client: &Client, folder: &Folder, options: &Options) -> Result<Status, Error> {
    let journal = Journal { client, options };
    let failed = |source| Error::journal(journal, source);
    let records = journal.records().await.map_err(failed)?;
    let applied = |name: &str| {
        let of = records.rows.iter().filter(|record| record.migration == name);
        of.filter(|record| record.state == State::Applied).count()
    };
    let migrations = folder.migrations().iter().map(|migration| {
        let (applied, statements) = (applied(&migration.name), migration.statements.len());
        let state = if applied >= statements { MigrationState::Applied } else { MigrationState::Pending };
        MigrationStatus { name: migration.name.clone(), applied, statements, state }
    });
    let open =
        records.rows.iter().find(|record| record.state != State::Applied).map(|record| OpenStatement {
            name: format!("{}:{}", record.migration, record.ordinal + 1),
            state: record.state.name(),
            note: record.note.clone(),
            rows: record.changed,
        });
    Ok(Status {
        migrations: migrations.collect(),
        open,
        runner: if records.is_current { lease::current(journal).await.map_err(failed)? } else { None },
        invalid_indexes: names(journal, INVALID).await.map_err(failed)?,
        unvalidated_constraints: names(journal, UNVALIDATED).await.map_err(failed)?,
        misfit: pending(folder, &records.rows).err(),
    })
}

const INVALID: &str = "SELECT indexrelid::regclass::text FROM pg_catalog.pg_index i \
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE NOT i.indisvalid AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema', 'sys') ORDER BY 1";

const UNVALIDATED: &str = "SELECT conrelid::regclass::text || ': ' || conname FROM pg_catalog.pg_constraint \
    WHERE NOT convalidated AND conrelid <> 0 ORDER BY 1";

async fn names(journal: Journal<'_>, select: &str) -> simple::Result<Vec<String>> {
    let rows = simple::rows(journal.client, &journal.options.retry, select).await?;
    Ok(rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect())
}
