//! Stories in text: several sessions, one statement after the other, and what each is told. The format stands in `conflicts.txt`.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use mizzle_local::LocalDsql;
use mizzle_tests::config;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Nobody waits for anybody in Aurora DSQL; whoever does is stuck.
const PATIENCE: Duration = Duration::from_secs(120);

struct Story<'a> {
    name: &'a str,
    steps: Vec<Step<'a>>,
}

struct Step<'a> {
    line: usize,
    session: &'a str,
    sql: &'a str,
    expected: Option<&'a str>,
}

fn read(text: &str) -> Vec<Story<'_>> {
    let mut stories: Vec<Story<'_>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(name) = line.strip_prefix("## ") {
            stories.push(Story { name, steps: Vec::new() });
        } else if line.is_empty() || line.starts_with('#') {
            continue;
        } else if let Some(expected) = line.strip_prefix("=> ") {
            stories
                .last_mut()
                .and_then(|story| story.steps.last_mut())
                .expect("a statement before `=>`")
                .expected = Some(expected);
        } else {
            let (session, sql) = line.split_once(": ").unwrap_or_else(|| panic!("line {}: {line}", at + 1));
            let step = Step { line: at + 1, session, sql, expected: None };
            stories.last_mut().expect("a story before its statements").steps.push(step);
        }
    }
    stories
}

/// Plays every story of a file, each on a server of its own, and tells of all that went otherwise.
async fn check(text: &str) {
    let stories = read(text);
    assert!(!stories.is_empty());
    let mut otherwise = String::new();
    for story in &stories {
        let local = LocalDsql::start().await.unwrap();
        if let Err(difference) = play(&local, story).await {
            writeln!(otherwise, "{}: {difference}", story.name).unwrap();
        }
        local.stop().await.unwrap();
    }
    println!("{} stories", stories.len());
    assert!(otherwise.is_empty(), "\n{otherwise}");
}

async fn play(local: &LocalDsql, story: &Story<'_>) -> Result<(), String> {
    let mut sessions: HashMap<&str, Client> = HashMap::new();
    let mut job = String::new();
    for Step { line, session, sql, expected } in &story.steps {
        if !sessions.contains_key(session) {
            sessions.insert(session, config(local).connect().await.unwrap());
        }
        let Ok(answer) =
            tokio::time::timeout(PATIENCE, sessions[session].simple_query(&sql.replace("$job", &job))).await
        else {
            return Err(format!("line {line}: {session} waits: {sql}"));
        };
        let failed = answer.is_err();
        let found = told(answer);
        if sql.contains(" ASYNC ") {
            job.clone_from(&found);
        }
        let as_expected = match expected {
            // an error is expected by its beginning
            Some(expected) if expected.starts_with("ERROR") => found.starts_with(expected),
            Some(expected) => found == *expected,
            None => !failed,
        };
        if !as_expected {
            return Err(format!(
                "line {line}: {session}: {sql}: {found}, expected {}",
                expected.unwrap_or("no error")
            ));
        }
    }
    Ok(())
}

/// Rows as words, rows apart by `; `.
fn told(answer: Result<Vec<SimpleQueryMessage>, tokio_postgres::Error>) -> String {
    let messages = match answer {
        Ok(messages) => messages,
        Err(error) => {
            return match error.as_db_error() {
                Some(error) => format!("ERROR {} {}", error.code().code(), error.message()),
                None => format!("ERROR without a word of the server: {error}"),
            };
        }
    };
    let rows: Vec<String> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        })
        .collect();
    if rows.is_empty() { "nothing".into() } else { rows.join("; ") }
}

#[tokio::test]
async fn conflicts() {
    check(include_str!("../stories/conflicts.txt")).await;
}

#[tokio::test]
async fn schema() {
    check(include_str!("../stories/schema.txt")).await;
}

#[tokio::test]
async fn locks() {
    check(include_str!("../stories/locks.txt")).await;
}

#[tokio::test]
async fn hidden_writes() {
    check(include_str!("../stories/hidden.txt")).await;
}

#[tokio::test]
async fn time() {
    check(include_str!("../stories/time.txt")).await;
}

#[tokio::test]
async fn rows() {
    check(include_str!("../stories/rows.txt")).await;
}
