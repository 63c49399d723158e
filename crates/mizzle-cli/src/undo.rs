//! `mizzle undo`: removes the last migration's files while it is applied nowhere.

use clap::Args;
use mizzle_kit::MigrationState;
use serde_json::json;

use crate::failure::Failure;
use crate::migrations::{Place, Target, say};

/// Remove the files of the last migration, as long as it is not applied.
///
/// The cluster is asked first: a migration of which a statement is applied or begun stays. There are no migrations
/// backwards: what is applied is changed back by a new one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle undo               asks the cluster that CLUSTER_ENDPOINT names
  mizzle undo --offline     you know that it is applied nowhere

Exit codes: 0 removed, 1 it is applied or there is none, 2 wrong usage, 3 no connection or another obstacle.")]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    target: Target,

    /// Ask no cluster
    #[arg(long)]
    offline: bool,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let mut folder = options.place.folder()?;
    if !options.offline {
        let client = options.target.connect().await?;
        let status = mizzle_kit::status(&client, &folder, &options.target.options()).await?;
        let last = status.migrations.last();
        let begun =
            |name: &str| status.open.as_ref().is_some_and(|open| open.name.starts_with(&format!("{name}:")));
        if let Some(last) = last
            && (last.applied > 0 || last.state == MigrationState::Applied || begun(&last.name))
        {
            let (what, hint) = match last.state {
                MigrationState::Applied => {
                    ("is applied", "write a new migration that changes back what it did")
                }
                MigrationState::Pending => (
                    "is applied in part",
                    "`mizzle status` says where it stopped; mend that, bring it to its end with `mizzle migrate`, and write a \
                     new one that changes back what it did",
                ),
            };
            return Err(Failure::new(format!("{} {what}", last.name), Some(hint.to_owned())).finding());
        }
    }
    let removed = folder.undo()?;
    if options.place.json {
        say(json!({ "removed": removed.name }));
    } else {
        say(format!("Removed {}", removed.name));
    }
    Ok(())
}
