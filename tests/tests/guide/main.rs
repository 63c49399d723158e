//! The guide's chapters: every line of Rust in them is code that is compiled and run here, or vetclinic's own.

mod from_diesel;
mod from_drizzle;
mod migrations;
#[path = "../../../examples/vetclinic/src/sample.rs"]
mod sample;

use std::path::{Path, PathBuf};

use mizzle_kit::{Folder, Options, apply};
use mizzle_tests::{Counted, Ground};
use vetclinic::schema;

/// The chapters on migrations.
const MIGRATIONS: [&str; 4] =
    ["docs/first-migration.md", "docs/changing-a-type.md", "docs/branches.md", "docs/deploying.md"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A local DSQL with vetclinic's tables.
async fn clinic() -> Ground {
    let ground = Ground::new(&[]).await;
    let folder = Folder::read(repository().join("examples/vetclinic/migrations")).unwrap();
    let connection = ground.db.connection().await.unwrap();
    apply(connection.client(), &folder, &Options::new("public"), |_| ()).await.unwrap();
    drop(connection);
    ground
}

/// Code line by line, as it reads at any indentation.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// The blocks of a chapter that are marked as Rust.
fn snippets(chapter: &str) -> Vec<Vec<&str>> {
    let parts = chapter.split("\n```rust\n").skip(1);
    parts.map(|part| lines(part.split("\n```").next().unwrap_or_default())).collect()
}

#[test]
fn every_snippet_of_the_guide_is_code_that_runs_here() {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).unwrap();
    let sources = [
        "tests/tests/guide/from_drizzle.rs",
        "tests/tests/guide/from_diesel.rs",
        "tests/tests/guide/migrations.rs",
        "examples/vetclinic/src/sample.rs",
        "examples/vetclinic/src/schema.rs",
    ]
    .map(read);
    let others = [("docs/from-drizzle.md", 10), ("docs/from-diesel.md", 10)];
    for (chapter, least) in others.into_iter().chain(MIGRATIONS.map(|chapter| (chapter, 1))) {
        let text = read(chapter);
        let snippets = snippets(&text);
        assert!(snippets.len() >= least, "only {} snippets in {chapter}", snippets.len());
        // a block that is marked otherwise would not be looked at
        assert_eq!(
            text.matches("```rust").count(),
            snippets.len(),
            "{chapter}: write ```rust alone on its line"
        );
        for snippet in snippets {
            let stands =
                |source: &String| lines(source).windows(snippet.len()).any(|window| window == snippet);
            assert!(sources.iter().any(stands), "{chapter}: nothing here reads\n{}", snippet.join("\n"));
        }
    }
}

#[tokio::test]
async fn the_three_queries_of_the_sample_take_one_round_trip_each() {
    let ground = clinic().await;
    let created = sample::create(&ground.db).await.unwrap();
    let counted = Counted::new(&ground);
    let db = &counted.db;
    // the first time, a connection is made and statements are prepared behind their answers
    for _ in 0..2 {
        sample::pets_with_owners(db, &created).await.unwrap();
        sample::owners_with_pets(db, &created).await.unwrap();
        sample::vets_with_specialties(db, &created).await.unwrap();
    }
    let (found, pets) = counted.turns_of(sample::pets_with_owners(db, &created)).await;
    found.unwrap();
    let (found, owners) = counted.turns_of(sample::owners_with_pets(db, &created)).await;
    found.unwrap();
    let (found, vets) = counted.turns_of(sample::vets_with_specialties(db, &created)).await;
    found.unwrap();
    assert_eq!((pets, owners, vets), (1, 1, 1));
    sample::finish(&ground.db, &created).await.unwrap();
    sample::run(&ground.db).await.unwrap();
}
