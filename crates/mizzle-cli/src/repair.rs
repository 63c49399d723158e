//! `mizzle repair`: writes what a person has decided, when nobody else can know.

use clap::Args;
use mizzle_kit::Decision;
use serde_json::json;

use crate::failure::Failure;
use crate::migrations::{Place, Target, say};

// Its documentation would take the place of the command's.
#[derive(Debug, Args)]
#[group(id = "decision", required = true, multiple = false)]
pub(crate) struct Decisions {
    /// It has happened: record it as applied
    #[arg(long, value_name = "STATEMENT")]
    applied: Option<String>,

    /// It has not happened: let it run again
    #[arg(long, value_name = "STATEMENT")]
    again: Option<String>,

    /// Its text may be another one than was applied: record the new sum
    #[arg(long, value_name = "STATEMENT")]
    accept: Option<String>,

    /// Nobody is at work: let the next run in at once
    #[arg(long)]
    unlock: bool,
}

/// Record what you know and the catalog cannot show. No statement of a migration is run.
///
/// After a crash the next `mizzle migrate` proves by the catalog whether the statement it was at has happened. Where
/// nothing in the catalog can show that, it stops and names the statement: look yourself, then say so here.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle repair --applied 0003_seq:2     statement 2 of 0003_seq has happened: go on behind it
  mizzle repair --again 0003_seq:2       it has not: run it again
  mizzle repair --accept 0001_pets       the file was edited after it was applied, and that is right
  mizzle repair --unlock                 the run that is at work is dead: do not wait for its time to end

A name without a number means all statements of the migration.

Exit codes: 0 recorded, 1 there was nothing to record, 2 wrong usage, 3 no connection or another obstacle.")]
pub(crate) struct Options {
    #[command(flatten)]
    decisions: Decisions,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let Decisions { applied, again, accept, .. } = options.decisions;
    let decision = (applied.map(Decision::Applied))
        .or(again.map(Decision::Again))
        .or(accept.map(Decision::Accept))
        .unwrap_or(Decision::Unlock);
    let folder = options.place.folder()?;
    let client = options.target.connect().await?;
    let count = mizzle_kit::repair(&client, &folder, &options.target.options(), &decision).await?;
    let done = match decision {
        Decision::Unlock if count > 0 => "The next run comes in at once".to_owned(),
        Decision::Unlock => "Nobody was at work".to_owned(),
        _ if count == 0 => "There was nothing to record".to_owned(),
        _ => format!(
            "Recorded; `mizzle migrate` goes on from there ({count} row{})",
            if count == 1 { "" } else { "s" }
        ),
    };
    if options.place.json {
        say(json!({ "rows": count, "done": done }));
    } else {
        say(done);
    }
    if count > 0 { Ok(()) } else { Err(Failure::shown()) }
}
