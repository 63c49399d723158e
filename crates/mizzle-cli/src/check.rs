//! `mizzle check`: whether the folder is as it was written, without a database.

use clap::Args;
use mizzle_kit::{Breach, Folder, check};
use serde_json::json;

use crate::failure::Failure;
use crate::migrations::{Place, say};

/// Find migrations that were edited, lost, reordered, or written on two branches; no database is asked.
///
/// Every generated migration names the one it was written on, and what that was. Where two branches meet, one of them was
/// written on a folder without the other: check says so, and whether both change the same table.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle check                                  in CI, on every merge
  mizzle check --rebase 20261122103000_city     puts that one behind all others, with a new number and parent

Migrations without a `-- mizzle: parent=…` line, as those written by hand or by Drizzle, belong to the one before.
A generated migration has a snapshot of its branch: remove its folder and generate it again instead.

Exit codes: 0 nothing found, 1 something found, 2 wrong usage, 3 the folder cannot be read.")]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,

    /// Put this migration behind all others
    #[arg(long, value_name = "MIGRATION")]
    rebase: Option<String>,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let mut folder = options.place.folder()?;
    let rebased = match &options.rebase {
        Some(name) => Some(folder.rebase(name)?.name.clone()),
        None => None,
    };
    let folder = Folder::read(&options.place.dir)?;
    let breaches = check(&folder);
    let count = folder.migrations().len();
    if options.place.json {
        let list: Vec<_> = breaches.iter().map(document).collect();
        say(json!({ "migrations": count, "rebased": rebased, "breaches": list }));
    } else {
        if let Some(name) = rebased {
            say(format!("It is {name} now"));
        }
        for Breach { kind, file, what, hint, .. } in &breaches {
            say(format!("{}: {}: {what}\nhint: {hint}", file.display(), kind.name()));
        }
        if breaches.is_empty() {
            say(format!("{count} migration{}, nothing found", if count == 1 { "" } else { "s" }));
        }
    }
    if breaches.is_empty() { Ok(()) } else { Err(Failure::shown()) }
}

fn document(breach: &Breach) -> serde_json::Value {
    json!({
        "kind": breach.kind.name(), "migration": breach.migration,
        "file": breach.file.display().to_string(), "what": breach.what, "hint": breach.hint,
    })
}
