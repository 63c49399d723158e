//! What the compiler pays for the same tables and queries, written for Mizzle, for plain Diesel and for SeaORM.
//!
//! The three crates are generated in `target/compile-cost`, a workspace of its own with this one's lock file. Each is compiled
//! alone, with its dependencies already there: checked in full, checked again after one query was edited, and, if asked for,
//! built without optimisation.

mod cost;
mod report;
mod source;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cargo;
use cost::Cost;
use report::{Case, Report};
use source::CRATES;

const FOLDER: &str = "target/compile-cost";

/// How often each is measured, in turns, so that a busy minute is a busy minute for all; the median counts.
const ROUNDS: usize = 3;

pub(crate) fn run(options: &[&str]) -> Result<(), String> {
    let (mut json, mut cases) = (false, vec![Case::Check, Case::Edited]);
    for option in options {
        match *option {
            "--json" => json = true,
            "--build" => cases.push(Case::Build),
            _ => return Err("usage: cargo xtask compile-cost [--build] [--json]".to_owned()),
        }
    }
    write()?;
    prepare(&cases)?;
    let mut report = Report::default();
    for round in 0..ROUNDS {
        for (name, _) in CRATES {
            for case in &cases {
                let cost = measure(name, *case, round)?;
                eprintln!("round {} of {ROUNDS}, {name}, {case}: {cost}", round + 1);
                report.add(*case, name, cost);
            }
        }
    }
    print!("{}", if json { report.to_json() } else { report.to_string() });
    Ok(())
}

/// Builds the dependencies, so that only the crates themselves are measured.
fn prepare(cases: &[Case]) -> Result<(), String> {
    for (name, _) in CRATES {
        for case in cases.iter().filter(|case| **case != Case::Edited) {
            eprintln!("{name}: the dependencies of {case}");
            crate::run(&mut compile(name, *case))?;
        }
    }
    Ok(())
}

fn measure(name: &str, case: Case, round: usize) -> Result<Cost, String> {
    match case {
        Case::Edited => edit(name, round)?,
        Case::Check | Case::Build => {
            crate::run(&mut cargo_here(&["clean", "--quiet", "--package", name]))?;
        }
    }
    Cost::of(&mut compile(name, case))
}

fn compile(name: &str, case: Case) -> Command {
    let verb = if case == Case::Build { "build" } else { "check" };
    cargo_here(&[verb, "--quiet", "--package", name])
}

/// Cargo in the generated workspace, whatever its caller compiles into.
fn cargo_here(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.current_dir(FOLDER).env("CARGO_TARGET_DIR", "target").env("CARGO_INCREMENTAL", "1");
    command
}

fn write() -> Result<(), String> {
    let folder = Path::new(FOLDER);
    save(&folder.join("Cargo.toml"), &source::workspace())?;
    fs::copy("Cargo.lock", folder.join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    for (name, sources) in CRATES {
        for (file, text) in sources() {
            save(&folder.join(name).join(file), &text)?;
        }
    }
    Ok(())
}

/// Another limit in the first query: its place is marked in the generated text.
fn edit(name: &str, round: usize) -> Result<(), String> {
    let file = Path::new(FOLDER).join(name).join("src/queries.rs");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let (before, after) = text.split_once(source::EDITED).ok_or("no query to edit")?;
    let (_, after) = after.split_once(')').ok_or("no query to edit")?;
    save(&file, &format!("{before}{}{}){after}", source::EDITED, 21 + round))
}

fn save(file: &Path, text: &str) -> Result<(), String> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, text))
        .map_err(|error| format!("{}: {error}", file.display()))
}
