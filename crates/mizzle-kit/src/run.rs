//! One statement, from the record that it is begun to the record that it is applied.

use std::time::{Duration, Instant};

use mizzle_connect::Conflict;
use tokio_postgres::SimpleQueryMessage;

use crate::journal::{Journal, Record, State};
use crate::lease::{Lease, Stop};
use crate::shape::{Job, Shape};
use crate::simple::Tries;
use crate::{Error, Event, Migration, Report, Statement, backfill, job, proof, simple};

/// Between two looks at a job, at first and at last.
const LOOKS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

/// How often the time of a statement that another run took over is doubled at most.
const DOUBLINGS: u32 = 5;

/// A run that holds the lease.
pub(crate) struct Run<'a, F> {
    pub(crate) journal: Journal<'a>,
    pub(crate) lease: &'a Lease<'a>,
    pub(crate) on_event: &'a mut F,
    pub(crate) report: Report,
}

/// A statement and its place in its migration.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) migration: &'a Migration,
    pub(crate) ordinal: usize,
    pub(crate) statement: &'a Statement,
}

impl<'a, F: FnMut(Event<'_>)> Run<'a, F> {
    pub(crate) fn new(journal: Journal<'a>, lease: &'a Lease<'a>, on_event: &'a mut F) -> Self {
        Self { journal, lease, on_event, report: Report::default() }
    }

    pub(crate) async fn statement(
        &mut self,
        migration: &Migration,
        ordinal: usize,
        open: Option<Record>,
    ) -> Result<(), Error> {
        let step = Step { migration, ordinal, statement: &migration.statements[ordinal] };
        let start = Instant::now();
        let shape = Shape::of(&step.statement.sql);
        let proved = match &open {
            Some(open) => self.is_done(step, &shape, open).await?,
            None => false,
        };
        if !proved {
            self.run(step, &shape, open.as_ref()).await?;
        }
        (self.on_event)(Event::Applied {
            migration,
            statement: step.statement,
            took: start.elapsed(),
            proved,
        });
        Ok(())
    }

    async fn run(&mut self, step: Step<'_>, shape: &Shape, open: Option<&Record>) -> Result<(), Error> {
        let Step { migration, ordinal, statement } = step;
        let interrupted = open.filter(|open| open.state != State::Failed);
        let attempts = interrupted.map_or(1, |open| open.attempts + 1);
        self.lease.lengthen(self.journal.options.lease * 2_u32.pow((attempts - 1).min(DOUBLINGS)));
        // What the killed run saw: its statement may arrive between any two looks of this one.
        let before = match interrupted.and_then(|open| open.before.clone()) {
            Some(before) => Some(before),
            None => self.catalog(step, shape).await?,
        };
        let intent = self.journal.intent(migration, ordinal, before.as_deref(), attempts);
        self.write(step, &[&intent]).await?;
        (self.on_event)(Event::Starting { migration, statement });
        if let Some(chunk) = statement.backfill {
            backfill::run(self, step, chunk, open).await
        } else if shape.is_data {
            self.with_record(step).await
        } else {
            // Only a statement that an earlier run has sent as well can be overtaken by that.
            let before = before.filter(|_| attempts > 1);
            self.alone(step, shape, before).await
        }
    }

    /// A statement that changes rows, in one transaction with its record: both happen, or neither.
    async fn with_record(&mut self, step: Step<'_>) -> Result<(), Error> {
        let applied = self.journal.applied(step.migration, step.ordinal, None);
        match self.lease.transaction(&[&step.statement.sql, &applied]).await {
            Ok(_) => Ok(()),
            Err(Stop::Lost) => Err(Error::lease_lost(step)),
            Err(Stop::Refused { at: 1, source }) if !is_row_limit(&source) => {
                Err(Error::record(step, source))
            }
            Err(Stop::Refused { source, .. }) => Err(self.refused(step, source).await),
        }
    }

    /// A statement of the catalog, in a transaction of its own as DSQL demands.
    async fn alone(&mut self, step: Step<'_>, shape: &Shape, before: Option<String>) -> Result<(), Error> {
        let Step { migration, ordinal, statement } = step;
        let answer = self.send(step, shape, before).await?;
        (self.on_event)(Event::Answered { migration, statement });
        if let Some(job) = &shape.job {
            let id = job::started(&answer);
            if let Some(id) = &id {
                let waiting = self.journal.waiting(migration, ordinal, id);
                self.write(step, &[&waiting]).await?;
            }
            self.settle(step, job, id.as_deref()).await?;
        }
        self.record(step, None).await
    }

    async fn record(&mut self, step: Step<'_>, note: Option<&str>) -> Result<(), Error> {
        let Step { migration, ordinal, statement } = step;
        (self.on_event)(Event::Settled { migration, statement });
        let applied = self.journal.applied(migration, ordinal, note);
        self.write(step, &[&applied]).await
    }

    /// Sends a statement until it is answered; `before` is how the catalog stood if a run that was killed may have sent it
    /// as well.
    async fn send(
        &mut self,
        step: Step<'_>,
        shape: &Shape,
        before: Option<String>,
    ) -> Result<Vec<SimpleQueryMessage>, Error> {
        let Step { migration, statement, .. } = step;
        let mut tries = Tries::new(&self.journal.options.retry);
        loop {
            let source = match self.journal.client.simple_query(&statement.sql).await {
                Ok(answer) => return Ok(answer),
                Err(source) => source,
            };
            // What the killed run had sent was still on its way, and has come first: it is there, or ours lost to it.
            if source.as_db_error().is_some()
                && before.is_some()
                && self.catalog(step, shape).await? != before
            {
                return Ok(Vec::new());
            }
            if !tries.again(&source).await {
                return Err(self.refused(step, source).await);
            }
            (self.on_event)(Event::Retrying { migration, statement, attempt: tries.made });
        }
    }

    /// Waits until a job has ended and the catalog shows what came of it.
    async fn settle(&mut self, step: Step<'_>, job: &Job, id: Option<&str>) -> Result<(), Error> {
        let Step { migration, ordinal, statement } = step;
        let start = Instant::now();
        let mut pause = LOOKS.0;
        (self.on_event)(Event::Waiting { migration, statement, job: id, since: Duration::ZERO });
        loop {
            let progress = job::look(self.journal, job, id).await;
            match progress.map_err(|source| Error::wait(step, id, source))? {
                job::Progress::Completed => return Ok(()),
                job::Progress::Running => {}
                job::Progress::Failed(details) => {
                    let details = details.as_deref().unwrap_or("the catalog does not show its effect");
                    let failed = self.journal.failed(migration, ordinal, details);
                    self.write(step, &[&failed]).await?;
                    return Err(Error::job(step, job, id, details));
                }
            }
            tokio::time::sleep(pause).await;
            self.lease.keep().await.map_err(|stop| Error::stopped(self.journal, step, stop))?;
            pause = pause.mul_f64(1.5).min(LOOKS.1);
            (self.on_event)(Event::Waiting { migration, statement, job: id, since: start.elapsed() });
        }
    }

    /// Writes to the journal, under the lease.
    pub(crate) async fn write(&mut self, step: Step<'_>, statements: &[&str]) -> Result<(), Error> {
        let written = self.lease.transaction(statements).await;
        written.map(drop).map_err(|stop| Error::stopped(self.journal, step, stop))
    }

    /// Notes why the server refused a statement, unless nobody knows what became of it.
    pub(crate) async fn refused(&mut self, step: Step<'_>, source: tokio_postgres::Error) -> Error {
        let error = Error::statement(step, source);
        if !error.is_outcome_unknown() {
            let failed = self.journal.failed(step.migration, step.ordinal, &error.to_string());
            // The statement had no effect; without the note the next run proves that by itself.
            let _ = self.lease.transaction(&[&failed]).await;
        }
        error
    }

    /// How the catalog stands, as far as a statement changes it; nothing where that cannot be seen.
    async fn catalog(&mut self, step: Step<'_>, shape: &Shape) -> Result<Option<String>, Error> {
        let Some(query) = proof::query(shape) else { return Ok(None) };
        match simple::value(self.journal.client, &self.journal.options.retry, &query).await {
            // A part of the catalog that this role may not read, or that the server does not have.
            Err(source) if source.as_db_error().is_some() && Conflict::of(&source).is_none() => Ok(None),
            found => found.map_err(|source| Error::catalog(step, source)),
        }
    }
}

