//! How many connections there are, and how fast new ones come: a count and a token bucket.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::limits::Limits;
use crate::refusal::Refusal;

/// The door of a cluster.
#[derive(Debug)]
pub(crate) struct Admission {
    most: u32,
    rate: f64,
    burst: f64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    open: u32,
    tokens: f64,
    filled: Instant,
}

/// One connection's place; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Mutex<State>>);

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Admission {
        let burst = f64::from(limits.connection_burst);
        let state = State { open: 0, tokens: burst, filled: Instant::now() };
        Admission {
            most: limits.connections,
            rate: f64::from(limits.connection_rate),
            burst,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// A place for a connection that comes at `now`.
    ///
    /// # Errors
    /// `53400` when connections come too fast, `53300` when there are too many.
    pub(crate) fn enter(&self, now: Instant) -> Result<Place, Refusal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.filled).as_secs_f64();
        state.tokens = (state.tokens + passed * self.rate).min(self.burst);
        state.filled = now.max(state.filled);
        if state.tokens < 1.0 {
            return Err(Refusal::new("53400", "Unable to accept connection, rate exceeded."));
        }
        state.tokens -= 1.0;
        if state.open >= self.most {
            return Err(Refusal::new("53300", "Unable to accept connection, too many open connections."));
        }
        state.open += 1;
        Ok(Place(Arc::clone(&self.state)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn admission(most: u32, rate: u32, burst: u32) -> Admission {
        let mut limits = Limits::default();
        (limits.connections, limits.connection_rate, limits.connection_burst) = (most, rate, burst);
        Admission::new(&limits)
    }

    #[test]
    fn the_bucket_empties_and_fills_again() {
        let door = admission(100, 10, 2);
        let start = Instant::now();
        let state = |after: u64| door.enter(start + Duration::from_millis(after)).map_err(|no| no.state);
        assert!(state(0).is_ok() && state(0).is_ok());
        assert_eq!(state(0).unwrap_err(), "53400");
        assert_eq!(state(90).unwrap_err(), "53400");
        assert!(state(110).is_ok());
        assert_eq!(state(110).unwrap_err(), "53400");
        // It holds no more than the burst, however long nobody comes.
        assert!(state(60_000).is_ok() && state(60_000).is_ok());
        assert_eq!(state(60_000).unwrap_err(), "53400");
    }

    #[test]
    fn a_place_is_free_again_when_its_connection_ends() {
        let door = admission(1, 100, 100);
        let place = door.enter(Instant::now()).expect("a place");
        assert_eq!(door.enter(Instant::now()).unwrap_err().state, "53300");
        drop(place);
        assert!(door.enter(Instant::now()).is_ok());
    }
}
