//! Changes of schemas in text, each run on a local DSQL: what is planned is written down, and what is planned works.
//!
//! `UPDATE_STORIES=1` writes what is found into the files, `ALL_STORIES=1` runs all, `STORY=…` those with these words in
//! their names.

mod law;
mod lints;
mod loss;
mod notation;
mod race;
mod random;
mod story;

use std::path::{Path, PathBuf};

use law::Ground;
use story::Story;

/// A plain `cargo test` plays every so manieth story; `cargo xtask stories` plays all.
const SOME: usize = 5;

/// Plays every story of `testdata`, one after the other on one server, and tells of all that went otherwise.
#[tokio::test]
async fn every_story_obeys_the_law() {
    let ground = Ground::start().await;
    let update = std::env::var_os("UPDATE_STORIES").is_some();
    let wanted = std::env::var("STORY").unwrap_or_default();
    let every =
        if wanted.is_empty() && std::env::var_os("ALL_STORIES").is_none() && !update { SOME } else { 1 };
    let mut number = 0_usize;
    let (mut passed, mut failed) = (0, 0);
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a file of stories");
        let (head, stories) = story::read(&text);
        let mut written = head;
        for story in stories {
            number += 1;
            if !story.name.contains(&wanted) || !number.is_multiple_of(every) {
                written += &story.to_text();
                continue;
            }
            let (found, result) = play(&ground, &story).await;
            match result {
                Ok(()) if update || found.expected == story.expected => passed += 1,
                Ok(()) => {
                    failed += 1;
                    println!("FAILED {}: it is planned otherwise\n{}", story.name, found.to_text());
                }
                Err(error) => {
                    failed += 1;
                    println!("FAILED {}: {error}", story.name);
                }
            }
            written += &found.to_text();
        }
        if update {
            std::fs::write(&file, written).expect("a file of stories");
        }
    }
    println!("{passed} passed, {failed} failed");
    assert!(failed == 0 && passed > 0);
}

/// Plays a story and leaves an empty database, however it ended.
async fn play(ground: &Ground, story: &Story) -> (Story, Result<(), String>) {
    let mut found = story.clone();
    let played = story::play(ground, &mut found).await;
    let cleared = match &played {
        Ok(left) => ground.clear(left).await,
        // What a failure leaves may be anything.
        Err(_) => sweep(ground).await,
    };
    (found, played.and(cleared))
}

async fn sweep(ground: &Ground) -> Result<(), String> {
    let schemas = ground.sql("SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'sys', 'public')").await?;
    let views = ground.sql("SELECT format('DROP VIEW IF EXISTS %s CASCADE', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'v' AND nspname = 'public'").await?;
    let tables = ground.sql("SELECT format('DROP TABLE IF EXISTS %s CASCADE', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname = 'public'").await?;
    let domains = ground.sql("SELECT format('DROP DOMAIN %s', oid::regtype) FROM pg_type WHERE typtype = 'd' AND typnamespace = 'public'::regnamespace").await?;
    for schema in law::rows(&schemas).lines() {
        ground.sql(&format!("DROP SCHEMA \"{schema}\" CASCADE")).await?;
    }
    for answer in [views, tables, domains] {
        for statement in law::rows(&answer).lines() {
            ground.sql(statement).await?;
        }
    }
    Ok(())
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let entries = std::fs::read_dir(folder).expect("the folder of stories");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "txt"));
    files.sort();
    files
}
