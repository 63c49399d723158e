//! Where the clinic's tables are: on the cluster of the environment, or on an Aurora DSQL started for this command.

use anyhow::{Context, Result};
use mizzle::connect::Config;
use mizzle::{Db, Migrations};
use mizzle_kit::{Event, Migrate, Options};
use mizzle_local::LocalDsql;

/// The clinic's migrations, in the binary.
static MIGRATIONS: Migrations = mizzle::migrations!("migrations");

/// Every table of the clinic, and the one that remembers its migrations.
const TABLES: [&str; 6] = ["__mizzle_migrations", "_SpecialtyToVet", "pet", "owner", "specialty", "vet"];

/// A connected clinic.
pub(crate) struct Cluster {
    pub(crate) db: Db,
    schema: String,
    /// Stops when the clinic is closed or the process dies.
    local: Option<LocalDsql>,
}

impl Cluster {
    /// The cluster of the environment, or a local one where the environment names none.
    pub(crate) async fn open(schema: Option<String>) -> Result<Self> {
        match std::env::var_os("CLUSTER_ENDPOINT") {
            Some(_) => Self::connect(Config::from_env()?, schema, None).await,
            None => Self::local(schema).await,
        }
    }

    /// An Aurora DSQL on this machine, for the time of the command.
    pub(crate) async fn local(schema: Option<String>) -> Result<Self> {
        let local = LocalDsql::start().await?;
        eprintln!(
            "CLUSTER_ENDPOINT is not set: using an Aurora DSQL on this machine, {}, for the time of this command",
            local.address()
        );
        Self::connect(Config::from_vars(|name| local.variable(name))?, schema, Some(local)).await
    }

    async fn connect(config: Config, schema: Option<String>, local: Option<LocalDsql>) -> Result<Self> {
        let schema = schema.unwrap_or_else(|| {
            let admin = config.user_name() == "admin";
            String::from(if admin { "public" } else { "myschema" })
        });
        let db = Db::connect(config.search_path(&schema)).await?;
        Ok(Self { db, schema, local })
    }

    /// Applies the migrations that are pending; tells of each when it begins.
    pub(crate) async fn migrate(&self, mut tell: impl FnMut(&Event<'_>) + Send) -> Result<()> {
        let options = Options::new(&self.schema);
        let tell = |event: Event<'_>| {
            if let Event::Applying { .. } = event {
                tell(&event);
            }
        };
        self.db.migrate_with(&MIGRATIONS, &options, tell).await?;
        Ok(())
    }

    /// Drops the clinic's tables, one in a transaction, as Aurora DSQL wants it.
    pub(crate) async fn clean(&self) -> Result<()> {
        let connection = self.db.connection().await?;
        for table in TABLES {
            let drop = format!("DROP TABLE IF EXISTS {}.{}", quoted(&self.schema), quoted(table));
            connection
                .client()
                .batch_execute(&drop)
                .await
                .with_context(|| format!("the table {table} is still there"))?;
            println!("Dropped table: {table}");
        }
        Ok(())
    }

    pub(crate) async fn close(self) {
        drop(self.db);
        if let Some(local) = self.local
            && let Err(error) = local.stop().await
        {
            eprintln!("warning: {error}");
        }
    }
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
