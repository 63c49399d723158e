//! What a pool does with one session: opens it, judges it, counts it.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

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
    /// Connections that are being opened.
    opening: AtomicUsize,
    session: PhantomData<fn() -> S>,
}

/// A session and its clock.
pub(crate) struct Held<S> {
    pub(crate) session: S,
    born: Moment,
    lifetime: Duration,
    returned: Moment,
}

/// A time by two clocks: the one that counts may stand still while a machine sleeps, the one on the wall may be set.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    counted: Instant,
    wall: SystemTime,
}

/// Counts one as long as it lives.
struct Opening<'a>(&'a AtomicUsize);

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
        let (counters, proven, opening) = (Counters::default(), AtomicBool::new(false), AtomicUsize::new(0));
        Self { config, options, counters, rate, proven, opening, session: PhantomData }
    }

    /// Whether a session may be handed out, at this time; counted if not.
    pub(crate) fn keeps(&self, held: &Held<S>, now: Moment) -> bool {
        self.judge(held, now).is_none()
    }

    /// How many connections are being opened.
    pub(crate) fn opening(&self) -> usize {
        self.opening.load(Ordering::Relaxed)
    }

    fn judge(&self, held: &Held<S>, now: Moment) -> Option<Verdict> {
        let (age, unused) = (now.since(held.born), now.since(held.returned));
        let verdict = (age >= held.lifetime)
            .then_some(Verdict::TooOld)
            .or_else(|| (unused >= self.options.idle).then_some(Verdict::Idle))
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
        let _opening = Opening::of(&self.opening);
        // Boxed: the futures of a handshake are large, and most calls meet a connection that is there.
        let connected = Box::pin(self.connect_when_ready()).await;
        self.counters.connect_time.add(start.elapsed());
        let (client, config) = connected.inspect_err(|_| self.counters.connect_failures.count())?;
        self.counters.connected.count();
        let lifetime =
            self.options.lifetime.saturating_sub(self.options.lifetime_jitter.mul_f64(rand::random()));
        let now = Moment::now();
        Ok(Held { session: S::open(client, config), born: now, lifetime, returned: now })
    }

    async fn recycle(&self, held: &mut Held<S>, _: &Metrics) -> RecycleResult<Error> {
        match self.judge(held, Moment::now()) {
            Some(verdict) => Err(RecycleError::message(format!("{verdict:?}"))),
            None => Ok(()),
        }
    }
}

impl<S> Held<S> {
    /// Nobody uses it from now on.
    pub(crate) fn give_back(&mut self) {
        self.returned = Moment::now();
    }
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { counted: Instant::now(), wall: SystemTime::now() }
    }

    /// How much time has passed, by the clock that says more.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let counted = self.counted.saturating_duration_since(earlier.counted);
        counted.max(self.wall.duration_since(earlier.wall).unwrap_or_default())
    }
}

impl<'a> Opening<'a> {
    fn of(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Session for Nobody {
        fn new(_: Client) -> Self {
            Self
        }

        fn client(&self) -> &Client {
            unreachable!("nobody asks")
        }

        fn is_reusable(&self) -> bool {
            true
        }
    }

    /// What becomes of a connection that lives for 51 minutes, so many minutes after its birth by either clock, when it was given
    /// back so many minutes after its birth.
    fn verdict(counted: u64, wall: u64, returned: u64) -> Option<Verdict> {
        let keeper = Keeper::<Nobody>::new(Config::new("localhost"), PoolOptions::default());
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let born = Moment::now();
        let later = |counted, wall| Moment {
            counted: born.counted + minutes(counted),
            wall: born.wall + minutes(wall),
        };
        let held = Held { session: Nobody, born, lifetime: minutes(51), returned: later(returned, returned) };
        keeper.judge(&held, later(counted, wall))
    }

    #[test]
    fn a_connection_is_replaced_by_age_and_by_idleness() {
        assert_eq!(verdict(9, 9, 0), None);
        assert_eq!(verdict(10, 10, 0), Some(Verdict::Idle));
        assert_eq!(verdict(50, 50, 45), None);
        assert_eq!(verdict(51, 51, 45), Some(Verdict::TooOld));
    }

    #[test]
    fn a_machine_that_slept_and_a_clock_that_was_set_back_keep_nothing_for_too_long() {
        assert_eq!(verdict(1, 11, 0), Some(Verdict::Idle), "the clock that counts stood still");
        assert_eq!(verdict(1, 600, 0), Some(Verdict::TooOld));
        assert_eq!(verdict(11, 0, 0), Some(Verdict::Idle), "the one on the wall was set back");
    }
}
