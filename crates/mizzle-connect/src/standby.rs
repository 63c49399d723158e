//! A cluster of two Regions: connections go to the one preferred, and to the other while that cannot be reached.
//!
//! ```text
//! preferred ── cannot be reached ──▶ the other, and one connect in 30 s tries the preferred ── lets in ──▶ preferred
//! ```
//!
//! Only connecting fails over. A transaction whose connection is lost ends as on any lost connection; its next attempt goes
//! to wherever connections go by then. Both endpoints of a cluster in two Regions show the same data (AWS user guide,
//! "Multi-Region clusters").

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Client;

use crate::{Config, Error};

/// How often the preferred endpoint is tried while it cannot be reached.
pub(crate) const PROBE: Duration = Duration::from_secs(30);

/// The other endpoint, and what is known of the preferred one.
pub(crate) struct Standby {
    pub(crate) config: Config,
    probe: Duration,
    /// When the preferred endpoint is due for another try; nothing while it is well.
    down: Mutex<Option<Instant>>,
}

impl Standby {
    pub(crate) fn new(config: Config, probe: Duration) -> Self {
        Self { config, probe, down: Mutex::default() }
    }

    /// Whether to try the preferred endpoint now; of many who ask while it is down, one is told to.
    fn tries_preferred(&self, now: Instant) -> bool {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        match *down {
            None => true,
            Some(due) if now >= due => {
                *down = Some(now + self.probe);
                true
            }
            Some(_) => false,
        }
    }

    fn set(&self, down: Option<Instant>) {
        *self.down.lock().unwrap_or_else(PoisonError::into_inner) = down;
    }

    /// Connects to the preferred endpoint, or to this one.
    pub(crate) async fn connect<'a>(&'a self, preferred: &'a Config) -> Result<(Client, &'a Config), Error> {
        let tried = self.tries_preferred(Instant::now());
        if tried {
            match self.try_preferred(preferred).await {
                Err(error) if error.is_unreachable() => {
                    tracing::warn!(%error, "the preferred endpoint cannot be reached, going to the other one");
                }
                done => return done,
            }
        }
        match self.config.connect_here().await {
            Ok(client) => Ok((client, &self.config)),
            // Nothing is lost by another look at the first.
            Err(error) if !tried && error.is_unreachable() => self.try_preferred(preferred).await,
            Err(error) => Err(error),
        }
    }

    async fn try_preferred<'a>(&'a self, preferred: &'a Config) -> Result<(Client, &'a Config), Error> {
        let connected = preferred.connect_here().await;
        match &connected {
            Ok(_) => self.set(None),
            Err(error) if error.is_unreachable() => self.set(Some(Instant::now() + self.probe)),
            Err(_) => {}
        }
        connected.map(|client| (client, preferred))
    }
}

impl fmt::Debug for Standby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_the_preferred_is_down_one_in_thirty_seconds_tries_it() {
        let standby = Standby::new(Config::new("localhost"), PROBE);
        let start = Instant::now();
        let tries = |second| standby.tries_preferred(start + Duration::from_secs(second));
        assert!(tries(0) && tries(0));
        standby.set(Some(start + PROBE));
        assert!(!tries(29));
        assert!(tries(30));
        assert!(!tries(30) && !tries(59));
        assert!(tries(60));
        standby.set(None);
        assert!(tries(61) && tries(61));
    }
}
