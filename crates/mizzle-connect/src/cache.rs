//! Credentials, fetched once and shared by every connection until they are about to expire.
//!
//! AWS's providers do not cache: each call may ask a metadata service, STS or an external program. So what a
//! provider answers is held here, renewed in the last five minutes of its life by one caller at a time, and used
//! as long as it is valid when renewing does not work.
//!
//! ```text
//! fetched ───────── fresh: handed out ─────────┬─ last 5 minutes: one caller renews, ─┬─ expired: callers wait
//!                                              │  the others take what is held        │  for the renewal
//! ```
//!
//! No task runs in the background, and what is due is judged by the wall clock: a process that was frozen for an hour
//! renews when it wakes and connects.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::provider::Source;
use crate::{Credentials, Error};

/// Metadata services promise new credentials about five minutes before the old ones end.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// The shortest pause between two tries to renew, while the held credentials are still valid.
const RENEW_PAUSE: Duration = Duration::from_secs(30);

/// How long a provider may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// The credentials of a [`Config`](crate::Config), shared by its clones.
#[derive(Clone)]
pub(crate) struct CredentialsCache(Arc<Shared>);

struct Shared {
    source: Source,
    held: Mutex<Option<Credentials>>,
    /// Whoever renews holds this.
    renewal: tokio::sync::Mutex<Renewal>,
    /// How many fetches have ended.
    fetched: AtomicU64,
}

#[derive(Default)]
struct Renewal {
    /// When the last try began that was not forced.
    tried: Option<SystemTime>,
    /// What the last fetch ended with, if it ended badly.
    failed: Option<Error>,
}

impl CredentialsCache {
    pub(crate) fn new(source: Source) -> Self {
        Self(Arc::new(Shared {
            source,
            held: Mutex::default(),
            renewal: tokio::sync::Mutex::default(),
            fetched: AtomicU64::new(0),
        }))
    }

    /// Valid credentials, from the cache where possible. `region` is where the default chain calls STS.
    pub(crate) async fn get(&self, region: &str, now: SystemTime) -> Result<Credentials, Error> {
        let held = self.held();
        if let Some(fresh) = held.as_ref().filter(|held| held.is_valid(now + RENEW_BEFORE)) {
            return Ok(fresh.clone());
        }
        match held.filter(|held| held.is_valid(now)) {
            Some(valid) => Ok(self.renew_if_idle(region, now).await.unwrap_or(valid)),
            None => self.wait_for_renewal(region, now).await,
        }
    }

    /// Others than these, which the server has refused though they should be valid: they were rotated or revoked. `None`
    /// when there are no others, or the provider was asked a moment ago.
    pub(crate) async fn instead_of(
        &self,
        refused: &Credentials,
        region: &str,
        now: SystemTime,
    ) -> Option<Credentials> {
        let mut renewal = self.0.renewal.lock().await;
        let other = |held: &Credentials| !held.is_same(refused) && held.is_valid(now);
        if let Some(renewed) = self.held().filter(other) {
            return Some(renewed);
        }
        if !renewal.is_due(now) {
            return None;
        }
        renewal.tried = Some(now);
        self.fetch(&mut renewal, region, now).await.ok().filter(other)
    }

    fn held(&self) -> Option<Credentials> {
        // The lock guards one assignment, so a panic elsewhere cannot leave it half done.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Renews while the old credentials are still good: not if someone else does, nor right after another try.
    async fn renew_if_idle(&self, region: &str, now: SystemTime) -> Option<Credentials> {
        let mut renewal = self.0.renewal.try_lock().ok()?;
        if !renewal.is_due(now) {
            return None;
        }
        renewal.tried = Some(now);
        match self.fetch(&mut renewal, region, now).await {
            Ok(credentials) => Some(credentials),
            Err(error) => {
                tracing::warn!(%error, "credentials are not renewed yet, the old ones are still valid");
                None
            }
        }
    }

    /// Without anything valid there is nothing to save up for: each caller may ask, and all who wait share the answer.
    async fn wait_for_renewal(&self, region: &str, now: SystemTime) -> Result<Credentials, Error> {
        let before = self.0.fetched.load(Ordering::SeqCst);
        let mut renewal = self.0.renewal.lock().await;
        // Whoever held the lock before us may have brought new ones, or bad news.
        if let Some(valid) = self.held().filter(|held| held.is_valid(now)) {
            return Ok(valid);
        }
        if self.0.fetched.load(Ordering::SeqCst) != before
            && let Some(error) = &renewal.failed
        {
            return Err(error.clone());
        }
        self.fetch(&mut renewal, region, now).await
    }

    async fn fetch(
        &self,
        renewal: &mut Renewal,
        region: &str,
        now: SystemTime,
    ) -> Result<Credentials, Error> {
        let fetched = self.ask(region, now).await;
        self.0.fetched.fetch_add(1, Ordering::SeqCst);
        renewal.failed = fetched.as_ref().err().cloned();
        fetched
    }

    async fn ask(&self, region: &str, now: SystemTime) -> Result<Credentials, Error> {
        let credentials =
            tokio::time::timeout(FETCH_TIMEOUT, self.0.source.ask(region)).await.map_err(|elapsed| {
                Error::credentials(format!("no AWS credentials within {FETCH_TIMEOUT:?}"), elapsed)
            })??;
        if !credentials.is_valid(now) {
            return Err(Error::expired_credentials());
        }
        *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials.clone());
        Ok(credentials)
    }
}

