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
//! fails at once. No task runs in the background: whatever is due is done when somebody asks for a session, so a process
//! that was frozen works at once when it wakes.
//!
//! # What happens at minute 60
//! DSQL closes the connection, whatever it does. A session is not handed out later than in its 55th minute, and a
//! transaction lasts 5 minutes at most, so what runs in a transaction ends before. A session that is held for longer meets
//! the cut: its statement fails as on any lost connection, and the pool replaces it.

use std::fmt;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use deadpool::managed::{self, Object, PoolError, QueueMode};
use tokio::time::Instant;
use tokio_postgres::Client;

use crate::door::{Door, Inside};
use crate::keeper::{Keeper, Moment};
use crate::stats::{Counters, PoolStats};
use crate::{Config, Error};

/// How often idle sessions are looked through for those whose time is over.
const SWEEP: Duration = Duration::from_secs(30);

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
    /// How many connections are kept open for callers to come, none by default. They are opened by
    /// [`Pool::warm_up`], and again behind a caller who leaves fewer.
    pub min_idle: usize,
    /// How many connections are opened a second once the burst is used up, 25 by default: DSQL takes 100 a second
    /// from all clients together (AWS user guide, "Cluster quotas").
    pub connect_rate: u32,
    /// How many connections may be opened at once, 50 by default.
    pub connect_burst: u32,
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
            min_idle: 0,
            connect_rate: 25,
            connect_burst: 50,
            acquire_timeout: Duration::from_secs(30),
        }
    }
}

/// A pool of sessions on one cluster. Clones share it.
pub struct Pool<S: Session> {
    inner: managed::Pool<Keeper<S>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    door: Arc<Door>,
    warming: AtomicBool,
    swept: Mutex<Option<Moment>>,
}

/// A piece of work under way, which may need several sessions, one after another or together: closing the pool
/// gracefully waits for it, and it gets its sessions until it ends.
pub struct Work<S: Session> {
    pool: Pool<S>,
    inside: Inside,
}

impl<S: Session> Pool<S> {
    /// A pool without connections; they are opened as they are asked for.
    pub fn new(config: Config, options: PoolOptions) -> Self {
        let max_size = options.max_size;
        let inner = managed::Pool::builder(Keeper::new(config, options))
            .max_size(max_size)
            // The connection used last is the one most certainly alive, and the others get to idle out.
            .queue_mode(QueueMode::Lifo)
            .build()
            .expect("building fails only for a timeout without a runtime, and no timeout is set");
        Self { inner, shared: Arc::default() }
    }

    /// A session: an idle one, a new one, or the next that comes back.
    ///
    /// While the cluster wakes up or refuses for its number of connections, opening one is tried again for half of
    /// the acquire timeout. So it is when DNS or TCP fail, unless no connection was ever made: then the error, which is
    /// more likely a wrong setting, is reported at once.
    ///
    /// # Errors
    /// As [`Config::connect`]; besides when the acquire timeout has passed, and after [`close`](Pool::close).
    pub async fn get(&self) -> Result<Pooled<S>, Error> {
        let inside = self.shared.door.enter().ok_or_else(Error::pool_closed)?;
        self.acquire(inside).await.inspect(|_| self.top_up())
    }

    /// Begins a piece of work that may need several sessions.
    ///
    /// # Errors
    /// When the pool is closed.
    pub fn work(&self) -> Result<Work<S>, Error> {
        let inside = self.shared.door.enter().ok_or_else(Error::pool_closed)?;
        Ok(Work { pool: self.clone(), inside })
    }

