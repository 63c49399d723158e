//! Connections kept for the next caller, none of them old enough to be cut by the server.
//!
//! ```text
//!            get                     drop of Pooled
//!  idle ───────────▶ in use ────────────────────────▶ idle
//!   │                   │ discard, or the connection has ended
//!   ▼                   ▼
//!  closed: idle for 10 minutes, or 50–55 minutes old (DSQL cuts at 60)
//! ```
//!
//! No statement is sent to test a connection: its age and state are known here, and a query that meets a dead one
//! fails at once.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use tokio::time::Instant;
use tokio_postgres::Client;

use crate::{Config, Conflict, Error, RetryPolicy};

/// What a [`Pool`] holds: a connection and what its user keeps beside it, such as prepared statements.
pub trait Session: Send + 'static {
    /// Begins a session on a new connection.
    fn new(client: Client) -> Self;

    /// Begins a session on a connection that was made with this configuration, which can also cancel what it runs.
    fn open(client: Client, _config: &Config) -> Self
    where
        Self: Sized,
    {
        Self::new(client)
    }

    /// The connection.
    fn client(&self) -> &Client;

    /// Whether the next caller may have this session. Checked when it comes back and before it is handed out.
    fn is_reusable(&self) -> bool {
        !self.client().is_closed()
    }
}

impl Session for Client {
    fn new(client: Client) -> Self {
        client
    }

    fn client(&self) -> &Client {
        self
    }
}

/// Sizes and times of a [`Pool`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// The most connections open at a time, 10 by default.
    pub max_size: usize,
    /// How long a connection may lie unused, 10 minutes by default.
    pub idle: Duration,
    /// How old a connection may get, 55 minutes by default: DSQL ends it after 60 (AWS user guide, "Cluster quotas").
    pub lifetime: Duration,
    /// How much earlier a connection may be replaced, at random so that not all are replaced at once; 5 minutes by
    /// default.
    pub lifetime_jitter: Duration,
    /// How long [`Pool::get`] may take in all, 30 seconds by default.
    pub acquire_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            max_size: 10,
            idle: Duration::from_secs(10 * 60),
            lifetime: Duration::from_secs(55 * 60),
            lifetime_jitter: Duration::from_secs(5 * 60),
            acquire_timeout: Duration::from_secs(30),
        }
    }
}

/// A pool of sessions on one cluster. Clones share it.
pub struct Pool<S: Session> {
    inner: managed::Pool<Manager<S>>,
}

impl<S: Session> Pool<S> {
    /// A pool without connections; they are opened as they are asked for.
    pub fn new(config: Config, options: PoolOptions) -> Self {
        let max_size = options.max_size;
        let manager = Manager { config, options, session: std::marker::PhantomData };
        let inner = managed::Pool::builder(manager)
            .max_size(max_size)
            // The connection used last is the one most certainly alive, and the others get to idle out.
            .queue_mode(QueueMode::Lifo)
            .build()
            .expect("building fails only for a timeout without a runtime, and no timeout is set");
        Self { inner }
    }

    /// A session: an idle one, a new one, or the next that comes back.
    ///
    /// While the cluster wakes up or refuses for its number of connections, opening one is tried again for half of
    /// the acquire timeout.
    ///
    /// # Errors
    /// As [`Config::connect`]; besides when the acquire timeout has passed, and after [`close`](Pool::close).
    pub async fn get(&self) -> Result<Pooled<S>, Error> {
        let Manager { options, .. } = self.inner.manager();
        let timeout = || {
            let status = self.inner.status();
            Error::pool_timeout(
                options.acquire_timeout,
                status.size.saturating_sub(status.available),
                options.max_size,
            )
        };
        match tokio::time::timeout(options.acquire_timeout, self.inner.get()).await {
            Ok(Ok(object)) => Ok(Pooled { object: Some(object) }),
            Ok(Err(PoolError::Backend(error))) => Err(error),
            Ok(Err(PoolError::Closed)) => Err(Error::pool_closed()),
            Ok(Err(PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)))
            | Err(_) => Err(timeout()),
        }
    }

    /// What the pool connects with.
    pub fn config(&self) -> &Config {
        &self.inner.manager().config
    }

    /// How many sessions may be open at a time.
    pub fn max_size(&self) -> usize {
        self.inner.manager().options.max_size
    }

    /// How many sessions are open, those in use included.
    pub fn size(&self) -> usize {
        self.inner.status().size
    }

    /// Closes idle connections now and those in use as they come back; [`get`](Pool::get) fails from here on.
    pub fn close(&self) {
        self.inner.close();
    }
}

impl<S: Session> Clone for Pool<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<S: Session> fmt::Debug for Pool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manager { config, options, .. } = self.inner.manager();
        f.debug_struct("Pool")
            .field("config", config)
            .field("options", options)
            .field("size", &self.size())
            .finish()
    }
}

