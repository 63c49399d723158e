//! What a pool and a retry have done so far, in numbers; with the feature `metrics` also for whoever records these.

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

/// A number that only grows, and what recorders of metrics call it. Times count in microseconds.
#[derive(Debug)]
pub(crate) struct Counter {
    value: AtomicU64,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))]
    name: &'static str,
}

impl Counter {
    const fn new(name: &'static str) -> Self {
        Self { value: AtomicU64::new(0), name }
    }

    pub(crate) fn count(&self) {
        self.add(1);
    }

    pub(crate) fn add_time(&self, time: Duration) {
        self.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    fn add(&self, more: u64) {
        self.value.fetch_add(more, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!(self.name).increment(more);
    }

    fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }

    fn time(&self) -> Duration {
        Duration::from_micros(self.get())
    }
}

/// Counters, each with its name.
macro_rules! counters {
    ($(#[$doc:meta])* $kind:ident { $($field:ident: $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $kind { $(pub(crate) $field: Counter,)+ }

        impl Default for $kind {
            fn default() -> Self {
                Self { $($field: Counter::new($name),)+ }
            }
        }
    };
}

counters! {
    /// Of a pool.
    Counters {
        acquired: "mizzle.pool.acquired",
        not_acquired: "mizzle.pool.not_acquired",
        acquire_time: "mizzle.pool.acquire_microseconds",
        connected: "mizzle.connections.opened",
        connect_time: "mizzle.connections.open_microseconds",
        connect_retries: "mizzle.connections.retries",
        connect_failures: "mizzle.connections.failures",
        expired: "mizzle.connections.expired",
        idled_out: "mizzle.connections.idled_out",
        lost: "mizzle.connections.lost",
    }
}

counters! {
    /// Of a retry.
    RetryCounters {
        succeeded: "mizzle.work.succeeded",
        exhausted: "mizzle.work.exhausted",
        data_conflicts: "mizzle.conflicts.data",
        schema_conflicts: "mizzle.conflicts.schema",
        interrupted: "mizzle.work.interrupted",
        wait_time: "mizzle.work.wait_microseconds",
    }
}

impl Counters {
    /// What was done so far; the sizes are for whoever knows them.
    pub(crate) fn stats(&self) -> PoolStats {
        PoolStats {
            acquired: self.acquired.get(),
            not_acquired: self.not_acquired.get(),
            acquire_time: self.acquire_time.time(),
            connected: self.connected.get(),
            connect_time: self.connect_time.time(),
            connect_retries: self.connect_retries.get(),
            connect_failures: self.connect_failures.get(),
            expired: self.expired.get(),
            idled_out: self.idled_out.get(),
            lost: self.lost.get(),
            ..PoolStats::default()
        }
    }
}

impl RetryCounters {
    pub(crate) fn stats(&self) -> RetryStats {
        RetryStats {
            succeeded: self.succeeded.get(),
            exhausted: self.exhausted.get(),
            data_conflicts: self.data_conflicts.get(),
            schema_conflicts: self.schema_conflicts.get(),
            interrupted: self.interrupted.get(),
            wait_time: self.wait_time.time(),
        }
    }
}
