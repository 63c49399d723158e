//! Brings a database up to a folder, or waits until another run has done so.
//!
//! ```text
//! read the records ─▶ nothing pending? done, after one round trip
//!        │
//!        ▼
//! take the lease ◀── held by another run: look again ──▶ nothing pending any more? done
//!        │
//!        ▼
//! read the records again, take over another tool's, run each pending statement, give the lease back
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use mizzle_connect::RetryPolicy;
use tokio_postgres::Client;

use crate::check::{Breach, BreachKind, check};
use crate::journal::{Journal, Records};
use crate::lease::{Attempt, Lease};
use crate::pending::{Pending, pending};
use crate::plan::HazardKind;
use crate::run::Run;
use crate::shape::Shape;
use crate::simple::spread;
use crate::{Error, Event, Folder, Report, adopt};

/// Between two looks at a lease that another run holds.
const LOOK: Duration = Duration::from_millis(200);

/// Where a run keeps its records, and how it meets conflicts and other runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The schema of the tracking table. Statements find their own schemas by the connection's search path.
    pub schema: String,
    /// The tracking table, `__mizzle_migrations` by default.
    pub table: String,
    /// When a statement that lost to another transaction runs again. DDL loses too: DSQL refuses it with OC001 while
    /// other sessions change the schema.
    pub retry: RetryPolicy,
    /// How long a run may be silent until another takes its place; 20 s by default. After a crash the next run waits so
    /// long. A statement that another run took over from the middle of gets twice as long the next time.
    pub lease: Duration,
    /// Who runs, for those who wait; the host and the process by default.
    pub runner: String,
    /// Hazards that are allowed besides those that a migration itself allows.
    pub allow: BTreeSet<HazardKind>,
}

impl Options {
    /// Options with the tracking table in this schema.
    pub fn new(schema: impl Into<String>) -> Self {
        let host = std::env::var("HOSTNAME").unwrap_or_else(|_| {
            let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            name.trim().to_owned()
        });
        Self {
            schema: schema.into(),
            table: "__mizzle_migrations".into(),
            retry: RetryPolicy::default(),
            lease: Duration::from_secs(20),
            runner: format!("process {} on {host}", std::process::id()),
            allow: BTreeSet::new(),
        }
    }
}

