//! What a pool does with one session: opens it, judges it, counts it.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use tokio::time::Instant;
use tokio_postgres::Client;

use crate::pool::{PoolOptions, Session};
use crate::rate::Rate;
use crate::stats::Counters;
use crate::{Config, Conflict, Error, RetryPolicy};

/// How connections are opened and kept.
pub(crate) struct Keeper<S> {
    pub(crate) config: Config,
    pub(crate) options: PoolOptions,
    pub(crate) counters: Counters,
    rate: Rate,
    /// Whether a connection was ever made: before that, a failure of the network is more likely a wrong setting.
    proven: AtomicBool,
    session: PhantomData<fn() -> S>,
}

/// A session and its clock.
pub(crate) struct Held<S> {
    pub(crate) session: S,
    pub(crate) expires: Instant,
    pub(crate) returned: Instant,
}

/// Why a session is not handed out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    TooOld,
    Idle,
    Ended,
}

impl<S: Session> Keeper<S> {
    pub(crate) fn new(config: Config, options: PoolOptions) -> Self {
        let rate = Rate::new(options.connect_rate, options.connect_burst);
        let (counters, proven) = (Counters::default(), AtomicBool::new(false));
        Self { config, options, counters, rate, proven, session: PhantomData }
    }

    /// Whether a session may be handed out, at this time; counted if not.
    pub(crate) fn keeps(&self, held: &Held<S>, now: Instant) -> bool {
        self.judge(held, now).is_none()
    }

    fn judge(&self, held: &Held<S>, now: Instant) -> Option<Verdict> {
        let verdict = self
            .options
            .verdict(now, held.expires, held.returned)
            .or_else(|| (!held.session.is_reusable()).then_some(Verdict::Ended))?;
        let counter = match verdict {
            Verdict::TooOld => &self.counters.expired,
            Verdict::Idle => &self.counters.idled_out,
            Verdict::Ended => &self.counters.lost,
        };
        counter.count();
        Some(verdict)
    }

    /// Connects, and waits where the cluster asks for it. Half of the acquire timeout is for this, so that the
    /// server's own words reach the caller before the timeout does.
    pub(crate) async fn connect_when_ready(&self) -> Result<(Client, &Config), Error> {
        let policy = RetryPolicy {
            max_attempts: u32::MAX,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(2),
            deadline: self.options.acquire_timeout / 2,
            ..RetryPolicy::default()
        };
        let start = Instant::now();
        let mut attempt = 0;
        loop {
            let turn = self.rate.reserve(Instant::now());
            if !turn.is_zero() {
                tokio::time::sleep(turn).await;
            }
            let error = match self.config.connect_somewhere().await {
                Ok(connected) => {
                    self.proven.store(true, Ordering::Relaxed);
                    return Ok(connected);
                }
                Err(error) => error,
            };
            attempt += 1;
            let wait = policy.next(attempt, start.elapsed(), Conflict::Data, rand::random());
            match wait.filter(|_| self.is_worth_another_try(&error)) {
                Some(wait) => {
                    self.counters.connect_retries.count();
                    tracing::debug!(%error, attempt, ?wait, "no connection yet, trying again");
                    tokio::time::sleep(wait).await;
                }
                None => return Err(error),
            }
        }
    }

    fn is_worth_another_try(&self, error: &Error) -> bool {
        error.is_server_busy() || (error.is_retryable() && self.proven.load(Ordering::Relaxed))
    }
}

impl<S: Session> managed::Manager for Keeper<S> {
    type Type = Held<S>;
    type Error = Error;

    async fn create(&self) -> Result<Held<S>, Error> {
        let start = Instant::now();
        // Boxed: the futures of a handshake are large, and most calls meet a connection that is there.
        let connected = Box::pin(self.connect_when_ready()).await;
        let now = Instant::now();
        self.counters.connect_time.add(now - start);
        let (client, config) = connected.inspect_err(|_| self.counters.connect_failures.count())?;
        self.counters.connected.count();
        let lifetime =
            self.options.lifetime.saturating_sub(self.options.lifetime_jitter.mul_f64(rand::random()));
        Ok(Held { session: S::open(client, config), expires: now + lifetime, returned: now })
    }

    async fn recycle(&self, held: &mut Held<S>, _: &Metrics) -> RecycleResult<Error> {
        match self.judge(held, Instant::now()) {
            Some(verdict) => Err(RecycleError::message(format!("{verdict:?}"))),
            None => Ok(()),
        }
    }
}

impl PoolOptions {
    /// Why a connection is not handed out again, as far as the clock says.
    fn verdict(&self, now: Instant, expires: Instant, returned: Instant) -> Option<Verdict> {
        if now >= expires {
            Some(Verdict::TooOld)
        } else if now.duration_since(returned) >= self.idle {
            Some(Verdict::Idle)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_replaced_by_age_and_by_idleness() {
        let options = PoolOptions::default();
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let born = Instant::now();
        let expires = born + minutes(51);
        assert_eq!(options.verdict(born + minutes(9), expires, born), None);
        assert_eq!(options.verdict(born + minutes(10), expires, born), Some(Verdict::Idle));
        assert_eq!(options.verdict(born + minutes(50), expires, born + minutes(45)), None);
        assert_eq!(options.verdict(born + minutes(51), expires, born + minutes(45)), Some(Verdict::TooOld));
    }
}
