//! What a pool has done so far, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The state of a [`Pool`](crate::Pool) and what it has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// The most sessions open at a time.
    pub max_size: usize,
    /// Sessions open now.
    pub open: usize,
    /// Sessions of these that nobody uses.
    pub idle: usize,
    /// Callers that wait for one.
    pub waiting: usize,
    /// Sessions handed out.
    pub acquired: u64,
    /// Callers that got none, whatever the reason.
    pub not_acquired: u64,
    /// How long callers waited, all together.
    pub acquire_time: Duration,
    /// Connections opened.
    pub connected: u64,
    /// How long opening took, all together, tries in vain included.
    pub connect_time: Duration,
    /// Tries to connect that were repeated: the cluster was busy or waking up, or the network failed.
    pub connect_retries: u64,
    /// Tries to connect that were reported to the caller.
    pub connect_failures: u64,
    /// Sessions that were replaced because they were near DSQL's limit of 60 minutes.
    pub expired: u64,
    /// Sessions that were closed because nobody used them for long.
    pub idled_out: u64,
    /// Sessions that were found ended.
    pub lost: u64,
}

/// What everybody who shares a [`Retry`](crate::Retry) has met since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryStats {
    /// Work that succeeded, whatever the number of its attempts.
    pub succeeded: u64,
    /// Work that was given up after as many attempts as the policy allows.
    pub exhausted: u64,
    /// Attempts that lost to another transaction's data: OC000.
    pub data_conflicts: u64,
    /// Attempts that lost to a change of the schema: OC001.
    pub schema_conflicts: u64,
    /// Attempts whose connection was lost before COMMIT.
    pub interrupted: u64,
    /// How long was waited between attempts, all together.
    pub wait_time: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct RetryCounters {
    pub(crate) succeeded: AtomicU64,
    pub(crate) exhausted: AtomicU64,
    pub(crate) data_conflicts: AtomicU64,
    pub(crate) schema_conflicts: AtomicU64,
    pub(crate) interrupted: AtomicU64,
    pub(crate) wait_micros: AtomicU64,
}

impl RetryCounters {
    pub(crate) fn stats(&self) -> RetryStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RetryStats {
            succeeded: read(&self.succeeded),
            exhausted: read(&self.exhausted),
            data_conflicts: read(&self.data_conflicts),
            schema_conflicts: read(&self.schema_conflicts),
            interrupted: read(&self.interrupted),
            wait_time: Duration::from_micros(read(&self.wait_micros)),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) acquired: AtomicU64,
    pub(crate) not_acquired: AtomicU64,
    pub(crate) acquire_micros: AtomicU64,
    pub(crate) connected: AtomicU64,
    pub(crate) connect_micros: AtomicU64,
    pub(crate) connect_retries: AtomicU64,
    pub(crate) connect_failures: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) idled_out: AtomicU64,
    pub(crate) lost: AtomicU64,
}

impl Counters {
    /// What was done so far; the sizes are for whoever knows them.
    pub(crate) fn stats(&self) -> PoolStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PoolStats {
            acquired: read(&self.acquired),
            not_acquired: read(&self.not_acquired),
            acquire_time: Duration::from_micros(read(&self.acquire_micros)),
            connected: read(&self.connected),
            connect_time: Duration::from_micros(read(&self.connect_micros)),
            connect_retries: read(&self.connect_retries),
            connect_failures: read(&self.connect_failures),
            expired: read(&self.expired),
            idled_out: read(&self.idled_out),
            lost: read(&self.lost),
            ..PoolStats::default()
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn add(counter: &AtomicU64, time: Duration) {
    counter.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
}
