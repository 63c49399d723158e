//! Migrations that are killed at every statement, at every point, and ten runs at once; with `--rows N` a large backfill.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Instant;

use crate::cargo;

/// What has passed and what has not.
#[derive(Default)]
struct Count {
    passed: u32,
    failed: u32,
}

pub(crate) fn run(rows: Option<&str>) -> Result<(), String> {
    let mut count = Count::default();
    // One story at a time: what is held up for one is not to hold up another.
    test(&mut count, "crashes", &["--test-threads=1"], ("MIZZLE_CRASHES", "all"))?;
    if let Some(rows) = rows {
        rows.parse::<u32>().map_err(|_| format!("{rows:?} is no number of rows"))?;
        let name = "every_row_is_right_and_no_writers_update_is_lost";
        test(&mut count, "backfill", &["--exact", name], ("MIZZLE_BACKFILL_ROWS", rows))?;
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 { Ok(()) } else { Err("some runs did not come to the right end".to_owned()) }
}

/// Runs a test program and counts by the lines that say `N passed, N failed`; a test without such a line counts as one.
fn test(
    count: &mut Count,
    program: &str,
    arguments: &[&str],
    (name, value): (&str, &str),
) -> Result<(), String> {
    let started = Instant::now();
    let mut command = cargo(&["test", "--package", "mizzle-kit", "--test", program, "--", "--nocapture"]);
    command.args(arguments).env(name, value).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    let mut counted = Count::default();
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let line = line.map_err(|error| error.to_string())?;
        if let Some((passed, failed)) = numbers(&line) {
            counted.passed += passed;
            counted.failed += failed;
        }
        if !line.trim().is_empty() && !line.starts_with("running ") && !line.starts_with("test ") {
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    match status.success() {
        true if counted.passed == 0 => counted.passed = 1,
        false if counted.failed == 0 => counted.failed = 1,
        _ => {}
    }
    println!("{program}: {:.0} s", started.elapsed().as_secs_f64());
    count.passed += counted.passed;
    count.failed += counted.failed;
    Ok(())
}

/// The numbers of `indexes: 12 passed, 0 failed`.
fn numbers(line: &str) -> Option<(u32, u32)> {
    let (_, numbers) = line.rsplit_once(": ")?;
    let (passed, failed) = numbers.split_once(" passed, ")?;
    Some((passed.parse().ok()?, failed.strip_suffix(" failed")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn the_line_of_a_story_is_counted_and_that_of_the_test_runner_is_not() {
        assert_eq!(numbers("type change: 12 passed, 1 failed"), Some((12, 1)));
        assert_eq!(numbers("test result: ok. 12 passed; 0 failed; 0 ignored"), None);
    }
}
