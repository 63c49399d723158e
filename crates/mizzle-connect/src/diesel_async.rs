//! Aurora DSQL for diesel-async: what its pools make connections with.
//!
//! Every connection has a token of its own, verified TLS, and waits where the cluster is busy or wakes up, as with
//! [`mizzle_connect::Pool`](crate::Pool); diesel-async prepares it with one round trip more. What can keep a pool from having one is
//! told as text: `diesel::ConnectionError` has no room for an SQLSTATE.
//!
//! Diesel's transactions run again with [`retry`](fn@crate::retry):
//!
//! ```no_run
//! use diesel::prelude::*;
//! use diesel_async::{AsyncConnection, RunQueryDsl};
//! use mizzle_connect::{Config, PoolOptions, RetryPolicy, diesel_async::pool, retry};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = pool(Config::from_env()?, PoolOptions::default());
//! let mut connection = pool.get().await?;
//! retry(&RetryPolicy::default(), async || {
//!     connection
//!         .transaction(async |connection| {
//!             diesel::sql_query("UPDATE account SET balance = balance + 1").execute(connection).await
//!         })
//!         .await
//! })
//! .await?;
//! # Ok(())
//! # }
//! ```

use std::error::Error as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use ::deadpool::Runtime;
use ::deadpool::managed::{Metrics, QueueMode};
use ::diesel::{ConnectionError, ConnectionResult};
use ::diesel_async::AsyncPgConnection;
use ::diesel_async::pooled_connection::deadpool::{Hook, HookError};
use ::diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod, deadpool,
};
use tokio_postgres::Client;

use crate::keeper::Keeper;
use crate::{Config, Error, PoolOptions};

/// For the pools of bb8 and mobc, which replace connections after 30 minutes unless told otherwise: leave it so, or stay
/// below DSQL's 60.
///
/// A connection is tested by its state, which costs no round trip.
///
/// # Example
/// ```no_run
/// # #[cfg(any())]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// // with the feature `bb8` of diesel-async
/// let manager = mizzle_connect::diesel_async::manager(mizzle_connect::Config::from_env()?);
/// let pool = diesel_async::pooled_connection::bb8::Pool::builder().build(manager).await?;
/// # Ok(())
/// # }
/// ```
pub fn manager(config: Config) -> AsyncDieselConnectionManager<AsyncPgConnection> {
    manager_with(config, PoolOptions::default())
}

/// A pool of deadpool's, which by itself would keep a connection for ever. `min_idle` is not deadpool's to do, and left out.
///
/// # Panics
/// When a connection is made outside a Tokio runtime.
pub fn pool(config: Config, options: PoolOptions) -> deadpool::Pool<AsyncPgConnection> {
    deadpool::Pool::builder(manager_with(config, options.clone()))
        .max_size(options.max_size)
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(options.acquire_timeout))
        .create_timeout(Some(options.acquire_timeout))
        .runtime(Runtime::Tokio1)
        .pre_recycle(expiry(options))
        .build()
        .expect("building fails only for a timeout without a runtime, and there is one")
}

/// One connection, without a pool.
///
/// # Errors
/// As [`Config::connect`], as text.
pub async fn connect(config: &Config) -> ConnectionResult<AsyncPgConnection> {
    begin(config.connect().await.map_err(|error| refused(&error))?).await
}

fn manager_with(config: Config, options: PoolOptions) -> AsyncDieselConnectionManager<AsyncPgConnection> {
    let endpoint = config.endpoint().to_owned();
    let keeper = Arc::new(Keeper::<Client>::new(config, options));
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |_endpoint| {
        let keeper = keeper.clone();
        Box::pin(async move {
            let connected = keeper.connect_when_ready().await;
            let (client, _) = connected.map_err(|error| refused(&error))?;
            begin(client).await
        })
    });
    AsyncDieselConnectionManager::new_with_config(endpoint, manager)
}

async fn begin(client: Client) -> ConnectionResult<AsyncPgConnection> {
    AsyncPgConnection::try_from(client).await
}

/// Sends a connection away that is too old or was idle for too long. How much earlier than the others is drawn from its birth, so
/// that it is the same whenever it is asked about.
fn expiry(options: PoolOptions) -> Hook<AsyncPgConnection> {
    let random = RandomState::new();
    Hook::sync_fn(move |_, metrics: &Metrics| {
        let share = random.hash_one(metrics.created) as f64 / u64::MAX as f64;
        match verdict(&options, share, metrics.age(), metrics.last_used()) {
            Some(reason) => Err(HookError::message(reason)),
            None => Ok(()),
        }
    })
}

fn verdict(options: &PoolOptions, share: f64, age: Duration, unused: Duration) -> Option<&'static str> {
    if age >= options.lifetime.saturating_sub(options.lifetime_jitter.mul_f64(share)) {
        Some("too old")
    } else if unused >= options.idle {
        Some("idle for too long")
    } else {
        None
    }
}

/// All that the error knows, in one line.
fn refused(error: &Error) -> ConnectionError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    if let Some(hint) = error.hint() {
        text += &format!(" (hint: {hint})");
    }
    ConnectionError::BadConnection(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_replaced_before_minute_60_and_when_nobody_used_it() {
        let options = PoolOptions::default();
        let minutes = |count: u64| Duration::from_secs(60 * count);
        let verdict = |share, age, unused| verdict(&options, share, minutes(age), minutes(unused));
        assert_eq!(verdict(0.0, 54, 1), None);
        assert_eq!(verdict(0.0, 55, 1), Some("too old"));
        assert_eq!(verdict(1.0, 50, 1), Some("too old"));
        assert_eq!(verdict(1.0, 49, 10), Some("idle for too long"));
    }
}
