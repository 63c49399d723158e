//! The fault tests, each by name, and a bank that stays open while everything goes wrong.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::cargo;

/// How long the bank is open: its own few seconds, or a minute.
const MINUTE: &str = "60";

pub(crate) fn run(short: bool) -> Result<(), String> {
    // One after the other: each has the machine for itself, and the names come in order.
    let mut command = cargo(&["test", "--package", "mizzle-tests", "--test", "faults", "--quiet", "--"]);
    command.args(["--test-threads", "1", "--show-output", "--format", "pretty"]);
    if !short {
        command.env("MIZZLE_BANK_SECONDS", MINUTE);
    }
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let (mut passed, mut failed) = (0, 0);
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let line = line.map_err(|error| error.to_string())?;
        passed += u32::from(line.starts_with("test ") && line.ends_with("... ok"));
        failed += u32::from(line.starts_with("test ") && line.ends_with("... FAILED"));
        println!("{line}");
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    println!("{passed} passed, {failed} failed");
    match (status.success(), passed, failed) {
        (true, 1.., 0) => Ok(()),
        _ => Err("some faults were not survived".to_owned()),
    }
}
