//! Drizzle's folders and records: read as they are, taken over without running anything again.

mod database;

use std::path::Path;

use database::Database;
use mizzle_kit::{Checksum, Decision, Error, Folder, Options, Report, apply, repair};
use tempfile::TempDir;

const INIT: &str = "CREATE TABLE \"owner\" (\n\t\"id\" uuid PRIMARY KEY DEFAULT gen_random_uuid()\n);\n\
    --> statement-breakpoint\nCREATE TABLE \"pet\" (\n\t\"id\" uuid PRIMARY KEY\n);\n--> statement-breakpoint\n";
const NEXT: &str = "CREATE TABLE \"vet\" (\"id\" uuid PRIMARY KEY);";

/// A folder as Drizzle Kit writes it, with a migration of ours behind.
fn older() -> TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    let journal = r#"{"version":"7","dialect":"postgresql","entries":[
        {"idx":0,"version":"7","when":1767225600000,"tag":"0000_init","breakpoints":true},
        {"idx":1,"version":"7","when":1767225700000,"tag":"0001_next","breakpoints":false}]}"#;
    put(&root, "meta/_journal.json", journal);
    put(&root, "meta/0000_snapshot.json", "{}");
    put(&root, "0000_init.sql", INIT);
    put(&root, "0001_next.sql", &format!("{NEXT}\nCREATE TABLE \"cat\" (\"id\" uuid PRIMARY KEY);\n"));
    put(&root, "20261122103000_ours/migration.sql", "CREATE TABLE ours (id uuid PRIMARY KEY);");
    root
}

fn put(root: &TempDir, path: &str, text: &str) {
    let file = root.path().join(path);
    std::fs::create_dir_all(file.parent().expect("it is below the root")).expect("folders can be made");
    std::fs::write(file, text).expect("files can be written");
}

fn names(path: &Path) -> Vec<(String, usize)> {
    let folder = Folder::read(path).expect("a good folder");
    folder.migrations().iter().map(|migration| (migration.name.clone(), migration.statements.len())).collect()
}

#[test]
fn both_of_drizzles_folders_are_read() {
    let root = older();
    let expect =
        [("0000_init".to_owned(), 2), ("0001_next".to_owned(), 2), ("20261122103000_ours".to_owned(), 1)];
    assert_eq!(names(root.path()), expect);

    let newer = tempfile::tempdir().expect("a temporary folder");
    put(&newer, "20260701123000_init/migration.sql", INIT);
    put(
        &newer,
        "20260701123000_init/snapshot.json",
        r#"{"version":"8","dialect":"postgres","prevIds":[],"ddl":[]}"#,
    );
    assert_eq!(names(newer.path()), [("20260701123000_init".to_owned(), 2)]);
}

