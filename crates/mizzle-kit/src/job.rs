//! Jobs: what DSQL does in the background after an asynchronous statement.
//!
//! `CREATE INDEX ASYNC` and `ALTER TABLE ASYNC … VALIDATE CONSTRAINT` answer one row with a `job_id`; the job is seen in
//! `sys.jobs` and waited for by `CALL sys.wait_for_job(…)`, which answers false when the job failed or the wait timed
//! out, and raises nothing (AWS user guide, "Asynchronous indexes" and "Systems tables").

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::name::literal;

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// How a job ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
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

/// Waits for a job as long as the server lets us.
pub(crate) async fn wait(client: &Client, job: &str) -> Result<Outcome> {
    let answer = client.simple_query(&format!("CALL sys.wait_for_job({})", literal(job))).await?;
    if first_column(&answer).as_deref() == Some("t") {
        return Ok(Outcome::Completed);
    }
    let query = format!("SELECT status, details FROM sys.jobs WHERE job_id = {}", literal(job));
    let answer = client.simple_query(&query).await?;
    Ok(match first_column(&answer).as_deref() {
        Some("completed") => Outcome::Completed,
        Some("submitted" | "processing") => Outcome::Running,
        _ => Outcome::Failed(column(&answer, 1)),
    })
}

fn first_column(answer: &[SimpleQueryMessage]) -> Option<String> {
    column(answer, 0)
}

fn column(answer: &[SimpleQueryMessage], index: usize) -> Option<String> {
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.try_get(index).ok().flatten().map(str::to_owned),
        _ => None,
    })
}
