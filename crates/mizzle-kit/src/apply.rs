//! The runner: brings a database up to a folder, one statement in one transaction at a time.
//!
//! ```text
//! for each pending statement:   run it alone ─▶ job? wait for it ─▶ record it in a transaction of its own
//!                                    └── 40001: run it again ──┘
//! ```
//!
//! A run that ends between a statement and its record leaves the one without the other. The next run then meets an
//! object that exists already; it says so and how to tell, and guesses nothing.

use std::time::{Duration, Instant};

use mizzle_connect::{RetryPolicy, retry};
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::job::{self, Outcome};
use crate::journal::Journal;
use crate::pending::{Pending, pending};
use crate::{Error, Event, Folder, Migration, Report};

/// Between two waits for a job that the server gave up waiting for.
const WAIT_PAUSE: Duration = Duration::from_secs(1);

/// Where a run keeps its records, and how it meets conflicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The schema of the tracking table. Statements find their own schemas by the connection's search path.
    pub schema: String,
    /// The tracking table, `__mizzle_migrations` by default.
    pub table: String,
    /// When a statement that lost to another transaction runs again. DDL loses too: DSQL refuses it with OC001 while
    /// other sessions change the schema.
    pub retry: RetryPolicy,
}

impl Options {
    /// Options with the tracking table in this schema.
    pub fn new(schema: impl Into<String>) -> Self {
        Self { schema: schema.into(), table: "__mizzle_migrations".into(), retry: RetryPolicy::default() }
    }
}

/// Applies what is pending and returns what was applied; a second run applies nothing.
///
/// Statements run in autocommit on `client`, which must not be in a transaction. A statement that begins a job, such
/// as `CREATE INDEX ASYNC`, is applied when the job has succeeded. One run at a time: DSQL has no advisory locks, and
/// two runs at once stop at each other's objects or records.
///
/// # Errors
/// When the folder does not fit what is recorded, or the server refuses a statement or fails its job. The error names
/// the file and the line, and [`Error::report`] tells what was applied until then; that stays applied.
pub async fn apply(
    client: &Client,
    folder: &Folder,
    options: &Options,
    on_event: impl FnMut(Event<'_>),
) -> Result<Report, Error> {
    let journal = Journal::new(client, options);
    let mut run = Run { client, journal, retry: &options.retry, on_event, report: Report::default() };
    match run.all(folder).await {
        Ok(()) => Ok(run.report),
        Err(error) => Err(error.with_report(run.report)),
    }
}

struct Run<'a, F> {
    client: &'a Client,
    journal: Journal<'a>,
    retry: &'a RetryPolicy,
    on_event: F,
    report: Report,
}

impl<F: FnMut(Event<'_>)> Run<'_, F> {
    async fn all(&mut self, folder: &Folder) -> Result<(), Error> {
        retry(self.retry, async || self.journal.create().await)
            .await
            .map_err(|source| Error::journal(self.journal.table(), source))?;
        let records = retry(self.retry, async || self.journal.records().await)
            .await
            .map_err(|source| Error::journal(self.journal.table(), source))?;
        for pending in pending(folder, &records)? {
            self.migration(pending).await?;
        }
        Ok(())
    }

    async fn migration(&mut self, Pending { migration, from }: Pending<'_>) -> Result<(), Error> {
        (self.on_event)(Event::Applying { migration });
        for ordinal in from..migration.statements.len() {
            self.statement(migration, ordinal).await?;
            self.report.add(migration, ordinal + 1 == migration.statements.len());
        }
        Ok(())
    }

    async fn statement(&mut self, migration: &Migration, ordinal: usize) -> Result<(), Error> {
        let start = Instant::now();
        let statement = &migration.statements[ordinal];
        let answer = self.execute(migration, ordinal).await.map_err(|source| {
            // Only the first statement of a run can be one that an earlier run left without its record.
            let record = self.report.is_empty().then(|| self.journal.insert(migration, ordinal));
            Error::statement(migration, statement, source, record)
        })?;
        if let Some(job) = job::started(&answer) {
            (self.on_event)(Event::Waiting { migration, statement, job: &job });
            self.wait(migration, ordinal, &job).await?;
        }
        retry(self.retry, async || self.journal.record(migration, ordinal).await).await.map_err(
            |source| Error::record(migration, statement, source, &self.journal.insert(migration, ordinal)),
        )?;
        (self.on_event)(Event::Applied { migration, statement, took: start.elapsed() });
        Ok(())
    }

    async fn execute(
        &mut self,
        migration: &Migration,
        ordinal: usize,
    ) -> Result<Vec<SimpleQueryMessage>, tokio_postgres::Error> {
        let statement = &migration.statements[ordinal];
        let mut attempt = 0;
        retry(self.retry, async || {
            if attempt > 0 {
                (self.on_event)(Event::Retrying { migration, statement, attempt });
            }
            attempt += 1;
            self.client.simple_query(&statement.sql).await
        })
        .await
    }

    async fn wait(&self, migration: &Migration, ordinal: usize, job: &str) -> Result<(), Error> {
        let statement = &migration.statements[ordinal];
        // The wait itself may be long, so only the number of conflicts ends it.
        let policy = RetryPolicy { deadline: Duration::MAX, ..self.retry.clone() };
        loop {
            let outcome = retry(&policy, async || job::wait(self.client, job).await).await;
            match outcome.map_err(|source| Error::wait(migration, statement, job, source))? {
                Outcome::Completed => return Ok(()),
                Outcome::Running => tokio::time::sleep(WAIT_PAUSE).await,
                Outcome::Failed(details) => {
                    return Err(Error::job(migration, statement, job, details.as_deref()));
                }
            }
        }
    }
}
