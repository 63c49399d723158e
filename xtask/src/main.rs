//! The one door for automation: `cargo xtask <verb>`; what CI runs is what a person runs.

mod checks;
mod ci;
mod compile_cost;
mod crashes;
mod faults;
mod stories;
mod weight;

use std::process::{Command, ExitCode};

const VERBS: &str = "\
cargo xtask checks   the concurrency checks of other people's drivers; --long for the whole of them
cargo xtask faults   what goes wrong in production, one test for each, and a bank open for a minute; --short for some seconds
cargo xtask crashes  migrations that are killed at every statement; --rows 1000000 for a large backfill besides
cargo xtask ci       everything a change must pass: format, clippy, docs, tests
cargo xtask bench    benchmarks, side by side in one run, as ratios; `bench typed`, `bulk`, `local`, `plan` or `retry` for one, --json
cargo xtask compile-cost   what the compiler pays for tables and queries, beside Diesel and SeaORM; --build, --json
cargo xtask stories  every change of a schema that is written down, and 300 pairs nobody thought of, on the local DSQL; --update
cargo xtask weight   crates and stripped bytes of a program that connects, beside AWS's connector; --counts without the bytes";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ci"] => ci::run(),
        ["checks"] => checks::run(false),
        ["checks", "--long"] => checks::run(true),
        ["compile-cost", ref options @ ..] => compile_cost::run(options),
        ["faults"] => faults::run(false),
        ["faults", "--short"] => faults::run(true),
        ["weight"] => weight::run(true),
        ["weight", "--counts"] => weight::run(false),
        ["crashes"] => crashes::run(None),
        ["crashes", "--rows", rows] => crashes::run(Some(rows)),
        ["stories"] => stories::run(false),
        ["stories", "--update"] => stories::run(true),
        ["bench", ..] => bench(&arguments[1..]),
        _ => Err(format!("usage:\n{VERBS}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The peers are built for the benchmark that they are in.
fn bench(arguments: &[String]) -> Result<(), String> {
    let mut command = cargo(&["run", "--release", "--package", "mizzle-bench"]);
    let features = match arguments.iter().find(|argument| !argument.starts_with("--")).map(String::as_str) {
        Some("local" | "plan") => "",
        Some("retry") => "retry",
        Some(_) => "peers",
        None => "peers,retry",
    };
    command.args(["--features", features]);
    run(command.arg("--").args(arguments))
}

/// The cargo that runs this very task.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    // What cargo says of this task's own package: build scripts that look at it would run again, and all behind them.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}
