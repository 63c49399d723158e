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

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::time::Instant;

use crate::Error;

/// Metadata services promise new credentials about five minutes before the old ones end.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// The shortest pause after a renewal that did not work, while the held credentials are still valid.
const RENEW_PAUSE: Duration = Duration::from_secs(30);

/// How long a provider may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// The credentials of a [`Config`](crate::Config), shared by its clones.
#[derive(Clone)]
pub(crate) struct CredentialsCache(Arc<Shared>);

struct Shared {
    source: Source,
    held: Mutex<Option<Credentials>>,
    /// Whoever renews holds this; it knows when the next try is due.
    renewal: tokio::sync::Mutex<Option<Instant>>,
}

enum Source {
    Provider(SharedCredentialsProvider),
    /// AWS's default chain, which is built when first asked.
    DefaultChain(tokio::sync::OnceCell<SharedCredentialsProvider>),
}

impl CredentialsCache {
    /// Credentials from a provider of the caller's.
    pub(crate) fn provider(provider: impl ProvideCredentials + 'static) -> Self {
        Self::of(Source::Provider(SharedCredentialsProvider::new(provider)))
    }

    /// Credentials from AWS's default chain.
    pub(crate) fn default_chain() -> Self {
        Self::of(Source::DefaultChain(tokio::sync::OnceCell::new()))
    }

    /// Valid credentials, from the cache where possible. `region` is where the default chain calls STS.
    pub(crate) async fn get(&self, region: &str, now: SystemTime) -> Result<Credentials, Error> {
        let held = self.held();
        if let Some(fresh) = held.as_ref().filter(|held| is_valid(held, now + RENEW_BEFORE)) {
            return Ok(fresh.clone());
        }
        match held.filter(|held| is_valid(held, now)) {
            Some(valid) => Ok(self.renew_if_idle(region, now).await.unwrap_or(valid)),
            None => self.wait_for_renewal(region, now).await,
        }
    }

    fn of(source: Source) -> Self {
        Self(Arc::new(Shared { source, held: Mutex::new(None), renewal: tokio::sync::Mutex::new(None) }))
    }

    fn held(&self) -> Option<Credentials> {
        // The lock guards one assignment, so a panic elsewhere cannot leave it half done.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Renews while the old credentials are still good: not if someone else does, nor right after a try in vain.
    async fn renew_if_idle(&self, region: &str, now: SystemTime) -> Option<Credentials> {
        let mut next_try = self.0.renewal.try_lock().ok()?;
        if next_try.is_some_and(|due| Instant::now() < due) {
            return None;
        }
        *next_try = Some(Instant::now() + RENEW_PAUSE);
        match self.fetch(region, now).await {
            Ok(credentials) => Some(credentials),
            Err(error) => {
                tracing::warn!(%error, "credentials are not renewed yet, the old ones are still valid");
                None
            }
        }
    }

    async fn wait_for_renewal(&self, region: &str, now: SystemTime) -> Result<Credentials, Error> {
        let _renewal = self.0.renewal.lock().await;
        // Whoever held the lock before us may have brought new ones.
        match self.held().filter(|held| is_valid(held, now)) {
            Some(valid) => Ok(valid),
            None => self.fetch(region, now).await,
        }
    }

    async fn fetch(&self, region: &str, now: SystemTime) -> Result<Credentials, Error> {
        let ask = async {
            let provider = self.0.source.provider(region).await?;
            provider
                .provide_credentials()
                .await
                .map_err(|source| Error::credentials("no AWS credentials", source))
        };
        let credentials = tokio::time::timeout(FETCH_TIMEOUT, ask).await.map_err(|elapsed| {
            Error::credentials(format!("no AWS credentials within {FETCH_TIMEOUT:?}"), elapsed)
        })??;
        if !is_valid(&credentials, now) {
            return Err(Error::expired_credentials());
        }
        *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials.clone());
        Ok(credentials)
    }
}

impl fmt::Debug for CredentialsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.source {
            Source::Provider(_) => "Provider(** redacted **)",
            Source::DefaultChain(_) => "DefaultChain",
        })
    }
}

