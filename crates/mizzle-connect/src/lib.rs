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
//! - [`Config`] knows where the cluster is and who asks; [`Config::from_env`] reads it from the environment.
//! - [`Config::connect`] opens one connection: a fresh IAM token, TLS with full verification, nothing else sent.
//! - [`Pool`] keeps connections below DSQL's limit of 60 minutes and hands them out.
//! - [`RetryPolicy`], [`Conflict`] and [`retry`](fn@retry) run a transaction again that lost to another one.
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
//! # Features
//! `aws-config` (on by default) finds credentials the way AWS's own tools do: profiles, SSO, roles of containers and
//! instances. Without it credentials are static, from the environment or from [`Config::credentials`].

mod cancel;
mod config;
mod conflict;
mod connect;
mod credentials;
mod endpoint;
mod env;
mod error;
mod pool;
mod retry;
mod startup;
mod tls;
mod token;

pub use aws_credential_types::{Credentials, provider::ProvideCredentials};
pub use config::Config;
pub use conflict::Conflict;
pub use error::Error;
pub use pool::{Pool, PoolOptions, Pooled, Session};
pub use retry::{RetryPolicy, retry};
