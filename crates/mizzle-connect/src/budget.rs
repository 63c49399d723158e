//! How many retries everybody who shares a `Retry` may make, so that failing work does not multiply.
//!
//! ```text
//!              each success: + per_success     each second: + per_second
//!                             ▼                      ▼
//!                          ┌─ tokens, at most `burst` ─┐
//!                          └──────────────┬────────────┘
//!                                         ▼ each retry: − 1; none left: the conflict is reported
//! ```

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// A supply of retries. One retry takes one; successes and time bring more.
///
/// Work that mostly succeeds never meets its end: the default lets ten retries come with each success, more than writers
/// on one row need. When nothing succeeds any more, all callers together make 500 retries and then 10 a second, instead of
/// 15 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// How many retries are there at the beginning, and at most: 500.
    pub burst: u32,
    /// How many retries a success brings: 10.
    pub per_success: u32,
    /// How many retries a second brings: 10.
    pub per_second: u32,
}

impl RetryBudget {
    /// A supply that does not end.
    pub const UNLIMITED: Self = Self { burst: u32::MAX, per_success: u32::MAX, per_second: u32::MAX };
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { burst: 500, per_success: 10, per_second: 10 }
    }
}

/// What is left of a budget.
#[derive(Debug)]
pub(crate) struct Supply {
    budget: RetryBudget,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    tokens: f64,
    filled: Instant,
}

impl Supply {
    pub(crate) fn new(budget: RetryBudget, now: Instant) -> Self {
        Self { budget, state: Mutex::new(State { tokens: f64::from(budget.burst), filled: now }) }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let passed = now.saturating_duration_since(state.filled).as_secs_f64();
        state.filled = now.max(state.filled);
        self.add(&mut state, passed * f64::from(self.budget.per_second));
        let there = state.tokens >= 1.0;
        if there {
            state.tokens -= 1.0;
        }
        there
    }

    /// Brings what a success brings.
    pub(crate) fn put(&self) {
        self.add(&mut self.lock(), f64::from(self.budget.per_success));
    }

    fn add(&self, state: &mut State, tokens: f64) {
        state.tokens = (state.tokens + tokens).min(f64::from(self.budget.burst));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Numbers alone; a panic elsewhere cannot leave them half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn retries_end_and_come_back_with_successes_and_time() {
        let start = Instant::now();
        let supply = Supply::new(RetryBudget { burst: 3, per_success: 2, per_second: 1 }, start);
        let taken = |wanted: usize, after| {
            (0..wanted).filter(|_| supply.take(start + Duration::from_millis(after))).count()
        };
        assert_eq!(taken(5, 0), 3);
        supply.put();
        assert_eq!(taken(5, 0), 2);
        assert_eq!(taken(5, 999), 0);
        assert_eq!(taken(5, 2_500), 2);
        (0..10).for_each(|_| supply.put());
        assert_eq!(taken(5, 60_000), 3, "it holds no more than its burst");
    }

    #[test]
    fn an_unlimited_supply_does_not_end() {
        let start = Instant::now();
        let supply = Supply::new(RetryBudget::UNLIMITED, start);
        assert!((0..10_000).all(|_| supply.take(start)));
    }
}
