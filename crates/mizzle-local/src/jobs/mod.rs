//! Background jobs: one connection that takes each job of `sys.jobs` from submitted to its end.
//!
//! What a job does is in `jobs.sql`, beside the tables it works on; here is the clock. A new job is told of by
//! NOTIFY, so nothing is asked while nothing is to be done. A job that ends well changes the catalog: it ends while
//! nobody begins or commits, and transactions that are open across it hear of it as they do of DDL.
//!
//! ```text
//! CREATE INDEX ASYNC ─▶ submitted ──½ delay──▶ processing ──½ delay──▶ completed | failed
//!                       index there, invalid                           valid      | invalid, still enforced
//! ```

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;
use crate::cluster::Cluster;
use crate::engine::{Backend, OWNER};
use crate::wire::{Fields, Frame, Reader, Request};

/// How long a step that failed waits for the next try.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a job's end may be silent before we look who has a lock that it waits for.
const SILENCE: Duration = Duration::from_millis(2);

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
    pub(crate) async fn run(mut self, cluster: Arc<Cluster>) {
        if let Err(error) = self.work(&cluster).await {
            tracing::debug!(%error, "background jobs end");
        }
    }

    async fn work(&mut self, cluster: &Cluster) -> io::Result<()> {
        loop {
            let (due, told) = self.ask("SELECT sys.local_jobs_step()").await?;
            match due {
                Some(0) => {}
                // Who changes the pace tells of it as well.
                Some(wait) if wait > 0 => {
                    let wait = Duration::from_millis(wait.unsigned_abs());
                    let told = tokio::time::timeout(wait, self.backend.next()).await;
                    told.map(|heard| heard.map(drop)).unwrap_or(Ok(()))?;
                }
                Some(_) if self.finish(cluster).await? => {}
                Some(_) => tokio::time::sleep(PAUSE).await,
                // A job that came while we asked is one that the answer may not know of.
                None if told => {}
                None => while self.backend.next().await?.tag != b'A' {},
            }
        }
    }

    /// Ends the job that is due, with the latch alone: whatever begins later has seen it. False when it is to be
    /// tried again.
    async fn finish(&mut self, cluster: &Cluster) -> io::Result<bool> {
        let judge = &cluster.adjudicator;
        let _alone = judge.alone().await?;
        let _settling = judge.settling();
        let mut request = Request::default();
        request.query("SELECT sys.local_jobs_finish()");
        self.backend.send(&mut request).await?;
        let mut number = None;
        let since = Instant::now();
        loop {
            let frame = tokio::select! {
                biased;
                frame = self.backend.next() => frame?,
                () = tokio::time::sleep(SILENCE) => {
                    judge.clear(self.backend.process(), since.elapsed()).await?;
                    continue;
                }
            };
            if heard(&frame, &mut number) {
                break;
            }
        }
        if number == Some(1) {
            judge.settled().await?;
        }
        Ok(matches!(number, Some(0 | 1)))
    }

    /// Asks for a number; also says whether we were told of a new job meanwhile.
    async fn ask(&mut self, sql: &str) -> io::Result<(Option<i64>, bool)> {
        let mut request = Request::default();
        request.query(sql);
        self.backend.send(&mut request).await?;
        let (mut number, mut told) = (None, false);
        loop {
            let frame = self.backend.next().await?;
            told |= frame.tag == b'A';
            if heard(&frame, &mut number) {
                return Ok((number, told));
            }
        }
    }
}

/// Takes a message into the number that was asked for; whether it was the last.
fn heard(frame: &Frame, number: &mut Option<i64>) -> bool {
    match frame.tag {
        b'D' => *number = first_number(&mut Reader::new(&frame.body)),
        b'E' => {
            // A row that somebody else changed: the next step looks again.
            tracing::debug!(message = Fields::read(&frame.body).message(), "a job's step failed");
            *number = Some(PAUSE.as_millis() as i64);
        }
        _ => {}
    }
    frame.tag == b'Z'
}

fn first_number(row: &mut Reader) -> Option<i64> {
    row.u16().ok()?;
    let length = row.u32().ok()?;
    let text = row.bytes(length as usize).ok()?;
    std::str::from_utf8(&text).ok()?.parse().ok()
}