impl Renewal {
    /// Whether the pause is over; a clock that was set back does not make it longer.
    fn is_due(&self, now: SystemTime) -> bool {
        self.tried.is_none_or(|tried| now.duration_since(tried).is_ok_and(|passed| passed >= RENEW_PAUSE))
            || self.tried.is_some_and(|tried| tried > now + RENEW_PAUSE)
    }
}

impl fmt::Debug for CredentialsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    const HOUR: Duration = Duration::from_secs(3600);
    const REGION: &str = "eu-west-1";

    /// Answers its n-th call, after a second, with a key named n that ends n hours after the epoch; no answer at
    /// all while `broken`.
    #[derive(Clone, Default)]
    struct Hourly {
        calls: Arc<AtomicU64>,
        broken: Arc<AtomicBool>,
    }

    impl Hourly {
        async fn answer(self) -> Result<Credentials, &'static str> {
            let n = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.broken.load(Ordering::SeqCst) {
                return Err("no metadata service");
            }
            Ok(Credentials::new(n.to_string(), "secret").expires_at(SystemTime::UNIX_EPOCH + HOUR * n as u32))
        }
    }

    struct Story {
        provider: Hourly,
        cache: CredentialsCache,
    }

    impl Story {
        fn new() -> Self {
            let provider = Hourly::default();
            let asked = provider.clone();
            Self { cache: CredentialsCache::new(Source::asking(move || asked.clone().answer())), provider }
        }

        /// What the cache answers some seconds after the epoch, and how often the provider was called until then.
        async fn at_second(&self, second: u64) -> String {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let answer = match self.cache.get(REGION, now).await {
                Ok(credentials) => format!("key {}", credentials.access_key_id()),
                Err(error) => error.to_string(),
            };
            format!("{answer}, {} calls", self.provider.calls.load(Ordering::SeqCst))
        }

        async fn at(&self, minutes: u64) -> String {
            self.at_second(60 * minutes).await
        }

        fn break_provider(&self, broken: bool) {
            self.provider.broken.store(broken, Ordering::SeqCst);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_are_renewed_in_their_last_five_minutes() {
        let story = Story::new();
        assert_eq!(story.at(0).await, "key 1, 1 calls");
        assert_eq!(story.at(54).await, "key 1, 1 calls");
        assert_eq!(story.at(55).await, "key 2, 2 calls");
        assert_eq!(story.at(61).await, "key 2, 2 calls");
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_ask_once() {
        let story = Story::new();
        let answers = tokio::join!(story.at(0), story.at(0), story.at(0));
        assert_eq!(answers.2, "key 1, 1 calls");
        // While one renews, the others take what is still valid.
        let (first, second) = tokio::join!(story.at(56), story.at(56));
        assert_eq!((first.as_str(), second.as_str()), ("key 2, 2 calls", "key 1, 2 calls"));
    }

    #[tokio::test(start_paused = true)]
    async fn many_callers_share_bad_news_and_the_next_one_asks_again() {
        let story = Story::new();
        story.break_provider(true);
        let answers = tokio::join!(story.at(0), story.at(0), story.at(0));
        assert_eq!(answers.2, "no AWS credentials, 1 calls");
        story.break_provider(false);
        assert_eq!(story.at(0).await, "key 2, 2 calls");
    }

    #[tokio::test(start_paused = true)]
    async fn old_credentials_serve_while_valid_and_the_provider_is_left_in_peace() {
        let story = Story::new();
        assert_eq!(story.at(0).await, "key 1, 1 calls");
        story.break_provider(true);
        assert_eq!(story.at_second(3_360).await, "key 1, 2 calls");
        assert_eq!(story.at_second(3_389).await, "key 1, 2 calls");
        assert_eq!(story.at_second(3_390).await, "key 1, 3 calls");
        assert_eq!(story.at(60).await, "no AWS credentials, 4 calls");
        story.break_provider(false);
        assert_eq!(story.at(61).await, "key 5, 5 calls");
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_wakes_after_hours_renews_at_once() {
        let story = Story::new();
        assert_eq!(story.at(56).await, "key 1, 1 calls");
        // Frozen: not a moment has passed by the clock that counts time, and hours by the one on the wall.
        story.provider.calls.store(8, Ordering::SeqCst);
        assert_eq!(story.at(8 * 60 + 30).await, "key 9, 9 calls");
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_the_server_refuses_are_replaced_at_most_every_half_minute() {
        let story = Story::new();
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let first = story.cache.get(REGION, at(0)).await.expect("the first key");
        let one = story.cache.instead_of(&first, REGION, at(1));
        let (one, other) = tokio::join!(one, story.cache.instead_of(&first, REGION, at(1)));
        let key = |found: Option<Credentials>| found.map(|found| found.access_key_id().to_owned());
        assert_eq!((key(one), key(other)), (Some("2".into()), Some("2".into())), "asked once for both");
        let second = story.cache.get(REGION, at(2)).await.expect("the second key");
        assert_eq!(key(story.cache.instead_of(&second, REGION, at(3)).await), None, "too soon");
        assert_eq!(key(story.cache.instead_of(&second, REGION, at(31)).await), Some("3".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_come_expired_are_refused() {
        assert_eq!(Story::new().at(120).await, "the AWS credentials have expired, 1 calls");
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_has_ten_seconds() {
        let silent = Source::asking(std::future::pending::<Result<Credentials, &'static str>>);
        let error = CredentialsCache::new(silent).get(REGION, SystemTime::UNIX_EPOCH).await.unwrap_err();
        assert_eq!(error.to_string(), "no AWS credentials within 10s");
    }
}
