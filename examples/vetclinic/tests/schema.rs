//! The structs, the folder and the database are one schema: nothing is written by hand beside what was generated.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mizzle::connect::Config;
use mizzle_kit::introspect::introspect_for;
use mizzle_kit::lint::{Linter, Source};
use mizzle_kit::plan::{export, plan};
use mizzle_kit::{Declaration, Folder, Options, apply, check, pull};
use mizzle_local::LocalDsql;
use vetclinic::schema::TABLES;

fn folder() -> Folder {
    Folder::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).expect("a folder of migrations")
}

/// What the schema binary prints.
fn declared() -> Declaration {
    let output =
        Command::new(env!("CARGO_BIN_EXE_vetclinic-schema")).output().expect("the schema binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Declaration::from_json(&String::from_utf8(output.stdout).expect("text")).expect("a declaration")
}

#[test]
fn the_schema_binary_says_what_the_structs_declare() {
    assert_eq!(declared(), Declaration::of(TABLES).expect("five tables"));
    assert_eq!(declared().relations.len(), 3, "the clinic's relations are logical, and known all the same");
}

#[test]
fn the_folder_leads_to_the_structs_and_has_nothing_to_find() {
    let folder = folder();
    let schema = folder.schema().expect("a readable snapshot").expect("the newest migration has one");
    let plan = plan(&schema, &declared().snapshot).expect("nothing to refuse");
    assert_eq!(plan.changes, []);
    assert_eq!(check(&folder), []);
    let files: Vec<Source> = folder
        .migrations()
        .iter()
        .map(|migration| {
            let text = std::fs::read_to_string(&migration.file).expect("a file");
            Source::new(migration.file.display().to_string(), text)
        })
        .collect();
    assert_eq!(Linter::new().lint(&files), []);
}

#[test]
fn the_first_migration_is_the_generated_one() {
    let folder = folder();
    let [first] = folder.migrations() else { panic!("the clinic has one migration") };
    let text = std::fs::read_to_string(&first.file).expect("a file");
    assert_eq!(text, export(&declared().snapshot).expect("nothing to refuse"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migrated_database_is_what_the_structs_declare_and_is_pulled_as_them() {
    let local = LocalDsql::builder().job_delay(Duration::ZERO).start().await.unwrap();
    let client = Config::from_vars(|name| local.variable(name)).unwrap().connect().await.unwrap();
    apply(&client, &folder(), &Options::new("public"), |_| ()).await.unwrap();
    let declared = declared().snapshot;
    let found = introspect_for(&client, &declared).await.unwrap();
    assert_eq!(plan(&found, &declared).expect("nothing to refuse").changes, []);
    let source = pull(&found);
    for name in ["Owner", "Pet", "Specialty", "Vet", "SpecialtyToVet"] {
        assert!(source.contains(&format!("pub struct {name} {{")), "{name} is missing: {source}");
    }
    drop(client);
    local.stop().await.unwrap();
}
