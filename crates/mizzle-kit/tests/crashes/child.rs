//! The process that is killed: a run that stops at each step until it is told to go on.

use std::io::{BufRead, Write};
use std::time::Duration;

use mizzle_connect::Config;
use mizzle_kit::{Event, Folder, Options, apply};

use crate::story::STORIES;

/// Names the story; a process that has it is a child.
pub(crate) const STORY: &str = "MIZZLE_CRASH_STORY";

/// Whether it stops at each step.
pub(crate) const STOPS: &str = "MIZZLE_CRASH_STOPS";

/// How long a run that is killed may be silent: short, since every kill is followed by a wait for it.
pub(crate) const LEASE: Duration = Duration::from_millis(500);

/// In the parent this finds nothing to do.
#[tokio::test]
async fn child() {
    let Ok(name) = std::env::var(STORY) else { return };
    let stops = std::env::var_os(STOPS).is_some();
    let story = STORIES.iter().find(|story| story.name == name).expect("a story of this name");
    let folder = Folder::embedded(&[("0000_story", &story.migration())]).expect("a good migration");
    let client = Config::from_env().expect("the parent says where").connect().await.expect("it lets us in");
    let mut options = Options::new("public");
    if stops {
        options.lease = LEASE;
    }
    let report = apply(&client, &folder, &options, |event| {
        if let (true, Some(step)) = (stops, step(&event)) {
            tell(&step);
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).expect("the parent speaks");
        }
    })
    .await;
    match report {
        Ok(report) => tell(&format!("end {} {:?}", report.statements(), report.end)),
        Err(error) => tell(&format!("error {error}: {}", error.hint().unwrap_or_default())),
    }
}

/// What it is at, with the line of the statement, which tells one from the other.
fn step(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::Starting { statement, .. } => format!("before {}", statement.line),
        Event::Answered { statement, .. } => format!("after {}", statement.line),
        Event::Backfilled { statement, .. } => format!("chunk {}", statement.line),
        Event::Settled { statement, .. } => format!("settled {}", statement.line),
        Event::Applied { statement, .. } => format!("applied {}", statement.line),
        _ => return None,
    })
}

/// A line for the parent among those of the test runner.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n@{line}").and_then(|()| out.flush()).expect("the parent listens");
}
