//! Takes over what another tool has applied: the records of Drizzle, and of the runner for DSQL that keeps its own.
//!
//! Drizzle's `__drizzle_migrations` holds one row for each file: its SHA-256 and the time of its entry, newer versions
//! also its name. The runner of AWS's sample has the same table with a uuid and the file's `tag`. Neither compares the
//! sums; here a file that is another one than was applied is an error.

use tokio_postgres::SimpleQueryRow;

use crate::journal::Record;
use crate::name::{identifier, literal};
use crate::run::Run;
use crate::simple::{column, rows};
use crate::{Checksum, Error, Event, Folder, Migration};

const TABLE: &str = "__drizzle_migrations";

/// Records as applied what such a table says beyond what is recorded, if there is one; whether there was something.
pub(crate) async fn adopt<F: FnMut(Event<'_>)>(
    run: &mut Run<'_, F>,
    folder: &Folder,
    recorded: &[Record],
) -> Result<bool, Error> {
    let journal = run.journal;
    let failed = |source| Error::journal(journal, source);
    // Its own schema is `drizzle`; the sample's is wherever the search path leads.
    let find = format!(
        "SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relname = {} AND n.nspname IN ({}, current_schema(), 'drizzle') ORDER BY n.nspname = 'drizzle' LIMIT 1",
        literal(TABLE),
        literal(&journal.options.schema)
    );
    let found = rows(journal.client, &journal.options.retry, &find).await.map_err(failed)?;
    let Some(schema) = found.first().and_then(|row| row.get(0)) else { return Ok(false) };
    let table = format!("{}.{}", identifier(schema), identifier(TABLE));
    let select = format!("SELECT * FROM {table}");
    let records = rows(journal.client, &journal.options.retry, &select).await.map_err(failed)?;

    let is_new = |record: &&SimpleQueryRow| {
        name(record).is_none_or(|name| recorded.iter().all(|record| record.migration != name))
    };
    let applied: Vec<&Migration> = records
        .iter()
        .filter(is_new)
        .map(|record| migration(folder, &table, record))
        .collect::<Result<_, _>>()?;
    let statements: Vec<_> = applied
        .iter()
        .flat_map(|migration| (0..migration.statements.len()).map(move |ordinal| (*migration, ordinal)))
        .collect();
    if statements.is_empty() {
        return Ok(false);
    }
    let insert = journal.adopted(&statements, &format!("taken over from {table}"));
    run.lease.transaction(&[&insert]).await.map_err(|stop| Error::not_adopted(journal, stop))?;
    run.report.adopted = applied.len();
    (run.on_event)(Event::Adopted { migrations: applied.len(), from: &table });
    Ok(true)
}

/// The name that a record has for its migration; older ones of Drizzle have none.
fn name(record: &SimpleQueryRow) -> Option<&str> {
    column(record, "tag").or_else(|| column(record, "name"))
}

/// The migration that a record is about.
fn migration<'a>(folder: &'a Folder, table: &str, record: &SimpleQueryRow) -> Result<&'a Migration, Error> {
    let hash = column(record, "hash").and_then(|hash| hash.parse::<Checksum>().ok());
    let is_the_file = |migration: &&Migration| hash.is_some_and(|hash| migration.file_sums.contains(&hash));
    let Some(name) = name(record) else {
        // Older records have the sum alone.
        let found = folder.migrations().iter().find(is_the_file);
        let what = || column(record, "hash").unwrap_or_default().to_owned();
        return found.ok_or_else(|| Error::adopted_missing(table, &what()));
    };
    let found = folder.migration(name).ok_or_else(|| Error::adopted_missing(table, name))?;
    if is_the_file(&found) { Ok(found) } else { Err(Error::adopted_changed(table, found)) }
}
