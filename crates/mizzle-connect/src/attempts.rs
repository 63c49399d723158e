//! The attempts at one piece of work, counted against the policy.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::{Conflict, Retry};

/// Why an attempt is made again: in either case it has had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Another transaction won.
    Conflict(Conflict),
    /// The connection was lost, or the server unavailable, before COMMIT was sent; or it was proved that the COMMIT did
    /// not happen.
    Interrupted,
}

/// An attempt that failed and will be followed by another: what [`Retry::on_retry`] is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrying {
    /// How many attempts have been made.
    pub attempts: u32,
    /// How long ago the first one began.
    pub elapsed: Duration,
    /// How long the next one is waited for.
    pub wait: Duration,
    /// What the last one failed with.
    pub cause: Cause,
}

/// The end of all attempts without success: what [`Retry::on_exhausted`] is told, and what the error carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// How many attempts were made.
    pub attempts: u32,
    /// How long ago the first one began.
    pub elapsed: Duration,
    /// What the last one failed with.
    pub cause: Cause,
    /// What ended them.
    pub limit: Limit,
}

/// What ends attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`RetryPolicy::max_attempts`](crate::RetryPolicy::max_attempts).
    Attempts,
    /// [`RetryPolicy::deadline`](crate::RetryPolicy::deadline).
    Deadline,
    /// [`RetryPolicy::budget`](crate::RetryPolicy::budget): too much of everybody's work fails.
    Budget,
}

/// The attempts at one piece of work. [`Retry::run`] holds them; whoever has a loop of their own does so themselves.
///
/// # Example
/// ```
/// # async fn work() -> Result<(), std::io::Error> { Ok(()) }
/// # async fn example(retry: &mizzle_connect::Retry) -> Result<(), Box<dyn std::error::Error>> {
/// let mut attempts = retry.attempts();
/// loop {
///     let Err(error) = work().await else { break attempts.succeed() };
///     match mizzle_connect::Conflict::of(&error) {
///         Some(conflict) => attempts.wait(conflict).await?,
///         None => return Err(error.into()),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Attempts {
    retry: Retry,
    started: Instant,
    made: u32,
}

impl Attempts {
    pub(crate) fn new(retry: Retry) -> Self {
        Self { retry, started: Instant::now(), made: 0 }
    }

    /// Counts an attempt that failed, and tells how long to wait for the next.
    ///
    /// # Errors
    /// When there shall be no other.
    pub fn next(&mut self, cause: impl Into<Cause>) -> Result<Duration, Exhausted> {
        let cause = cause.into();
        self.made += 1;
        let (attempts, elapsed) = (self.made, self.started.elapsed());
        match self.retry.decide(attempts, elapsed, cause) {
            Ok(wait) => {
                self.retry.tell_retry(&Retrying { attempts, elapsed, wait, cause });
                Ok(wait)
            }
            Err(limit) => {
                let exhausted = Exhausted { attempts, elapsed, cause, limit };
                self.retry.tell_exhausted(&exhausted);
                Err(exhausted)
            }
        }
    }

    /// Counts an attempt that failed, and waits until the next is due.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn wait(&mut self, cause: impl Into<Cause>) -> Result<(), Exhausted> {
        let wait = self.next(cause)?;
        // A sleep of no length would still let a whole turn of the scheduler go by.
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// How many attempts have failed so far.
    pub fn made(&self) -> u32 {
        self.made
    }

    /// The last attempt succeeded, which lets others make more of theirs.
    pub fn succeed(&self) {
        self.retry.put();
    }
}

impl Cause {
    /// The conflict, if it was one.
    pub fn conflict(self) -> Option<Conflict> {
        match self {
            Self::Conflict(conflict) => Some(conflict),
            Self::Interrupted => None,
        }
    }
}

impl From<Conflict> for Cause {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, elapsed, .. } = self;
        let what = match self.cause {
            Cause::Conflict(_) => "met a conflict",
            Cause::Interrupted => "was interrupted",
        };
        let elapsed = elapsed.as_secs_f64();
        match attempts {
            1 => write!(f, "the transaction {what} in its only attempt")?,
            _ => write!(f, "the transaction {what} in each of {attempts} attempts within {elapsed:.1} s")?,
        }
        match self.limit {
            Limit::Budget => f.write_str("; no more are made, because too many other transactions fail too"),
            Limit::Attempts | Limit::Deadline => Ok(()),
        }
    }
}

impl StdError for Exhausted {}
