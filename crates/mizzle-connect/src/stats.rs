//! What a pool and a retry have done so far, in numbers; with the feature `metrics` also for whoever records these.
//!
//! Every field of [`PoolStats`] that only grows, and every one of [`RetryStats`], has a counter or, for times, a histogram in
//! seconds. Their names are data of dashboards elsewhere, and stay.

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

/// A number that only grows, and what recorders of metrics call it.
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
        self.value.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!(self.name).increment(1);
    }

    fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }
}

/// Times: here their sum in microseconds, for recorders of metrics a histogram in seconds.
#[derive(Debug)]
pub(crate) struct Times {
    sum: AtomicU64,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code))]
    name: &'static str,
}

impl Times {
    const fn new(name: &'static str) -> Self {
        Self { sum: AtomicU64::new(0), name }
    }

    pub(crate) fn add(&self, time: Duration) {
        self.sum.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::histogram!(self.name).record(time.as_secs_f64());
    }

    fn get(&self) -> Duration {
        Duration::from_micros(self.sum.load(Ordering::Relaxed))
    }
}

/// Counters and times, each with its name.
macro_rules! counters {
    ($(#[$doc:meta])* $kind:ident { $($field:ident: $type:ident $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $kind { $(pub(crate) $field: $type,)+ }

        impl Default for $kind {
            fn default() -> Self {
                Self { $($field: $type::new($name),)+ }
            }
        }
    };
}

counters! {
    /// Of a pool.
    Counters {
        acquired: Counter "mizzle.pool.acquired",
        not_acquired: Counter "mizzle.pool.not_acquired",
        acquire_time: Times "mizzle.pool.acquire_seconds",
        connected: Counter "mizzle.connections.opened",
        connect_time: Times "mizzle.connections.open_seconds",
        connect_retries: Counter "mizzle.connections.retries",
        connect_failures: Counter "mizzle.connections.failures",
        expired: Counter "mizzle.connections.expired",
        idled_out: Counter "mizzle.connections.idled_out",
        lost: Counter "mizzle.connections.lost",
    }
}

counters! {
    /// Of a retry.
    RetryCounters {
        succeeded: Counter "mizzle.work.succeeded",
        exhausted: Counter "mizzle.work.exhausted",
        data_conflicts: Counter "mizzle.conflicts.data",
        schema_conflicts: Counter "mizzle.conflicts.schema",
        interrupted: Counter "mizzle.work.interrupted",
        wait_time: Times "mizzle.work.wait_seconds",
    }
}

impl Counters {
    /// What was done so far; the sizes are for whoever knows them.
    pub(crate) fn stats(&self) -> PoolStats {
        PoolStats {
            acquired: self.acquired.get(),
            not_acquired: self.not_acquired.get(),
            acquire_time: self.acquire_time.get(),
            connected: self.connected.get(),
            connect_time: self.connect_time.get(),
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
            wait_time: self.wait_time.get(),
        }
    }
}