#[test]
fn what_drizzle_would_pass_over_is_an_error() {
    let check = |root: &TempDir, said: &str| {
        let error = Folder::read(root.path()).expect_err("it is wrong");
        assert!(error.to_string().ends_with(said) && error.hint().is_some(), "{error}");
    };
    let root = older();
    put(&root, "0002_merged.sql", NEXT);
    check(&root, "0002_merged.sql is not in meta/_journal.json");
    let root = older();
    std::fs::remove_file(root.path().join("0001_next.sql")).expect("it can go");
    check(&root, "0001_next.sql cannot be read");
    let root = older();
    put(&root, "meta/_journal.json", r#"{"entries":[{"idx":0}]}"#);
    check(&root, "meta/_journal.json is no journal of Drizzle's");
}

/// The table of the runner in AWS's sample, after it has applied the first file.
async fn seeded(hash: &str) -> Database {
    let database = Database::start().await;
    for statement in INIT.split("--> statement-breakpoint").filter(|piece| !piece.trim().is_empty()) {
        database.execute(statement).await;
    }
    database
        .execute(
            "CREATE TABLE \"__drizzle_migrations\" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), \
             hash text NOT NULL, tag text NOT NULL, created_at bigint)",
        )
        .await;
    let row = format!("('{hash}', '0000_init', 1767225600000)");
    database
        .execute(&format!("INSERT INTO \"__drizzle_migrations\" (hash, tag, created_at) VALUES {row}"))
        .await;
    database
}

async fn run(database: &Database, path: &Path) -> (Result<Report, Error>, Vec<String>) {
    let folder = Folder::read(path).expect("a good folder");
    let mut lines = Vec::new();
    let options = Options::new("public");
    let report = apply(&database.client, &folder, &options, |event| lines.push(event.to_string())).await;
    (report, lines)
}

#[tokio::test]
async fn what_the_samples_runner_applied_is_not_run_again() {
    let database = seeded(&Checksum::of(INIT).to_string()).await;
    let root = older();
    let (report, lines) = run(&database, root.path()).await;
    let report = report.expect("the rest applies");
    assert_eq!((report.adopted, report.statements()), (1, 3));
    assert_eq!(lines[0], "Taking over 1 applied migration from \"public\".\"__drizzle_migrations\"");
    assert_eq!(lines[1], "Applying migration: 0001_next");
    assert!(run(&database, root.path()).await.0.expect("all is applied").is_empty());
    assert_eq!(database.count("__mizzle_migrations WHERE note LIKE 'taken over%'").await, 2);
    // Nobody's records are part of the schema: a plan would drop them.
    let schema = mizzle_kit::introspect::introspect(&database.client).await.expect("a schema");
    let tables: Vec<&str> = schema.tables.iter().map(|table| table.name.name.as_str()).collect();
    assert_eq!(tables, ["cat", "ours", "owner", "pet", "vet"]);
}

#[tokio::test]
async fn the_same_file_in_a_folder_of_its_own_is_the_same_migration() {
    let database = seeded(&Checksum::of(INIT).to_string()).await;
    let root = tempfile::tempdir().expect("a temporary folder");
    put(
        &root,
        "0000_init/migration.sql",
        &INIT.trim_end().trim_end_matches("--> statement-breakpoint").replace('\n', "\r\n"),
    );
    let error = run(&database, root.path()).await.0.expect_err("the last line is another one");
    assert!(
        error.to_string().contains("is not the one that \"public\".\"__drizzle_migrations\" says"),
        "{error}"
    );
    put(&root, "0000_init/migration.sql", &INIT.replace('\n', "\r\n"));
    put(&root, "0000_init/snapshot.json", "{}");
    assert_eq!(run(&database, root.path()).await.0.expect("line endings are none").adopted, 1);
}

#[tokio::test]
async fn a_file_that_was_lost_or_edited_since_is_named() {
    let root = older();
    let database = seeded(&Checksum::of("another text").to_string()).await;
    let error = run(&database, root.path()).await.0.expect_err("it is another file");
    assert!(error.to_string().contains("0000_init.sql: the file is not the one"), "{error}");
    assert!(error.hint().expect("a cure").contains("mizzle repair --applied 0000_init"));

    let folder = Folder::read(root.path()).expect("a good folder");
    let applied = Decision::Applied("0000_init".into());
    repair(&database.client, &folder, &Options::new("public"), &applied).await.expect("it is written");
    let hash = Checksum::of("a third text");
    let row = format!("('{hash}', '0001_next', 1767225700000)");
    database
        .execute(&format!("INSERT INTO \"__drizzle_migrations\" (hash, tag, created_at) VALUES {row}"))
        .await;
    let error = run(&database, root.path()).await.0.expect_err("the next is another file too");
    assert!(error.to_string().contains("0001_next.sql: the file is not the one"), "{error}");

    database.execute("DELETE FROM __mizzle_migrations").await;
    database.execute("UPDATE \"__drizzle_migrations\" SET tag = '0000_gone'").await;
    let error = run(&database, root.path()).await.0.expect_err("it is gone");
    assert!(error.to_string().starts_with("migration 0000_gone is applied by "), "{error}");
    assert_eq!(database.count("__mizzle_migrations WHERE state = 'applied'").await, 0);
}