/// Applies what is pending and returns what was applied; a second run applies nothing, and costs one round trip.
///
/// Statements run in autocommit on `client`, which must not be in a transaction and is left without one unless this
/// future is dropped. A statement that begins a job, such as `CREATE INDEX ASYNC`, is applied when the catalog shows
/// that the job has succeeded. Any number of runs may start at once: one works, the others wait for it. A run that
/// was killed is continued by the next: the catalog shows whether the statement that it was at has happened.
///
/// # Errors
/// When the folder does not fit what is recorded, one of two branches that nobody put in order is pending, a hazard is not allowed, an index or constraint has no name, the server
/// refuses a statement or fails its job, or nobody can tell whether a statement of a killed run has happened. The error
/// names the file and the line, and [`Error::report`] tells what was applied until then; that stays applied.
pub async fn apply(
    client: &Client,
    folder: &Folder,
    options: &Options,
    mut on_event: impl FnMut(Event<'_>),
) -> Result<Report, Error> {
    let journal = Journal { client, options };
    let mut records = read(journal).await?;
    let mut waited = false;
    let mut told = String::new();
    while !pending(folder, &records.rows)?.is_empty() {
        if !records.is_current {
            journal.prepare().await.map_err(|source| Error::journal(journal, source))?;
        }
        match Lease::take(journal).await.map_err(|source| Error::journal(journal, source))? {
            Attempt::Got(lease) => {
                let mut run = Run::new(journal, &lease, &mut on_event);
                let done = work(&mut run, folder).await;
                let report = run.report;
                lease.release().await;
                return match done {
                    Ok(()) => Ok(Report { waited: waited && report.is_empty(), ..report }),
                    Err(error) => Err(error.with_report(report)),
                };
            }
            Attempt::Taken { runner, left } => {
                if told != runner {
                    on_event(Event::Queueing { runner: &runner, left });
                    told = runner;
                }
                waited = true;
                tokio::time::sleep(LOOK.mul_f64(0.5 + spread(0))).await;
                records = read(journal).await?;
            }
        }
    }
    Ok(Report { waited, end: end(folder), ..Report::default() })
}

/// Everything that is pending, under the lease.
async fn work<F: FnMut(Event<'_>)>(run: &mut Run<'_, F>, folder: &Folder) -> Result<(), Error> {
    let mut records = read(run.journal).await?;
    // Until a run has applied something itself, another tool's records may be all there is, or the rest of it.
    let is_fresh = records.rows.iter().all(|record| record.note.is_some());
    if is_fresh && adopt::adopt(run, folder, &records.rows).await? {
        records = read(run.journal).await?;
    }
    let pending = pending(folder, &records.rows)?;
    are_in_order(folder, &pending)?;
    are_named(&pending)?;
    are_allowed(&pending, &run.journal.options.allow)?;
    let applied = folder.migrations().len() - pending.len();
    run.report.end = applied
        .checked_sub(1)
        .map(|last| &folder.migrations()[last])
        .map(|last| (last.name.clone(), last.chain));
    for Pending { migration, from, mut open } in pending {
        (run.on_event)(Event::Applying { migration });
        for ordinal in from..migration.statements.len() {
            run.statement(migration, ordinal, open.take()).await?;
            run.report.add(migration, ordinal + 1 == migration.statements.len());
        }
    }
    Ok(())
}

/// Whether nothing was written beside what it would run behind: its snapshot knows nothing of that.
fn are_in_order(folder: &Folder, pending: &[Pending<'_>]) -> Result<(), Error> {
    let is_branch = |breach: &Breach| matches!(breach.kind, BreachKind::Forked | BreachKind::Conflicting);
    let is_pending = |name: &str| pending.iter().any(|pending| pending.migration.name == name);
    let found = check(folder).into_iter().find(|breach| is_branch(breach) && is_pending(&breach.migration));
    found.map_or(Ok(()), |breach| Err(Error::branched(&breach)))
}

/// Whether whatever is made has a name of its own: where the server chooses one, a statement of a killed run that arrives
/// late and the same statement of the next one both succeed, and the thing is there twice.
fn are_named(pending: &[Pending<'_>]) -> Result<(), Error> {
    for Pending { migration, from, .. } in pending {
        let statements = migration.statements[*from..].iter();
        let mut unnamed =
            statements.filter_map(|statement| Some((statement, Shape::of(&statement.sql).unnamed()?)));
        if let Some((statement, what)) = unnamed.next() {
            return Err(Error::unnamed(migration, statement, what));
        }
    }
    Ok(())
}

/// Whether every hazard of what is to run is allowed, before any of it runs.
fn are_allowed(pending: &[Pending<'_>], allow: &BTreeSet<HazardKind>) -> Result<(), Error> {
    for Pending { migration, from, .. } in pending {
        let is_open = |kind: &HazardKind| !allow.contains(kind) && !migration.allowed.contains(kind);
        let statements = &migration.statements[*from..];
        let open: BTreeSet<_> =
            statements.iter().flat_map(|statement| &statement.hazards).copied().filter(is_open).collect();
        let first =
            statements.iter().find(|statement| statement.hazards.iter().any(|kind| open.contains(kind)));
        if let Some(first) = first {
            return Err(Error::not_allowed(migration, first, &open));
        }
    }
    Ok(())
}

async fn read(journal: Journal<'_>) -> Result<Records, Error> {
    journal.records().await.map_err(|source| Error::journal(journal, source))
}

fn end(folder: &Folder) -> Option<(String, crate::Checksum)> {
    folder.migrations().last().map(|last| (last.name.clone(), last.chain))
}
