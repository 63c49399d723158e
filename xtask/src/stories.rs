//! The stories of schema changes: each runs on a local DSQL and obeys the law that `mizzle-kit/tests/stories/law.rs` states.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::cargo;

/// How many random pairs of schemas are tried besides.
const PAIRS: &str = "300";

/// Runs every story, then the pairs, and closes with a line that counts both; with `update`, what is planned is written
/// into the files.
pub(crate) fn run(update: bool) -> Result<(), String> {
    let test =
        ["test", "--package", "mizzle-kit", "--test", "stories", "--", "--nocapture", "--test-threads", "1"];
    let mut command = cargo(&test);
    command.env("ALL_STORIES", "1").env("STORY_PAIRS", PAIRS).stdout(Stdio::piped());
    if update {
        command.env("UPDATE_STORIES", "1");
    }
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let stdout = child.stdout.take().ok_or("cargo has no output")?;
    let mut closing = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|error| error.to_string())?;
        println!("{line}");
        if line.ends_with(" failed") && line.contains(" passed, ") && !line.starts_with("test ") {
            closing.push(line);
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    // The stories' own line comes last.
    closing.sort_by_key(|line| !line.starts_with("pairs"));
    closing.iter().for_each(|line| println!("{line}"));
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}
