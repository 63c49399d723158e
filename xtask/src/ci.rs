//! What a change must pass, step by step; the first step that does not pass ends it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

use crate::cargo;

/// Each step: what it proves, and the arguments of cargo.
const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("clippy", &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    (
        "clippy, fewest features",
        &[
            "clippy",
            "--package",
            "mizzle",
            "--package",
            "mizzle-connect",
            "--package",
            "mizzle-local",
            "--no-default-features",
            "--",
            "--deny",
            "warnings",
        ],
    ),
    ("docs", &["doc", "--workspace", "--no-deps"]),
    // The programs that the checks and the tests run, compiled once for both.
    ("build", &["test", "--workspace", "--no-run"]),
];

/// The README's command, which here goes on after a failure, so that one run shows all of them.
const TESTS: &[&str] = &["test", "--workspace", "--no-fail-fast"];

pub(crate) fn run() -> Result<(), String> {
    for (name, arguments) in STEPS {
        println!("── {name}: cargo {}", arguments.join(" "));
        let started = Instant::now();
        crate::run(cargo(arguments).env("RUSTDOCFLAGS", "--deny warnings"))?;
        println!("── {name}: {:.0} s", started.elapsed().as_secs_f64());
    }
    println!("── checks: cargo xtask checks");
    crate::checks::run_built(false)?;
    println!("── tests: cargo {}", TESTS.join(" "));
    tests()
}

/// Runs every test; cargo closes each test program with a line of its own, and all of them stand together at the end.
fn tests() -> Result<(), String> {
    let mut command = cargo(TESTS);
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let mut closing = Vec::new();
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let line = line.map_err(|error| error.to_string())?;
        println!("{line}");
        if line.starts_with("test result: ") {
            closing.push(line);
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    println!("── what each test program said at its end");
    for line in &closing {
        println!("{line}");
    }
    let count = |what: &str| closing.iter().filter_map(|line| counted(line, what)).sum::<u32>();
    println!(
        "── tests: {} passed, {} failed, {} ignored",
        count("passed"),
        count("failed"),
        count("ignored")
    );
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

/// The number before a word: 12 before `passed` in `ok. 12 passed; 0 failed`.
fn counted(line: &str, what: &str) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_end_matches(';')).collect();
    let at = words.iter().position(|word| *word == what)?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn the_closing_line_of_a_test_program_is_counted() {
        let line =
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        assert_eq!(
            [counted(line, "passed"), counted(line, "failed"), counted(line, "ignored")],
            [Some(12), Some(0), Some(1)]
        );
        assert_eq!(counted("test result: FAILED", "passed"), None);
    }
}