/// A session out of a [`Pool`], to which it returns when dropped.
///
/// It must be left as it was met, without an open transaction or changed settings; otherwise
/// [`discard`](Pooled::discard) it, or let [`Session::is_reusable`] say so.
pub struct Pooled<S: Session> {
    /// Taken only by `drop` and `discard`, which end this value.
    object: Option<Object<Manager<S>>>,
}

impl<S: Session> Pooled<S> {
    /// Closes the connection instead of returning it: for a session in a state that nobody else should meet.
    pub fn discard(mut self) {
        drop(self.object.take().map(Object::take));
    }
}

impl<S: Session> Deref for Pooled<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.object.as_ref().expect("an object is there until drop").session
    }
}

impl<S: Session> DerefMut for Pooled<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.object.as_mut().expect("an object is there until drop").session
    }
}

impl<S: Session> Drop for Pooled<S> {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        object.returned = Instant::now();
        if !object.session.is_reusable() {
            drop(Object::take(object));
        }
    }
}

impl<S: Session + fmt::Debug> fmt::Debug for Pooled<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&**self).finish()
    }
}

struct Manager<S> {
    config: Config,
    options: PoolOptions,
    session: std::marker::PhantomData<fn() -> S>,
}

/// A session and its clock.
struct Held<S> {
    session: S,
    expires: Instant,
    returned: Instant,
}

/// A connection that is being made.
type Connecting<'a> = Pin<Box<dyn Future<Output = Result<Client, Error>> + Send + 'a>>;

impl<S: Session> managed::Manager for Manager<S> {
    type Type = Held<S>;
    type Error = Error;

    async fn create(&self) -> Result<Held<S>, Error> {
        // not a part of every future that waits for a connection: with it, those that users nest are too deep for the compiler
        let connecting: Connecting<'_> = Box::pin(self.connect_when_ready());
        let client = connecting.await?;
        let now = Instant::now();
        let lifetime =
            self.options.lifetime.saturating_sub(self.options.lifetime_jitter.mul_f64(rand::random()));
        Ok(Held { session: S::open(client, &self.config), expires: now + lifetime, returned: now })
    }

    async fn recycle(&self, held: &mut Held<S>, _: &Metrics) -> RecycleResult<Error> {
        let now = Instant::now();
        match self.options.verdict(now, held.expires, held.returned) {
            Some(reason) => Err(RecycleError::message(reason)),
            None if !held.session.is_reusable() => Err(RecycleError::message("ended")),
            None => Ok(()),
        }
    }
}

impl<S: Session> Manager<S> {
    /// Connects, and waits where the cluster asks for it. Half of the acquire timeout is for this, so that the
    /// server's own words reach the caller before the timeout does.
    async fn connect_when_ready(&self) -> Result<Client, Error> {
        let policy = RetryPolicy {
            max_attempts: u32::MAX,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(2),
            deadline: self.options.acquire_timeout / 2,
        };
        let start = Instant::now();
        let mut attempt = 0;
        loop {
            let error = match self.config.connect().await {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            attempt += 1;
            let wait = policy.next(attempt, start.elapsed(), Conflict::Data, rand::random());
            match wait.filter(|_| error.is_server_busy()) {
                Some(wait) => {
                    tracing::debug!(%error, attempt, ?wait, "cluster not ready, trying again");
                    tokio::time::sleep(wait).await;
                }
                None => return Err(error),
            }
        }
    }
}

impl PoolOptions {
    /// Why a connection is not handed out again, if so.
    fn verdict(&self, now: Instant, expires: Instant, returned: Instant) -> Option<&'static str> {
        if now >= expires {
            Some("too old")
        } else if now.duration_since(returned) >= self.idle {
            Some("idle for too long")
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
        assert_eq!(options.verdict(born + minutes(10), expires, born), Some("idle for too long"));
        assert_eq!(options.verdict(born + minutes(50), expires, born + minutes(45)), None);
        assert_eq!(options.verdict(born + minutes(51), expires, born + minutes(45)), Some("too old"));
    }

    #[tokio::test]
    async fn a_setting_that_is_wrong_is_reported_at_once() {
        let pool: Pool<Client> =
            Pool::new(Config::new("localhost").region("us-east-1"), PoolOptions::default());
        let error = pool.get().await.expect_err("the endpoint is not DSQL's");
        assert_eq!(error.to_string(), "endpoint \"localhost\" is not an Aurora DSQL host");
        assert_eq!(pool.size(), 0);
    }

    #[tokio::test]
    async fn a_closed_pool_says_so() {
        let pool: Pool<Client> = Pool::new(Config::new("localhost"), PoolOptions::default());
        pool.close();
        let error = pool.get().await.expect_err("the pool is closed");
        assert_eq!(error.to_string(), "the pool is closed");
    }
}
