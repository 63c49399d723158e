//! What the compiler pays for the same tables and queries, written for Mizzle, for plain Diesel and for SeaORM.
//!
//! The three crates are generated in `target/compile-cost`, a workspace of its own with this one's lock file, and each
//! is checked alone, with its dependencies already built: in full, and again after one query was edited.

mod source;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::cargo;
use source::CRATES;

const FOLDER: &str = "target/compile-cost";

/// How often each is measured, in turns; the median counts.
const ROUNDS: usize = 3;

/// Seconds of `cargo check` for one crate, one of each round.
#[derive(Default)]
struct Times {
    full: Vec<f64>,
    edited: Vec<f64>,
}

pub(crate) fn run(json: bool) -> Result<(), String> {
    write()?;
    for (name, _) in CRATES {
        crate::run(&mut check(name))?;
    }
    let mut times: Vec<Times> = CRATES.iter().map(|_| Times::default()).collect();
    for round in 0..ROUNDS {
        for ((name, _), times) in CRATES.iter().zip(&mut times) {
            crate::run(cargo(&["clean", "--quiet", "--package", name]).current_dir(FOLDER))?;
            let full = seconds(name)?;
            edit(name, round)?;
            let edited = seconds(name)?;
            eprintln!("{name}: {full:.2} s in full, {edited:.2} s after an edit");
            times.full.push(full);
            times.edited.push(edited);
        }
    }
    let medians: Vec<[f64; 2]> =
        times.iter().map(|times| [median(&times.full), median(&times.edited)]).collect();
    print!("{}", if json { to_json(&medians) } else { to_table(&medians) });
    Ok(())
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

fn check(name: &str) -> Command {
    let mut command = cargo(&["check", "--quiet", "--package", name]);
    command.current_dir(FOLDER).env("CARGO_TARGET_DIR", "target");
    command
}

fn seconds(name: &str) -> Result<f64, String> {
    let started = Instant::now();
    crate::run(&mut check(name))?;
    Ok(started.elapsed().as_secs_f64())
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The second crate is what the others are measured by.
fn to_table(medians: &[[f64; 2]]) -> String {
    let mut table = format!("{:<24}", "cargo check, seconds");
    CRATES.iter().for_each(|(name, _)| table += &format!(" {name:>14}"));
    for (at, what) in ["in full", "after an edit"].iter().enumerate() {
        table += &format!("\n{what:<24}");
        for median in medians {
            table += &format!(" {:>7.2} ({:>4.2})", median[at], median[at] / medians[1][at]);
        }
    }
    table + "\n"
}

fn to_json(medians: &[[f64; 2]]) -> String {
    let rows: Vec<String> = ["full", "edited"]
        .iter()
        .enumerate()
        .map(|(at, what)| {
            let columns: Vec<String> = CRATES
                .iter()
                .zip(medians)
                .map(|((name, _), median)| {
                    let ratio = median[at] / medians[1][at];
                    format!("\"{name}\": {{\"seconds\": {:.3}, \"ratio\": {ratio:.3}}}", median[at])
                })
                .collect();
            format!("  \"{what}\": {{{}}}", columns.join(", "))
        })
        .collect();
    format!("{{\n{}\n}}\n", rows.join(",\n"))
}
