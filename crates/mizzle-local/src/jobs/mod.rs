//! Background jobs: one connection that takes each job of `sys.jobs` from submitted to its end.
//!
//! What a job does is in `jobs.sql`, beside the tables it works on; here is the clock. A new job is told of by
//! NOTIFY, so nothing is asked while nothing is to be done.
//!
//! ```text
//! CREATE INDEX ASYNC ─▶ submitted ──½ delay──▶ processing ──½ delay──▶ completed | failed
//!                       index there, invalid                           valid      | invalid, still enforced
//! ```

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::Error;
use crate::engine::{Backend, OWNER};
use crate::wire::{Fields, Reader, Request};

/// How long jobs take, and how long they are remembered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) delay: Duration,
    pub(crate) retention: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { delay: Duration::from_millis(20), retention: Duration::from_secs(1_800) }
    }
}

impl Pace {
    /// What PostgreSQL must know, as settings of its own.
    pub(crate) fn to_settings(self) -> [(&'static str, String); 2] {
        let text = |duration: Duration| format!("{} milliseconds", duration.as_millis());
        [("mizzle.job_delay", text(self.delay)), ("mizzle.job_retention", text(self.retention))]
    }
}

/// Jobs that an earlier run left go on at the pace of this one, and a pace that was set while it ran is forgotten.
const ANEW: &str = "DELETE FROM sys.local_pace; \
    UPDATE sys.local_jobs SET due = least(due, clock_timestamp() + sys.local_job_delay() / 2) \
    WHERE status IN ('submitted', 'processing')";

/// How often a change of the pace is tried that a job's own step came before.
const ATTEMPTS: usize = 20;

/// Lets jobs take this long from now on; those under way end no later than that.
///
/// # Errors
/// When PostgreSQL does not take it.
pub(crate) async fn set_delay(control: &tokio::sync::Mutex<Backend>, delay: Duration) -> io::Result<()> {
    let text = format!("{} milliseconds", delay.as_millis());
    for _ in 1..ATTEMPTS {
        let mut control = control.lock().await;
        match control.command("SELECT sys.local_set_job_delay($1)", &[&text]).await? {
            Ok(_) => return Ok(()),
            Err(fields) if fields.state() == "40001" => {}
            Err(fields) => return Err(io::Error::other(fields.message().to_owned())),
        }
    }
    Err(io::Error::other("jobs are too busy"))
}

/// The connection that jobs run on.
#[derive(Debug)]
pub(crate) struct Jobs {
    backend: Backend,
}

impl Jobs {
    /// Connects, and listens for new jobs from now on.
    ///
    /// # Errors
    /// When PostgreSQL cannot be reached.
    pub(crate) async fn open(socket: PathBuf) -> Result<Jobs, Error> {
        let failed = || Error::new("cannot connect to PostgreSQL to run background jobs");
        let backend = Backend::connect(&socket, OWNER, &[]).await.map_err(|_| failed())?;
        let mut jobs = Jobs { backend };
        jobs.ask(ANEW).await.map_err(|error| failed().with_source(error))?;
        jobs.ask("LISTEN mizzle_jobs").await.map_err(|error| failed().with_source(error))?;
        Ok(jobs)
    }

    /// Runs jobs until the connection ends.
    pub(crate) async fn run(mut self) {
        if let Err(error) = self.work().await {
            tracing::debug!(%error, "background jobs end");
        }
    }

    async fn work(&mut self) -> io::Result<()> {
        loop {
            let (due, told) = self.ask("SELECT sys.local_jobs_step()").await?;
            match due {
                Some(0) => {}
                // Who changes the pace tells of it as well.
                Some(wait) => {
                    let told = tokio::time::timeout(Duration::from_millis(wait), self.backend.next()).await;
                    told.map(|heard| heard.map(drop)).unwrap_or(Ok(()))?;
                }
                // A job that came while we asked is one that the answer may not know of.
                None if told => {}
                None => while self.backend.next().await?.tag != b'A' {},
            }
        }
    }

    /// Asks for a number; also says whether we were told of a new job meanwhile.
    async fn ask(&mut self, sql: &str) -> io::Result<(Option<u64>, bool)> {
        let mut request = Request::default();
        request.query(sql);
        self.backend.send(&mut request).await?;
        let (mut number, mut told) = (None, false);
        loop {
            let frame = self.backend.next().await?;
            match frame.tag {
                b'Z' => return Ok((number, told)),
                b'A' => told = true,
                b'D' => number = first_number(&mut Reader::new(&frame.body)),
                b'E' => {
                    // A row that somebody else changed: the next step looks again.
                    tracing::debug!(message = Fields::read(&frame.body).message(), "a job's step failed");
                    number = Some(20);
                }
                _ => {}
            }
        }
    }
}

fn first_number(row: &mut Reader) -> Option<u64> {
    row.u16().ok()?;
    let length = row.u32().ok()?;
    let text = row.bytes(length as usize).ok()?;
    std::str::from_utf8(&text).ok()?.parse().ok()
}
