//! `mizzle status`: how the cluster stands beside the folder.

use clap::Args;
use mizzle_kit::{Folder, MigrationState, MigrationStatus, Status};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::compare::{Origin, compare};
use crate::failure::Failure;
use crate::migrations::{self, Place, Target, say};

/// Show which migrations are applied, and what is not as it should be.
///
/// Nothing is changed. Besides pending migrations it shows the statement that a run has begun and not ended, who is at
/// work, indexes that are invalid, and constraints that were never validated. When everything is applied and the newest
/// migration has a snapshot, the database is compared with it, and what somebody changed by hand is shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle status
  mizzle status --json | jq '.migrations[] | select(.state == \"pending\").name'
  mizzle status --schema clinic || echo 'something is to be done'

Exit codes: 0 everything is applied, valid and as it was left, 1 something is to be done, 2 wrong usage, 3 no connection or another
obstacle.")]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let folder = options.place.folder()?;
    let client = options.target.connect().await?;
    let status = mizzle_kit::status(&client, &folder, &options.target.options()).await?;
    let drift = drift(&client, &folder, &status, options.target.schema()).await?;
    if options.place.json {
        say(document(&status, &drift));
    } else {
        print(&status, &drift);
    }
    if status.is_clean() && drift.is_empty() { Ok(()) } else { Err(Failure::shown()) }
}

/// What would bring the database back to where the migrations lead, one line each. Nothing is known of that while some are
/// pending, or without a snapshot of ours.
async fn drift(
    client: &Client,
    folder: &Folder,
    status: &Status,
    schema: &str,
) -> Result<Vec<String>, Failure> {
    let applied = status.migrations.iter().all(|migration| migration.state == MigrationState::Applied);
    if !applied || status.misfit.is_some() || folder.migrations().is_empty() {
        return Ok(Vec::new());
    }
    let Some(snapshot) = folder.schema()? else { return Ok(Vec::new()) };
    Ok(match compare(client, &snapshot.into(), Origin::Folder, schema).await? {
        Ok(plan) => plan.changes.iter().map(ToString::to_string).collect(),
        Err(refused) => refused.refusals.iter().map(|refusal| refusal.what.clone()).collect(),
    })
}

fn print(status: &Status, drift: &[String]) {
    for migration in &status.migrations {
        say(line(migration));
    }
    if let Some((runner, left)) = &status.runner {
        say(format!("{runner} is at work, for {:.0} s without another word", left.as_secs_f64()));
    }
    if let Some(open) = &status.open {
        let note = open.note.as_deref().map_or_else(String::new, |note| format!(": {note}"));
        say(format!("{} is {}{note}", open.name, open.state));
        if open.rows > 0 {
            say(format!("  {} rows are changed", open.rows));
        }
        if status.runner.is_none() {
            say(match open.state {
                "failed" => "hint: once the cause is gone, `mizzle migrate` goes on with this statement",
                _ => "hint: `mizzle migrate` finds out whether it has happened, and goes on from there",
            });
        }
    }
    for index in &status.invalid_indexes {
        say(format!("index {index} is invalid: being built, or failed and to be dropped"));
    }
    for constraint in &status.unvalidated_constraints {
        say(format!("constraint {constraint} was never validated: it holds for new rows only"));
    }
    if let Some(error) = &status.misfit {
        say(error);
        if let Some(hint) = error.hint() {
            say(format!("hint: {hint}"));
        }
    }
    for change in drift {
        say(format!("drift: to be as the migrations leave it, the database needs: {change}"));
    }
    if !drift.is_empty() {
        say(
            "hint: `mizzle plan --folder` shows the steps; to keep what is there, declare it and generate a migration",
        );
    } else if status.is_clean() {
        say("Everything is applied");
    }
}

fn line(migration: &MigrationStatus) -> String {
    let MigrationStatus { name, applied, statements, .. } = migration;
    match (migration.state, *applied) {
        (MigrationState::Applied, _) => format!("applied  {name}"),
        (MigrationState::Pending, 0) => format!("pending  {name}"),
        (MigrationState::Pending, _) => {
            format!("pending  {name} ({applied} of {statements} statements are applied)")
        }
    }
}

fn document(status: &Status, drift: &[String]) -> Value {
    let migrations = status.migrations.iter().map(|migration| {
        let state = match migration.state {
            MigrationState::Applied => "applied",
            MigrationState::Pending => "pending",
        };
        json!({
            "name": migration.name, "state": state,
            "applied": migration.applied, "statements": migration.statements,
        })
    });
    json!({
        "clean": status.is_clean() && drift.is_empty(),
        "migrations": migrations.collect::<Vec<_>>(),
        "open": status.open.as_ref().map(|open| json!({
            "name": open.name, "state": open.state, "note": open.note, "rows": open.rows,
        })),
        "runner": status.runner.as_ref().map(|(runner, left)| json!({
            "name": runner, "seconds_left": left.as_secs_f64(),
        })),
        "invalid_indexes": status.invalid_indexes,
        "unvalidated_constraints": status.unvalidated_constraints,
        "drift": drift,
        "misfit": status.misfit.as_ref().map(migrations::error),
    })
}
