//! Proof of a commit: a row that is written in the transaction and looked for when nobody answered its COMMIT.
//!
//! ```text
//! BEGIN … INSERT marker (id, fenced = false) · COMMIT ──╳ the connection is lost
//!
//! new connection: INSERT marker (id, fenced = true) ON CONFLICT DO NOTHING, then SELECT fenced
//!     false   the transaction's own row is there: committed
//!     true    ours was first, and the transaction cannot commit any more: not committed
//! ```
//!
//! To look alone would prove nothing: the COMMIT may still be on its way. Whoever inserts the key first wins, and the other
//! one conflicts.

use mizzle_connect::{Config, Retry};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::bulk::quoted;
use crate::db::Db;
use crate::error::Error;
use crate::raw::RawSql;

/// Rows that one sweep deletes in a transaction: below the limit of 3,000.
const SWEPT: u64 = 1_000;

/// Turns "unknown" into "committed" or "not committed", at the price of one row in each transaction.
///
/// The row goes to the server together with COMMIT, so it costs no round trip. It counts to the 3,000 rows of the transaction.
/// Rows are needed only while their transaction is settled; [`sweep`](Self::sweep) takes the old ones away.
///
/// # Example
/// ```no_run
/// # async fn example(db: mizzle::Db) -> Result<(), mizzle::Error> {
/// use mizzle::CommitMarker;
///
/// let marker = CommitMarker::new("mizzle_commit");
/// println!("{};", marker.create_table()); // in a migration, once
/// let db = db.with_commit_marker(marker);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMarker {
    table: String,
}

impl CommitMarker {
    /// Markers in this table, which is found by the search path.
    #[must_use]
    pub fn new(table: &str) -> Self {
        Self { table: quoted(table) }
    }

    /// Markers in a table of this schema.
    #[must_use]
    pub fn in_schema(schema: &str, table: &str) -> Self {
        Self { table: format!("{}.{}", quoted(schema), quoted(table)) }
    }

    /// The statement that makes the table. The role that connects needs SELECT, INSERT and, to sweep, DELETE.
    #[must_use]
    pub fn create_table(&self) -> String {
        format!(
            "CREATE TABLE {} (id uuid PRIMARY KEY, fenced boolean NOT NULL DEFAULT false, \
             made_at timestamptz NOT NULL DEFAULT now())",
            self.table
        )
    }

    /// Deletes markers older than this and says how many; the whole table is read for that. An hour is enough: no connection
    /// lives longer, so no COMMIT is on its way any more.
    ///
    /// # Errors
    /// What the server refuses.
    pub async fn sweep(&self, db: &Db, age: std::time::Duration) -> Result<u64, Error> {
        let statement = format!(
            "DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE made_at < now() - make_interval(secs => {1}) LIMIT {SWEPT})",
            self.table,
            age.as_secs_f64(),
        );
        let mut swept = 0;
        loop {
            let deleted = db.execute(RawSql::verbatim(&*statement)).await?;
            swept += deleted;
            if deleted < SWEPT {
                return Ok(swept);
            }
        }
    }

    /// The row of one attempt. Its key is random: keys in order would meet in one place of the storage.
    pub(crate) fn insert(&self, id: Uuid) -> String {
        format!("INSERT INTO {} (id) VALUES ('{id}')", self.table)
    }

    /// Whether the attempt with this marker was committed. From then on it is so for ever.
    ///
    /// # Errors
    /// When no connection could be had and kept for as long as the policy says: then nobody knows.
    pub(crate) async fn settle(&self, config: &Config, retry: &Retry, id: Uuid) -> Result<bool, Error> {
        // on its own: neither its attempts nor their end are the caller's transactions
        let mut attempts = Retry::new(retry.policy().clone()).attempts();
        loop {
            let error = match self.ask(config, id).await {
                Ok(committed) => return Ok(committed),
                Err(error) => error,
            };
            let again = error.is_transient() || error.is_conflict();
            if !again || attempts.wait(mizzle_connect::Cause::Interrupted).await.is_err() {
                return Err(error);
            }
        }
    }

    /// A connection of its own: those of the pool may be as dead as the one that was lost.
    async fn ask(&self, config: &Config, id: Uuid) -> Result<bool, Error> {
        let client = config.connect().await.map_err(Error::connect)?;
        self.fence(&client, id).await.map_err(Error::statement)
    }

    async fn fence(&self, client: &Client, id: Uuid) -> Result<bool, tokio_postgres::Error> {
        let table = &self.table;
        let fence =
            format!("INSERT INTO {table} (id, fenced) VALUES ('{id}', true) ON CONFLICT (id) DO NOTHING");
        client.batch_execute(&fence).await?;
        let fenced = client.query_one(&format!("SELECT fenced FROM {table} WHERE id = '{id}'"), &[]).await?;
        fenced.try_get(0).map(|fenced: bool| !fenced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(
            CommitMarker::in_schema("clinic", "a\"b").insert(Uuid::nil()),
            "INSERT INTO \"clinic\".\"a\"\"b\" (id) VALUES ('00000000-0000-0000-0000-000000000000')"
        );
    }
}
