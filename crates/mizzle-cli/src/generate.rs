//! `mizzle generate`: the migration that leads from the newest one to the structs.

use std::collections::BTreeMap;

use clap::Args;
use mizzle_kit::plan::{HazardKind, Plan, Refused, plan};
use mizzle_kit::{Folder, check};
use serde_json::{Value, json};

use crate::application::Application;
use crate::compare::refused;
use crate::failure::Failure;
use crate::migrations::{Place, counted, hazard, say};
use crate::source::newest;

/// Write the migration from the newest schema of the folder to that of the structs.
///
/// The structs are compiled and asked: cargo runs the schema binary of the application, two lines in src/bin/schema.rs that
/// list them. What they declare is compared with the snapshot of the newest migration, no database is asked, and each step
/// of the way is one that Aurora DSQL accepts: what it cannot do at all is refused with the nearest way.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle generate                        compares, writes, and names the migration by what it does
  mizzle generate add_pets               under a name of yours
  mizzle generate --dry-run              prints the SQL, and writes nothing
  mizzle generate --allow drops-column   writes it with a line that allows this hazard
  mizzle generate --custom fill_cities   a migration to write by hand: rows to fill, roles to grant

src/bin/schema.rs, a binary called `schema` or, where several packages share a target folder, `…-schema`:
  fn main() -> std::process::ExitCode { mizzle_kit::main(mizzle::tables![Owner, Pet]) }

Nothing is renamed by guess: #[table(renamed_from = \"…\")] and #[column(renamed_from = \"…\")] say so.
A hazard is something that a step may hurt. The file names each, and `mizzle migrate` stops in front of it until it is
allowed by its name: drops-table, drops-column, drops-view, renames, unavailable, unenforced, lossy-cast, needs-values.
Where the newest migration was written by hand, the folder is run on a local DSQL to see what it leads to.

Exit codes: 0 written or nothing to do, 1 refused, or the folder or the structs are wrong, 2 wrong usage, 3 an obstacle.")]
pub(crate) struct Options {
    /// What the migration does, in a few words
    name: Option<String>,

    /// Print the migration instead of writing it
    #[arg(long)]
    dry_run: bool,

    /// Write a migration without statements, for you to fill in
    #[arg(long, conflicts_with_all = ["dry_run", "allow", "package", "bin", "declaration"])]
    custom: bool,

    /// Allow this hazard in the migration; several with commas between
    #[arg(long, value_name = "HAZARD", value_delimiter = ',', value_parser = hazard)]
    allow: Vec<HazardKind>,

    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    application: Application,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let mut folder = Folder::read_or_new(&options.place.dir)?;
    is_whole(&folder)?;
    if options.custom {
        return custom(&folder, &options);
    }
    let declared = options.application.declared()?;
    let old = newest(&folder, &declared.snapshot).await?;
    let plan = match plan(&old, &declared.beside(&old)) {
        Ok(plan) => plan,
        Err(refusals) if options.place.json => {
            say(refused_document(&refusals));
            return Err(Failure::shown());
        }
        Err(refusals) => return Err(refused(&refusals)),
    };
    if plan.is_empty() {
        match options.place.json {
            true => say(json!({ "migration": null, "changes": [], "hazards": [], "steps": [] })),
            false => say("Nothing to do: the structs are what the newest migration leads to"),
        }
        return Ok(());
    }
    write(&mut folder, &plan, &options)
}

/// A fork must not grow: what is generated on it would miss one of its branches.
fn is_whole(folder: &Folder) -> Result<(), Failure> {
    let breaches = check(folder);
    let Some(breach) = breaches.first() else { return Ok(()) };
    let what = format!("{}: {}: {}", breach.file.display(), breach.kind.name(), breach.what);
    Err(Failure::new(what, Some(breach.hint.clone())).finding())
}

fn custom(folder: &Folder, options: &Options) -> Result<(), Failure> {
    let file = folder.draft(options.name.as_deref().unwrap_or("custom"))?.display().to_string();
    if options.place.json {
        say(json!({ "file": file }));
    } else {
        say(format!(
            "Wrote {file}\nIt has no statement yet: write them, then run `mizzle lint` and `mizzle migrate`"
        ));
    }
    Ok(())
}

fn write(folder: &mut Folder, plan: &Plan, options: &Options) -> Result<(), Failure> {
    let hazards = hazards(plan);
    let allowed: Vec<String> =
        hazards.keys().filter(|kind| options.allow.contains(kind)).map(ToString::to_string).collect();
    let allow = match allowed.is_empty() {
        true => String::new(),
        false => format!("-- mizzle: allow {}\n", allowed.join(", ")),
    };
    let sql = format!("{allow}{}", plan.to_sql());
    let name = options.name.clone().unwrap_or_else(|| name(folder, plan));
    let (migration, file) = match options.dry_run {
        true => (None, None),
        false => {
            let written = folder.write(&name, &sql, Some(&plan.snapshot.to_json()))?;
            (Some(written.name.clone()), Some(written.file.display().to_string()))
        }
    };
    if options.place.json {
        let hazards: Vec<Value> = plan
            .hazards()
            .map(|hazard| {
                let allowed = options.allow.contains(&hazard.kind);
                json!({ "kind": hazard.kind, "text": hazard.text, "allowed": allowed })
            })
            .collect();
        let changes: Vec<String> = plan.changes.iter().map(ToString::to_string).collect();
        say(json!({
            "migration": migration, "file": file, "changes": changes, "hazards": hazards,
            "steps": plan.steps, "sql": sql,
        }));
        return Ok(());
    }
    let Some(file) = file else {
        say(sql.trim_end());
        return Ok(());
    };
    say(format!("Wrote {file}"));
    for change in &plan.changes {
        say(format!("  {change}"));
    }
    say(counted(plan.steps.len(), "step"));
    warn(&hazards, &options.allow);
    Ok(())
}

/// What may be hurt, and how to allow it.
fn warn(hazards: &BTreeMap<HazardKind, Vec<&str>>, allowed: &[HazardKind]) {
    let mut open = Vec::new();
    for (kind, texts) in hazards {
        let is_allowed = allowed.contains(kind);
        for text in texts {
            say(format!("hazard {kind}{}: {text}", if is_allowed { ", allowed" } else { "" }));
        }
        if !is_allowed {
            open.push(kind.to_string());
        }
    }
    if !open.is_empty() {
        let names = open.join(", ");
        say(format!(
            "hint: `mizzle migrate` stops here until the file has a line `-- mizzle: allow {names}`"
        ));
    }
}

pub(crate) fn hazards(plan: &Plan) -> BTreeMap<HazardKind, Vec<&str>> {
    let mut hazards: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for hazard in plan.hazards() {
        let texts = hazards.entry(hazard.kind).or_default();
        if !texts.contains(&&*hazard.text) {
            texts.push(&hazard.text);
        }
    }
    hazards
}

/// `init` for the first, else the first change and how many come besides.
fn name(folder: &Folder, plan: &Plan) -> String {
    const LETTERS: usize = 48;
    if folder.migrations().is_empty() {
        return "init".to_owned();
    }
    let first = plan.changes.first().map(ToString::to_string).unwrap_or_default();
    let first: String = first.chars().take(LETTERS).collect();
    match plan.changes.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}

pub(crate) fn refused_document(refused: &Refused) -> Value {
    json!({ "refused": refused.refusals })
}
