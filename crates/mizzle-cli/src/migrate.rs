//! `mizzle migrate`: applies a folder of migrations to the cluster that the environment names.

use clap::Args;
use mizzle_kit::plan::HazardKind;
use mizzle_kit::{Report, apply};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::migrations::{self, Place, Target, hazard, say};
use crate::progress::Progress;

/// Apply pending migrations to the cluster that CLUSTER_ENDPOINT names.
///
/// Each statement runs in a transaction of its own, as Aurora DSQL demands for DDL, and is recorded in the table
/// __mizzle_migrations before and after. Index builds and validations are waited for and looked at. Any number of runs
/// may start at once: one works, the others wait. A run that was killed is continued by the next, which asks the catalog
/// what has happened.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle migrate                              the folder `migrations`, the schema public
  mizzle migrate --dir db/migrations --schema clinic
  mizzle migrate --json | jq .end             for scripts
  mizzle migrate --allow drops-column         what the files themselves do not allow

A migration is a file migrations/<number>_<name>/migration.sql; a line `--> statement-breakpoint` stands between two
statements. `-- mizzle: backfill chunk=3000` in front of an UPDATE or DELETE runs it in chunks, over any number of rows.
Drizzle's folders and records are taken over as they are.

What a generated migration may hurt it says by name, and nothing of it runs until that is allowed: by a line
`-- mizzle: allow drops-column` in the file, for good, or by --allow, for one run.

Exit codes: 0 done, 1 a migration or its history is wrong, 2 wrong usage, 3 no connection or another obstacle.
When it stops, what is applied stays applied: `mizzle status` shows where it is, and the next run goes on from there.")]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    target: Target,

    /// Allow this hazard, for this run; several with commas between
    #[arg(long, value_name = "HAZARD", value_delimiter = ',', value_parser = hazard)]
    allow: Vec<HazardKind>,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let folder = options.place.folder()?;
    let client = options.target.connect().await?;
    let mut run = options.target.options();
    run.allow = options.allow.into_iter().collect();
    let progress = Progress::new(options.place.json);
    let applied = apply(&client, &folder, &run, |event| progress.tell(&event)).await;
    progress.clear();
    let (report, error) = match &applied {
        Ok(report) => (report, None),
        Err(error) => (error.report(), Some(error)),
    };
    if options.place.json {
        say(document(report, error));
    } else if error.is_none() || !report.is_empty() {
        say(report);
    }
    let json = options.place.json;
    applied.map(drop).map_err(|error| if json { Failure::from(error).in_answer() } else { error.into() })
}

fn document(report: &Report, error: Option<&mizzle_kit::Error>) -> Value {
    let migrations = report.migrations.iter().map(|migration| {
        json!({ "name": migration.name, "statements": migration.statements, "complete": migration.complete })
    });
    json!({
        "applied": migrations.collect::<Vec<_>>(),
        "adopted": report.adopted,
        "waited": report.waited,
        "end": report.end.as_ref().map(|(name, chain)| json!({ "migration": name, "chain": chain.to_string() })),
        "error": error.map(migrations::error),
    })
}
