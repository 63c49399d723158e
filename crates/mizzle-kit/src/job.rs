//! Jobs: what DSQL does in the background after an asynchronous statement.
//!
//! `CREATE INDEX ASYNC` and `ALTER TABLE ASYNC … VALIDATE CONSTRAINT` answer one row with a `job_id`; the job is seen in
//! `sys.jobs` until 30 minutes after its end, and whether it did what it should is seen in the catalog (AWS user guide,
//! "Asynchronous indexes" and "Systems tables"). `sys.jobs` is asked again and again rather than waited for with
//! `CALL sys.wait_for_job(…)`, so that the one connection stays free to say that this run is alive.

use tokio_postgres::SimpleQueryMessage;

use crate::journal::Journal;
use crate::name::literal;
use crate::shape::Job;
use crate::simple::{self, Result, column};

/// How a job stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The catalog has what the statement asked for.
    Completed,
    Running,
    /// With what `sys.jobs` says about it.
    Failed(Option<String>),
}

/// The job that a statement began, if it did.
pub(crate) fn started(answer: &[SimpleQueryMessage]) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get("job_id").ok().flatten().map(str::to_owned),
        _ => None,
    })
}

/// Looks once how a job stands: the one of this id, or without one the last about the same object.
pub(crate) async fn look(journal: Journal<'_>, job: &Job, id: Option<&str>) -> Result<Progress> {
    let which = match id {
        Some(id) => format!("job_id = {}", literal(id)),
        None => job.condition(),
    };
    let select = format!(
        "SELECT status, details, ({}) AS done FROM (SELECT 1) AS one \
         LEFT JOIN (SELECT * FROM sys.jobs WHERE {which} ORDER BY start_time DESC LIMIT 1) AS job ON true",
        job.is_done()
    );
    let rows = simple::rows(journal.client, &journal.options.retry, &select).await?;
    let of = |name| rows.first().and_then(|row| column(row, name));
    Ok(match (of("status"), of("done")) {
        (Some("submitted" | "processing"), _) => Progress::Running,
        (_, Some("t")) => Progress::Completed,
        _ => Progress::Failed(of("details").map(str::to_owned)),
    })
}

/// The invalid indexes of a table that were not there before, as SQL names them; `before` is the list of them.
pub(crate) async fn invalid(journal: Journal<'_>, job: &Job, before: &str) -> Result<Vec<String>> {
    let Job::Index { table, .. } = job else { return Ok(Vec::new()) };
    let select = format!(
        "SELECT c.oid::regclass::text AS index, c.relname FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         WHERE i.indrelid = to_regclass({}) AND NOT i.indisvalid",
        table.text()
    );
    let rows = simple::rows(journal.client, &journal.options.retry, &select).await?;
    let is_new = |name: &str| before.split(',').all(|known| known != name);
    let new = rows.iter().filter(|row| column(row, "relname").is_some_and(is_new));
    Ok(new.filter_map(|row| column(row, "index").map(str::to_owned)).collect())
}

impl Job {
    /// Which rows of `sys.jobs` are about it.
    fn condition(&self) -> String {
        match self {
            Self::Index { table, .. } => format!(
                "job_type = 'INDEX_BUILD' AND object_id IN (SELECT indexrelid FROM pg_catalog.pg_index \
                 WHERE indrelid = to_regclass({}){})",
                table.text(),
                self.named()
            ),
            Self::Validate { table, .. } => {
                format!("job_type = 'VALIDATE_CONSTRAINT' AND object_id = to_regclass({})", table.text())
            }
        }
    }

    /// Whether the catalog has what it is to bring; the row of `sys.jobs` is called `job`.
    fn is_done(&self) -> String {
        match self {
            Self::Index { name, table } => format!(
                "SELECT bool_and(indisvalid) FROM pg_catalog.pg_index WHERE indrelid = to_regclass({}){}{}",
                table.text(),
                self.named(),
                if name.is_none() { " AND indexrelid = coalesce(job.object_id, indexrelid)" } else { "" }
            ),
            Self::Validate { table, constraint } => format!(
                "SELECT convalidated FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass({}) \
                 AND conname = {}",
                table.text(),
                literal(constraint)
            ),
        }
    }

    /// Which of the table's indexes is meant: without a name that we know, the one of the job, or all.
    fn named(&self) -> String {
        match self {
            Self::Index { name: Some(name), .. } => format!(
                " AND indexrelid IN (SELECT oid FROM pg_catalog.pg_class WHERE relname = {})",
                literal(&name.name)
            ),
            _ => String::new(),
        }
    }
}