/// Statements that an earlier run has left.
impl<F: FnMut(Event<'_>)> Run<'_, F> {
    /// Whether a statement that an earlier run began has happened; then it is recorded.
    async fn is_done(&mut self, step: Step<'_>, shape: &Shape, open: &Record) -> Result<bool, Error> {
        // Their records are part of their own transactions.
        if shape.is_data || step.statement.backfill.is_some() {
            return Ok(false);
        }
        match (open.state, &shape.job) {
            (State::Failed, Some(job)) => {
                self.drop_invalid(step, job, open).await?;
                return Ok(false);
            }
            (State::Failed, None) => return Ok(false),
            (State::Waiting, Some(job)) => self.settle(step, job, open.job.as_deref()).await?,
            (_, Some(job @ Job::Validate { .. })) => {
                let look = job::look(self.journal, job, None).await;
                match look.map_err(|source| Error::wait(step, None, source))? {
                    job::Progress::Failed(_) => return Ok(false),
                    job::Progress::Running => self.settle(step, job, None).await?,
                    job::Progress::Completed => {}
                }
            }
            _ => {
                let now = self.catalog(step, shape).await?;
                if now.is_none() && !shape.is_repeatable {
                    return Err(Error::undecided(step));
                }
                if now == open.before {
                    return Ok(false);
                }
                if let Some(job) = &shape.job {
                    self.settle(step, job, None).await?;
                }
            }
        }
        self.record(step, Some("the catalog showed that an earlier run did it")).await?;
        Ok(true)
    }

    /// A failed index stays, is invalid, and still refuses duplicates (AWS user guide, "Asynchronous indexes"). The
    /// record says which indexes there were before, so what is new and invalid is ours.
    async fn drop_invalid(&mut self, step: Step<'_>, job: &Job, open: &Record) -> Result<(), Error> {
        let Some(before) = &open.before else { return Ok(()) };
        let invalid = job::invalid(self.journal, job, before).await;
        for index in invalid.map_err(|source| Error::catalog(step, source))? {
            (self.on_event)(Event::Dropping { index: &index });
            let drop = format!("DROP INDEX {index}");
            let dropped = simple::value(self.journal.client, &self.journal.options.retry, &drop).await;
            dropped.map_err(|source| Error::catalog(step, source))?;
        }
        Ok(())
    }
}

/// The record is one more row: a statement that changes 3,000 has no room for it.
fn is_row_limit(source: &tokio_postgres::Error) -> bool {
    source.as_db_error().is_some_and(|db| db.code().code() == "54000")
}
