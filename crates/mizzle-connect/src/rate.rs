//! How fast connections are opened: a bucket, so that one pool leaves the cluster's own limit to others.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A bucket that is empty when connections come faster than `per_second` for longer than `burst` of them.
#[derive(Debug)]
pub(crate) struct Rate {
    interval: Duration,
    /// How far ahead of its turn a connection may come.
    ahead: Duration,
    /// When the next one would be due if they came evenly.
    due: Mutex<Option<Instant>>,
}

impl Rate {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let interval = Duration::from_secs(1) / per_second.max(1);
        Self { interval, ahead: interval.saturating_mul(burst.saturating_sub(1)), due: Mutex::default() }
    }

    /// How long the connection that is wanted now has to wait; its place is taken.
    pub(crate) fn reserve(&self, now: Instant) -> Duration {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = due.map_or(now, |due| due.max(now));
        *due = Some(turn + self.interval);
        turn.saturating_duration_since(now + self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_comes_at_once_and_the_others_in_turn() {
        let rate = Rate::new(10, 3);
        let start = Instant::now();
        let wait = |after| rate.reserve(start + Duration::from_millis(after)).as_millis();
        assert_eq!([wait(0), wait(0), wait(0), wait(0), wait(0)], [0, 0, 0, 100, 200]);
        // Whoever waited has used the time up.
        assert_eq!(wait(200), 100);
        assert_eq!([wait(60_000), wait(60_000), wait(60_000), wait(60_000)], [0, 0, 0, 100]);
    }
}
