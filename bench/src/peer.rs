//! The libraries side by side, each in a file of its own.

#[cfg(feature = "peers")]
mod diesel_async;
#[cfg(feature = "peers")]
mod drizzle;
mod mizzle;
mod raw;
#[cfg(feature = "peers")]
mod sea_orm;
#[cfg(feature = "peers")]
mod sqlx;
#[cfg(feature = "peers")]
mod toasty;

use std::path::PathBuf;
use std::time::Duration;

use ::mizzle::connect::Config;
use anyhow::Result;
use futures_util::future::BoxFuture;
use mizzle_local::LocalDsql;
use uuid::Uuid;

use crate::case::Case;

/// A library with one connection, which has prepared what it prepares once a case has run.
pub(crate) trait Library: Send {
    /// Does the work once, into structs that own their values: the number of rows of the last table asked.
    fn run(&mut self, case: Case) -> BoxFuture<'_, Result<usize>>;
}

/// Where a library connects. Those that bring no TLS of their own take the client of `config`, as raw does; the
/// others come by `localhost`, with the cluster's certificate verified in full and a token as the password.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) config: Config,
    #[cfg_attr(not(feature = "peers"), allow(dead_code))]
    pub(crate) tls: Tls,
    /// The key of an owner.
    pub(crate) key: Uuid,
}

/// How a library with a TLS of its own comes in.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "peers"), allow(dead_code))]
pub(crate) struct Tls {
    pub(crate) port: u16,
    pub(crate) root_certificate: PathBuf,
    pub(crate) token: String,
}

impl Server {
    /// Straight to this one; no owner is known yet.
    pub(crate) fn of(local: &LocalDsql) -> Result<Self> {
        let tls = Tls {
            port: local.address().port(),
            root_certificate: local.ca_file().to_owned(),
            token: local.token("admin", Duration::from_secs(3_600)),
        };
        Ok(Self { config: crate::config(local)?, tls, key: Uuid::nil() })
    }

    /// The same by a relay.
    pub(crate) fn by_port(self, port: u16) -> Self {
        Self { config: self.config.port(port), tls: Tls { port, ..self.tls }, ..self }
    }
}

/// A library, or why it cannot be here.
pub(crate) type Connected = Result<Box<dyn Library>>;

/// How a library comes to the server.
type Connect = fn(Server) -> BoxFuture<'static, Connected>;

/// What a report calls a library, and how it connects; the first is what the others are measured by.
pub(crate) const LIBRARIES: &[(&str, Connect)] = &[
    ("raw", |server| Box::pin(raw::connect(server))),
    ("mizzle", |server| Box::pin(mizzle::connect(server))),
    #[cfg(feature = "peers")]
    ("diesel-async", |server| Box::pin(diesel_async::connect(server))),
    #[cfg(feature = "peers")]
    ("sqlx", |server| Box::pin(sqlx::connect(server))),
    #[cfg(feature = "peers")]
    ("SeaORM", |server| Box::pin(sea_orm::connect(server))),
    #[cfg(feature = "peers")]
    ("Toasty", |server| Box::pin(toasty::connect(server))),
    #[cfg(feature = "peers")]
    ("drizzle", |server| Box::pin(drizzle::connect(server))),
];
