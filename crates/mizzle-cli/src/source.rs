//! Where a schema is taken from: structs, the newest migration, or a database.

use clap::Args;
use mizzle_kit::introspect::{introspect, introspect_for};
use mizzle_kit::plan::HazardKind;
use mizzle_kit::snapshot::{PUBLIC, Snapshot};
use mizzle_kit::{Declaration, Folder, Options, apply};
use mizzle_local::LocalDsql;

use crate::application::Application;
use crate::failure::Failure;
use crate::migrations::{Place, Target};
use crate::progress::Busy;

/// Structs, or what else is named.
#[derive(Debug, Args)]
pub(crate) struct Source {
    #[command(flatten)]
    application: Application,

    /// Take what the newest migration leads to, instead of the structs: nothing is compiled
    #[arg(long, conflicts_with_all = ["package", "bin", "declaration", "database"])]
    folder: bool,

    /// Take what is in the database that CLUSTER_ENDPOINT names, instead of the structs
    #[arg(long, conflicts_with_all = ["package", "bin", "declaration"])]
    database: bool,
}

impl Source {
    pub(crate) async fn read(&self, place: &Place, target: &Target) -> Result<Declaration, Failure> {
        if self.database {
            let client = target.connect().await?;
            return Ok(database(&client, target).await?.into());
        }
        if self.folder {
            let folder = place.folder()?;
            return Ok(newest(&folder, &Snapshot::default()).await?.into());
        }
        self.application.declared()
    }
}

/// What the schema of the target holds, as if it were called `public`.
pub(crate) async fn database(client: &tokio_postgres::Client, target: &Target) -> Result<Snapshot, Failure> {
    let mut found = introspect(client).await?;
    found.keep_schemas_of(&Snapshot::default(), target.schema());
    Ok(found.moved(target.schema(), PUBLIC))
}

/// The schema after the newest migration: by its snapshot or, where it was written by hand and has none, by running the
/// folder on a local DSQL that is empty. PostgreSQL says expressions its own way; those of `wanted` are said as there.
pub(crate) async fn newest(folder: &Folder, wanted: &Snapshot) -> Result<Snapshot, Failure> {
    if let Some(snapshot) = folder.schema()? {
        return Ok(snapshot);
    }
    let _busy = Busy::new("the newest migration has no snapshot: running the folder on a local DSQL");
    let local = LocalDsql::builder().job_delay(std::time::Duration::ZERO).start().await?;
    let client = mizzle_connect::Config::from_vars(|name| local.variable(name))?.connect().await?;
    let mut options = Options::new(PUBLIC);
    options.allow = HazardKind::ALL.into();
    let applied = apply(&client, folder, &options, |_| ()).await;
    let found = match applied {
        Ok(_) => introspect_for(&client, wanted).await,
        Err(error) => Err(error),
    };
    drop(client);
    local.stop().await?;
    Ok(found?)
}
