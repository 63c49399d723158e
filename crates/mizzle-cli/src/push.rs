//! `mizzle push`: a development database as the structs are, without a migration.

use std::net::IpAddr;

use clap::Args;
use mizzle_connect::Config;
use mizzle_kit::diff::Change;
use mizzle_kit::plan::{HazardKind, Plan};
use mizzle_kit::snapshot::PUBLIC;
use mizzle_kit::{Folder, apply, status};
use serde_json::json;
use tokio_postgres::Client;

use crate::application::Application;
use crate::compare::{Origin, compare, refused};
use crate::failure::Failure;
use crate::generate::{hazards, refused_document};
use crate::migrations::{Target, counted, hazard, say};
use crate::progress::Progress;

/// What the run remembers its statements by, for as long as it takes.
const TABLE: &str = "__mizzle_push";

/// How often the table is dropped again when somebody changes the schema meanwhile.
const ATTEMPTS: usize = 20;

/// Bring a development database to the structs, without writing a migration.
///
/// For the time in which a schema is still being thought about. Steps run as those of a migration do: one by one, jobs waited
/// for, rows in chunks. A database that migrations keep is refused: there `mizzle generate` and `mizzle migrate` do it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle push                          on a cluster of `mizzle local`
  mizzle push --allow drops-column     where a step would lose values
  mizzle push --development-cluster aaaaaaaaaaaaaaaaaaaaaaaaaa
                                       on a cluster in AWS: its id says that you mean this one

Exit codes: 0 done, 1 refused or not allowed, 2 wrong usage, 3 an obstacle.")]
pub(crate) struct Options {
    /// Allow this hazard; several with commas between
    #[arg(long, value_name = "HAZARD", value_delimiter = ',', value_parser = hazard)]
    allow: Vec<HazardKind>,

    /// Id of the cluster in AWS that is for development only
    #[arg(long, value_name = "ID")]
    development_cluster: Option<String>,

    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    application: Application,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    is_for_development(&Config::from_env()?, options.development_cluster.as_deref())?;
    let declared = options.application.declared()?;
    let client = options.target.connect().await?;
    is_not_migrated(&client, &options.target).await?;
    let plan = match compare(&client, &declared, Origin::Structs, options.target.schema()).await? {
        Ok(plan) => plan,
        Err(refusals) if options.json => {
            say(refused_document(&refusals));
            return Err(Failure::shown());
        }
        Err(refusals) => return Err(refused(&refusals)),
    };
    is_allowed(&plan, &options.allow)?;
    if !plan.is_empty() {
        push(&client, &plan, &options).await?;
    }
    let changes: Vec<String> = plan.changes.iter().map(ToString::to_string).collect();
    match options.json {
        true => say(json!({ "changes": changes, "steps": plan.steps })),
        false if plan.is_empty() => say("Nothing to do"),
        false => say(format!("Done in {}", counted(plan.steps.len(), "step"))),
    }
    Ok(())
}

/// A cluster on this machine, or the one in AWS whose id was said.
fn is_for_development(config: &Config, said: Option<&str>) -> Result<(), Failure> {
    let id = config.endpoint().split('.').next().unwrap_or_default();
    if is_local() && said.is_none() || said == Some(id) {
        return Ok(());
    }
    let what = match said {
        Some(said) => format!("the cluster is {id}, not {said}"),
        None => format!("{} is not a cluster on this machine", config.endpoint()),
    };
    let hint = format!(
        "use `mizzle generate` and `mizzle migrate`; if nobody's data is there, say so with --development-cluster {id}"
    );
    Err(Failure::new(what, Some(hint)).usage())
}

/// Whether the environment leads to this machine, to a server with a certificate of its own. A tunnel does not: AWS's
/// certificates are the system's.
fn is_local() -> bool {
    let variable = |name| std::env::var(name).ok();
    let loopback = variable("PGHOSTADDR").and_then(|addr| addr.parse::<IpAddr>().ok());
    let root = variable("PGSSLROOTCERT").is_some_and(|root| !root.is_empty() && root != "system");
    root && loopback.is_some_and(|addr| addr.is_loopback())
}

/// A database with records of migrations would no longer be what they say.
async fn is_not_migrated(client: &Client, target: &Target) -> Result<(), Failure> {
    let nothing = Folder::embedded(&[])?;
    if status(client, &nothing, &target.options()).await?.misfit.is_none() {
        return Ok(());
    }
    let hint =
        "use `mizzle generate` and `mizzle migrate`, or push to a cluster that no migration has run on";
    Err(Failure::new("the database is kept by migrations", Some(hint.to_owned())).finding())
}

fn is_allowed(plan: &Plan, allow: &[HazardKind]) -> Result<(), Failure> {
    let mut open = hazards(plan);
    open.retain(|kind, _| !allow.contains(kind));
    if open.is_empty() {
        return Ok(());
    }
    for (kind, texts) in &open {
        texts.iter().for_each(|text| eprintln!("hazard {kind}: {text}"));
    }
    let names: Vec<String> = open.keys().map(ToString::to_string).collect();
    let hint = format!("nothing was changed; to go on: `mizzle push --allow {}`", names.join(","));
    Err(Failure::new("a step may hurt, and is not allowed", Some(hint)).finding())
}

/// Runs the steps as a migration that leaves no record.
async fn push(client: &Client, plan: &Plan, options: &Options) -> Result<(), Failure> {
    let sql = plan.to_sql();
    let folder = Folder::embedded(&[("1_push", &sql)])?;
    let mut run = options.target.options();
    run.table = TABLE.to_owned();
    if plan.changes.iter().any(|change| matches!(change, Change::CreateSchema(_))) {
        // The target's own schema may be yet to come.
        run.schema = PUBLIC.to_owned();
    }
    run.allow = options.allow.iter().copied().collect();
    // Of a run that was killed: the plan was made of what it has left.
    forget(client, &run.schema).await?;
    let progress = Progress::new(options.json);
    let applied = apply(client, &folder, &run, |event| progress.tell(&event)).await;
    progress.clear();
    applied?;
    forget(client, &run.schema).await
}

async fn forget(client: &Client, schema: &str) -> Result<(), Failure> {
    let drop = format!("DROP TABLE IF EXISTS \"{}\".{TABLE}", schema.replace('"', "\"\""));
    for attempt in 1.. {
        match client.batch_execute(&drop).await {
            Ok(()) => return Ok(()),
            Err(error) if attempt < ATTEMPTS && error.code().is_some_and(|code| code.code() == "40001") => {}
            Err(error) => {
                let hint = format!("drop the table {TABLE} by hand; nobody else has a use for it");
                return Err(Failure::new(error, Some(hint)));
            }
        }
    }
    unreachable!("the loop ends in a return")
}
