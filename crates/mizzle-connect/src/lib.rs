//! Connections to Amazon Aurora DSQL over tokio-postgres.
//!
//! ```text
//! Config ── endpoint · region · credentials ──▶ token ─┐
//!    │                                                 ├─▶ one connection ─▶ Pool ─▶ Pooled<S>
//!    └────────────── host · root certificates ──▶ TLS ─┘
//!
//! a transaction fails with 40001 ─▶ Conflict::of ─▶ RetryPolicy::next ─▶ the transaction runs again
//! ```
//!
//! - [`Config`] knows where the cluster is and who asks; [`Config::from_env`] reads it from the environment,
//!   [`Config::from_url`] from a connection URL.
//! - [`Config::connect`] opens one connection: a fresh IAM token, TLS with full verification, nothing else sent.
//! - [`Pool`] keeps connections below DSQL's limit of 60 minutes and hands them out.
//! - [`Retry`] and [`retry`](fn@retry) run a transaction again that lost to another one, as often as a [`RetryPolicy`] says.
//!
//! There is no plaintext connection, no unverified certificate and no token in a log.
//!
//! # Example
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = mizzle_connect::Config::from_env()?;
//! let client = config.connect().await?;
//! let row = client.query_one("SELECT 1::int8", &[]).await?;
//! assert_eq!(row.get::<_, i64>(0), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Secrets
//! Credentials and tokens are wiped when they are dropped, and neither `Debug` nor an error nor a log shows them. One copy
//! of each token is tokio-postgres's, which frees it without wiping.
//!
//! # Observing
//! A connection is opened in a `tracing` span `connect`, at the level DEBUG, whose fields have the names that OpenTelemetry
//! gives to database clients. With the feature `metrics` there are counters, and histograms in seconds:
//!
//! | metric | what is counted |
//! |---|---|
//! | `mizzle.pool.acquired`, `.not_acquired` | sessions handed out, callers that got none |
//! | `mizzle.pool.acquire_seconds` | histogram: how long a caller waited |
//! | `mizzle.connections.opened`, `.failures`, `.retries` | connections, errors reported, tries repeated |
//! | `mizzle.connections.open_seconds` | histogram: how long opening one took |
//! | `mizzle.connections.expired`, `.idled_out`, `.lost` | sessions replaced near minute 60, unused, or ended |
//! | `mizzle.conflicts.data`, `.schema` | attempts that lost: OC000, OC001 |
//! | `mizzle.work.succeeded`, `.exhausted`, `.interrupted` | work done, given up; attempts whose connection was lost |
//! | `mizzle.work.wait_seconds` | histogram: waits before another attempt |
//!
//! # Features
//! - `aws-config` (on by default) finds credentials the way AWS's own tools do: profiles, SSO, roles of containers and
//!   instances.
//! - `aws-credential-types`, part of it, takes any `ProvideCredentials` of AWS's SDK.
//! - `metrics` gives the numbers of [`PoolStats`] and [`RetryStats`] to the recorder of the `metrics` crate: see Observing.
//! - `sqlx` gives sqlx's pool a token that is renewed, in the module `sqlx`.
//! - `diesel-async` gives the pools of diesel-async their connections, in the module `diesel_async`.
//!
//! [`retry`](fn@retry) needs no feature for the errors of sqlx and Diesel, wrapped or not: it knows DSQL's own words. With the
//! features it goes by the SQLSTATE.
//!
//! Without the first two credentials are static, from the environment or from [`Config::credentials_from`].

mod attempts;
mod budget;
mod cache;
mod cancel;
mod clock;
mod config;
mod conflict;
mod connect;
mod credentials;
#[cfg(feature = "diesel-async")]
pub mod diesel_async;
mod door;
mod endpoint;
mod env;
mod error;
mod keeper;
mod pool;
mod profile;
mod provider;
mod rate;
mod retry;
#[cfg(feature = "sqlx")]
pub mod sqlx;
mod stamp;
mod standby;
mod startup;
mod stats;
mod tls;
mod token;
mod url;

pub use attempts::{Attempts, Cause, Exhausted, Limit, Retrying};
#[cfg(feature = "aws-credential-types")]
pub use aws_credential_types::provider::ProvideCredentials;
pub use budget::RetryBudget;
pub use clock::ClockSkew;
pub use config::Config;
pub use conflict::Conflict;
pub use credentials::Credentials;
pub use error::Error;
pub use pool::{Pool, PoolOptions, Pooled, Session, Work};
pub use retry::{Retry, RetryError, RetryPolicy, retry};
pub use stats::{PoolStats, RetryStats};
pub use token::Token;
