//! What the tests that need every crate have in common: a local DSQL, and a database on it.

pub mod clinic;
mod port;
mod turns;

use mizzle::Db;
use mizzle::connect::{Config, PoolOptions};
use mizzle_local::{Limits, LocalDsql};

pub use port::Port;
pub use turns::Counted;

/// A local DSQL of one's own and a pool of connections to it as `admin`. Everything stops with it.
pub struct Ground {
    /// The database.
    pub db: Db,
    /// The server under it.
    pub local: LocalDsql,
}

impl Ground {
    /// Starts a server and runs these statements, each in a transaction of its own.
    ///
    /// # Panics
    /// When the server does not start or refuses a statement.
    pub async fn new(statements: &[&str]) -> Self {
        Self::limited(Limits::default(), statements).await
    }

    /// As [`new`](Self::new), with limits of one's own.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn limited(limits: Limits, statements: &[&str]) -> Self {
        let local = LocalDsql::builder().limits(limits).start().await.expect("the local DSQL starts");
        let db = Db::new(config(&local), PoolOptions::default());
        for statement in statements {
            run(&db, statement).await;
        }
        Self { db, local }
    }
}

/// How a client connects to this server as `admin`.
///
/// # Panics
/// When the server's own settings are not a client's.
#[must_use]
pub fn config(local: &LocalDsql) -> Config {
    Config::from_vars(|name| local.variable(name)).expect("the server says how to connect")
}

/// Runs SQL that gives nothing back.
///
/// # Panics
/// When the server refuses it.
pub async fn run(db: &Db, sql: &str) {
    let connection = db.connection().await.expect("a connection");
    connection.client().batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}
