//! A local DSQL with a client on it.

#![allow(dead_code, reason = "each test program uses a part of it")]

use mizzle_connect::Config;
use mizzle_local::LocalDsql;
use tokio_postgres::Client;

pub(crate) struct Database {
    pub(crate) client: Client,
    // Ends when it is dropped.
    pub(crate) local: LocalDsql,
}

impl Database {
    pub(crate) async fn start() -> Self {
        let local = LocalDsql::start().await.expect("a local DSQL starts");
        let config = Config::from_vars(|name| local.variable(name)).expect("the server says how to connect");
        let client = config.connect().await.expect("it lets us in");
        Self { client, local }
    }

    /// How to connect to it.
    pub(crate) fn config(&self) -> Config {
        Config::from_vars(|name| self.local.variable(name)).expect("the server says how to connect")
    }

    /// One more client.
    pub(crate) async fn client(&self) -> Client {
        self.config().connect().await.expect("it lets us in")
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.client.batch_execute(sql).await.expect("a good statement");
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        self.client.query_one(&count, &[]).await.expect("a table").get(0)
    }
}