    /// Opens connections until as many are idle as [`min_idle`](PoolOptions::min_idle) says, so that the first callers
    /// need not wait for them.
    ///
    /// # Errors
    /// As [`get`](Pool::get); connections that were opened stay.
    pub async fn warm_up(&self) -> Result<(), Error> {
        let (status, options) = (self.inner.status(), &self.inner.manager().options);
        // Those in use are not waited for.
        let in_use = status.size.saturating_sub(status.available);
        let wanted = options.min_idle.min(options.max_size.saturating_sub(in_use));
        let opening: Vec<_> = (0..wanted)
            .map(|_| {
                let pool = self.clone();
                tokio::spawn(async move {
                    let inside = pool.shared.door.enter().ok_or_else(Error::pool_closed)?;
                    pool.acquire(inside).await
                })
            })
            .collect();
        // All are held until all are there; an idle one would be handed out twice.
        let mut held = Vec::with_capacity(wanted);
        for session in opening {
            match session.await {
                Ok(session) => held.push(session),
                Err(ended) => return Err(Error::interrupted(ended)),
            }
        }
        held.into_iter().try_for_each(|session| session.map(drop))
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

    /// What the pool has done so far.
    pub fn stats(&self) -> PoolStats {
        let status = self.inner.status();
        PoolStats {
            max_size: self.max_size(),
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
            ..self.inner.manager().counters.stats()
        }
    }

    /// Closes idle connections now and those in use as they come back; [`get`](Pool::get) fails from here on.
    pub fn close(&self) {
        self.shared.door.close();
        self.inner.close();
    }

    /// Refuses new work, waits at most this long for what is under way, then closes. The answer is how much was still
    /// under way: nothing, when all went well.
    pub async fn close_gracefully(&self, limit: Duration) -> usize {
        self.shared.door.close();
        let left = self.shared.door.empty(limit).await;
        self.inner.close();
        left
    }

    async fn acquire(&self, inside: Inside) -> Result<Pooled<S>, Error> {
        let keeper = self.inner.manager();
        self.sweep();
        let start = Instant::now();
        // Boxed: it is large, and so would be every future that awaits it.
        let mut get = Box::pin(self.inner.get());
        // Most calls meet a session that is there, and need no timer.
        let got = match poll_fn(|context| Poll::Ready(get.as_mut().poll(context))).await {
            Poll::Ready(got) => Ok(got),
            // Not given away: what it has begun to open is counted below.
            Poll::Pending => tokio::time::timeout(keeper.options.acquire_timeout, &mut get).await,
        };
        keeper.counters.acquire_time.add(start.elapsed());
        let got = match got {
            Ok(Ok(object)) => Ok(Pooled { object: Some(object), _inside: inside }),
            Ok(Err(PoolError::Backend(error))) => Err(error),
            Ok(Err(PoolError::Closed)) => Err(Error::pool_closed()),
            Ok(Err(PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)))
            | Err(_) => Err(self.timeout()),
        };
        let Counters { acquired, not_acquired, .. } = &keeper.counters;
        if got.is_ok() {
            acquired.count();
        } else {
            not_acquired.count();
        }
        got
    }

    fn timeout(&self) -> Error {
        let (status, options) = (self.inner.status(), &self.inner.manager().options);
        let in_use = status.size.saturating_sub(status.available);
        Error::pool_timeout(options.acquire_timeout, in_use, self.inner.manager().opening(), options.max_size)
    }

    /// Opens more behind a caller who leaves too few.
    fn top_up(&self) {
        let (status, options) = (self.inner.status(), &self.inner.manager().options);
        let enough = status.available >= options.min_idle || status.size >= options.max_size;
        if enough || self.shared.warming.swap(true, Ordering::SeqCst) {
            return;
        }
        let pool = self.clone();
        tokio::spawn(async move {
            let warmed = pool.warm_up().await;
            pool.shared.warming.store(false, Ordering::SeqCst);
            if let Err(error) = warmed {
                tracing::debug!(%error, "fewer connections are idle than were asked for");
            }
        });
    }

    /// Closes idle sessions whose time is over. The one used last is handed out first, so those at the bottom would
    /// otherwise lie there until the server cuts them.
    fn sweep(&self) {
        let now = Moment::now();
        let mut swept = self.shared.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.is_some_and(|swept| now.since(swept) < SWEEP) {
            return;
        }
        *swept = Some(now);
        drop(swept);
        let keeper = self.inner.manager();
        let _closed = self.inner.retain(|held, _| keeper.keeps(held, now));
    }
}

impl<S: Session> Work<S> {
    /// As [`Pool::get`], also while the pool closes.
    ///
    /// # Errors
    /// As [`Pool::get`].
    pub async fn get(&self) -> Result<Pooled<S>, Error> {
        self.pool.acquire(self.inside.clone()).await.inspect(|_| self.pool.top_up())
    }
}

impl<S: Session> fmt::Debug for Work<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl<S: Session> Clone for Pool<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: self.shared.clone() }
    }
}

impl<S: Session> fmt::Debug for Pool<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Keeper { config, options, .. } = self.inner.manager();
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
    object: Option<Object<Keeper<S>>>,
    _inside: Inside,
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
        object.give_back();
        if !object.session.is_reusable() {
            if let Some(pool) = Object::pool(&object).filter(|_| object.session.client().is_closed()) {
                pool.manager().counters.lost.count();
            }
            drop(Object::take(object));
        }
    }
}

impl<S: Session + fmt::Debug> fmt::Debug for Pooled<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&**self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[tokio::test]
    async fn closing_waits_for_work_and_work_gets_what_it_needs() {
        let pool: Pool<Client> =
            Pool::new(Config::new("localhost").region("us-east-1"), PoolOptions::default());
        let work = pool.work().expect("it is open");
        let (left, error) = tokio::join!(pool.close_gracefully(Duration::from_secs(60)), async {
            let error = pool.get().await.expect_err("new work is refused");
            assert_eq!(error.to_string(), "the pool is closed");
            // what is under way gets as far as the settings, which are wrong
            let error = work.get().await.expect_err("the endpoint is not DSQL's");
            drop(work);
            error
        });
        assert_eq!(
            (left, error.to_string().as_str()),
            (0, "endpoint \"localhost\" is not an Aurora DSQL host")
        );
        assert!(pool.work().is_err());
    }
}