impl Source {
    async fn provider(&self, region: &str) -> Result<&SharedCredentialsProvider, Error> {
        match self {
            Self::Provider(provider) => Ok(provider),
            Self::DefaultChain(chain) => chain.get_or_try_init(|| load_default_chain(region)).await,
        }
    }
}

#[cfg(feature = "aws-config")]
async fn load_default_chain(region: &str) -> Result<SharedCredentialsProvider, Error> {
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let loaded = aws_config::defaults(aws_config::BehaviorVersion::latest())
        // Known already; without it the chain may ask a metadata service.
        .region(aws_config::Region::new(region.to_owned()))
        .http_client(http)
        .load()
        .await;
    loaded
        .credentials_provider()
        .ok_or_else(|| Error::credentials("no AWS credentials", "the default chain is empty"))
}

#[cfg(not(feature = "aws-config"))]
async fn load_default_chain(_region: &str) -> Result<SharedCredentialsProvider, Error> {
    Err(Error::setting(
        "no AWS credentials",
        "give them with `Config::static_credentials` or `Config::credentials`, or build mizzle-connect with its \
         feature `aws-config`",
    ))
}

fn is_valid(credentials: &Credentials, at: SystemTime) -> bool {
    credentials.expiry().is_none_or(|expiry| expiry > at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::provider::{error::CredentialsError, future};
    use std::sync::atomic::{AtomicU64, Ordering};

    const HOUR: Duration = Duration::from_secs(3600);
    const REGION: &str = "eu-west-1";

    /// Answers its n-th call, after a second, with a key named n that ends n hours after the epoch; no answer at
    /// all while `broken`.
    #[derive(Clone, Debug, Default)]
    struct Hourly {
        calls: Arc<AtomicU64>,
        broken: Arc<std::sync::atomic::AtomicBool>,
    }

    impl ProvideCredentials for Hourly {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::new(async {
                let n = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
                if self.broken.load(Ordering::SeqCst) {
                    return Err(CredentialsError::provider_error("no metadata service"));
                }
                let expiry = SystemTime::UNIX_EPOCH + HOUR * n as u32;
                Ok(Credentials::new(n.to_string(), "secret", None, Some(expiry), "test"))
            })
        }
    }

    struct Story {
        provider: Hourly,
        cache: CredentialsCache,
    }

    impl Story {
        fn new() -> Self {
            let provider = Hourly::default();
            Self { cache: CredentialsCache::provider(provider.clone()), provider }
        }

        /// What the cache answers some minutes after the epoch, and how often the provider was called until then.
        async fn at(&self, minutes: u64) -> String {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(60 * minutes);
            let answer = match self.cache.get(REGION, now).await {
                Ok(credentials) => format!("key {}", credentials.access_key_id()),
                Err(error) => error.to_string(),
            };
            format!("{answer}, {} calls", self.provider.calls.load(Ordering::SeqCst))
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
    async fn old_credentials_serve_while_valid_and_the_provider_is_left_in_peace() {
        let story = Story::new();
        assert_eq!(story.at(0).await, "key 1, 1 calls");
        story.break_provider(true);
        assert_eq!(story.at(56).await, "key 1, 2 calls");
        assert_eq!(story.at(56).await, "key 1, 2 calls");
        tokio::time::advance(RENEW_PAUSE).await;
        assert_eq!(story.at(57).await, "key 1, 3 calls");
        assert_eq!(story.at(60).await, "no AWS credentials, 4 calls");
        story.break_provider(false);
        assert_eq!(story.at(61).await, "key 5, 5 calls");
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_that_come_expired_are_refused() {
        assert_eq!(Story::new().at(120).await, "the AWS credentials have expired, 1 calls");
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_has_ten_seconds() {
        #[derive(Debug)]
        struct Silent;
        impl ProvideCredentials for Silent {
            fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
            where
                Self: 'a,
            {
                future::ProvideCredentials::new(std::future::pending())
            }
        }
        let error = CredentialsCache::provider(Silent).get(REGION, SystemTime::UNIX_EPOCH).await.unwrap_err();
        assert_eq!(error.to_string(), "no AWS credentials within 10s");
    }
}
