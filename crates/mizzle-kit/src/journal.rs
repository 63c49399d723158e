//! The tracking table: which statements are applied, one row for each.

use tokio_postgres::Client;

use crate::name::{identifier, literal};
use crate::pending::Record;
use crate::{Migration, Options};

type Result<T> = std::result::Result<T, tokio_postgres::Error>;

/// The tracking table of one run.
pub(crate) struct Journal<'a> {
    client: &'a Client,
    options: &'a Options,
    /// Schema and table, quoted.
    table: String,
}

impl<'a> Journal<'a> {
    pub(crate) fn new(client: &'a Client, options: &'a Options) -> Self {
        let table = format!("{}.{}", identifier(&options.schema), identifier(&options.table));
        Self { client, options, table }
    }

    /// Makes the table if it is missing. The catalog is asked first, because DDL that changes nothing may still make
    /// other sessions' transactions fail with OC001.
    pub(crate) async fn create(&self) -> Result<()> {
        let exists = "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                      WHERE n.nspname = $1 AND c.relname = $2";
        if self.client.query_opt(exists, &[&self.options.schema, &self.options.table]).await?.is_some() {
            return Ok(());
        }
        // Another runner may be at the same point.
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {} (\
             id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
             migration text NOT NULL, \
             ordinal integer NOT NULL, \
             sha256 text NOT NULL, \
             statements integer NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT now(), \
             UNIQUE (migration, ordinal))",
            self.table
        );
        self.client.batch_execute(&create).await
    }

    pub(crate) async fn records(&self) -> Result<Vec<Record>> {
        let select = format!("SELECT migration, ordinal, sha256, statements FROM {}", self.table);
        let count = |number: i32| usize::try_from(number).unwrap_or_default();
        Ok(self
            .client
            .query(&select, &[])
            .await?
            .iter()
            .map(|row| Record {
                migration: row.get(0),
                ordinal: count(row.get(1)),
                sha256: row.get(2),
                statements: count(row.get(3)),
            })
            .collect())
    }

    /// The table, quoted, for messages.
    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    pub(crate) async fn record(&self, migration: &Migration, ordinal: usize) -> Result<()> {
        self.client.batch_execute(&self.insert(migration, ordinal)).await
    }

    /// The statement that records another as applied, which a person may run as well.
    pub(crate) fn insert(&self, migration: &Migration, ordinal: usize) -> String {
        format!(
            "INSERT INTO {} (migration, ordinal, sha256, statements) VALUES ({}, {ordinal}, '{}', {})",
            self.table,
            literal(&migration.name),
            migration.statements[ordinal].sha256,
            migration.statements.len()
        )
    }
}
