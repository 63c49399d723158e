//! The stories of schema changes: each runs on a local DSQL and obeys the law that `mizzle-kit/tests/stories/law.rs` states.

use crate::cargo;

/// How many random pairs of schemas are tried besides.
const PAIRS: &str = "300";

/// Runs every story, then the pairs; with `update`, what is planned is written into the files first.
pub(crate) fn run(update: bool) -> Result<(), String> {
    let test = ["test", "--package", "mizzle-kit", "--test", "stories", "--", "--nocapture", "--test-threads", "1"];
    let mut command = cargo(&test);
    command.env("ALL_STORIES", "1").env("STORY_PAIRS", PAIRS);
    if update {
        command.env("UPDATE_STORIES", "1");
    }
    crate::run(&mut command)
}
