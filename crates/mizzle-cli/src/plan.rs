//! `mizzle plan`: the steps that would bring a live database to the structs or to the folder.

use clap::Args;
use mizzle_kit::plan::Plan;
use mizzle_kit::snapshot::Snapshot;
use serde_json::json;

use crate::application::Application;
use crate::compare::{Origin, compare, refused};
use crate::failure::Failure;
use crate::generate::refused_document;
use crate::migrations::{Place, Target, counted, say};
use crate::source::newest;

/// Show what separates the database from the structs, step by step; nothing is changed.
///
/// The database is the one that CLUSTER_ENDPOINT names. Schemas that the structs do not speak of are left alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle plan                       what would bring the database to the structs, as SQL
  mizzle plan --explain             why each step is there, whom it locks out, what it costs on a big table
  mizzle plan --folder              against what the newest migration leads to: whether somebody changed the
                                    database by hand; nothing is compiled
  mizzle plan --json | jq '.steps[] | select(.hazards != [])'

Exit codes: 0 nothing to do, 1 there are steps, or something is refused, 2 wrong usage, 3 an obstacle.")]
pub(crate) struct Options {
    /// Say of each step why it is there, whom it locks out and what it costs
    #[arg(long, conflicts_with = "json")]
    explain: bool,

    /// Compare with what the newest migration leads to, instead of the structs
    #[arg(long, conflicts_with_all = ["package", "bin", "declaration"])]
    folder: bool,

    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    application: Application,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let (wanted, origin) = match options.folder {
        true => (newest(&options.place.folder()?, &Snapshot::default()).await?.into(), Origin::Folder),
        false => (options.application.declared()?, Origin::Structs),
    };
    let client = options.target.connect().await?;
    match compare(&client, &wanted, origin, options.target.schema()).await? {
        Ok(plan) => {
            print(&plan, &options);
            if plan.is_empty() { Ok(()) } else { Err(Failure::shown()) }
        }
        Err(refusals) if options.place.json => {
            say(refused_document(&refusals));
            Err(Failure::shown())
        }
        Err(refusals) => Err(refused(&refusals)),
    }
}

fn print(plan: &Plan, options: &Options) {
    if options.place.json {
        let changes: Vec<String> = plan.changes.iter().map(ToString::to_string).collect();
        say(json!({ "changes": changes, "steps": plan.steps }));
    } else if plan.is_empty() {
        say("Nothing to do");
    } else if options.explain {
        say(plan.explain().trim_end());
    } else {
        say(plan.to_sql().trim_end());
        eprintln!("{}; --explain says more of each", counted(plan.steps.len(), "step"));
    }
}
