//! Runs that are killed with SIGKILL at every statement: the next run finishes, with nothing done twice.
//!
//! `cargo test` kills each statement of the stories at one point; `cargo xtask crashes` at every point.

mod child;
#[path = "../database/mod.rs"]
mod database;
#[path = "../stories/notation.rs"]
mod notation;
mod parent;
mod story;

use parent::{Count, POINTS, killed, ten};
use story::STORIES;

/// Says that every statement is to be killed at every point.
const ALL: &str = "MIZZLE_CRASHES";

/// One story; each of its statements at the point that comes next, so that together they see all of them.
async fn story(name: &str) -> Count {
    let at = STORIES.iter().position(|story| story.name == name).expect("a story of this name");
    let mut count = Count::default();
    if std::env::var_os(ALL).is_some() {
        for point in POINTS {
            count.add(killed(&STORIES[at], |_| *point).await);
        }
        count.add(ten(&STORIES[at]).await);
        println!("\n{name}: {} passed, {} failed", count.passed, count.failures.len());
    } else {
        count.add(killed(&STORIES[at], |statement| POINTS[(at + statement) % POINTS.len()]).await);
    }
    count
}

macro_rules! stories {
    ($($test:ident $name:literal)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            let count = story($name).await;
            assert!(count.failures.is_empty(), "{}", count.failures.join("\n\n"));
        }
    )*};
}

stories! {
    indexes_are_built_once_whenever_the_run_dies "indexes"
    columns_and_constraints_come_once_whenever_the_run_dies "columns"
    every_row_is_filled_once_whenever_the_run_dies "backfill"
    a_type_changes_once_whenever_the_run_dies "type change"
    a_table_is_made_anew_once_whenever_the_run_dies "key change"
    objects_and_rows_are_made_once_whenever_the_run_dies "objects"
}
