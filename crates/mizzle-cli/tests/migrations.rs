//! The commands on migrations as a person runs them: what they print, their JSON and their exit codes.

use std::path::Path;
use std::process::{Command, Output};

use mizzle_local::LocalDsql;
use serde_json::Value;
use tempfile::TempDir;

const INIT: &str = "CREATE TABLE owner (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);";
const PETS: &str = "CREATE TABLE pet (id uuid PRIMARY KEY, owner_id uuid);\n\
    --> statement-breakpoint\nCREATE INDEX ASYNC pet_owner ON pet (owner_id);";

/// A cluster, and a project with a folder of migrations.
struct Project {
    local: LocalDsql,
    folder: TempDir,
}

impl Project {
    async fn new(migrations: &[(&str, &str)]) -> Self {
        let local = LocalDsql::start().await.expect("a local DSQL starts");
        let project = Self { local, folder: tempfile::tempdir().expect("a folder") };
        for (name, text) in migrations {
            project.put(name, text);
        }
        project
    }

    fn put(&self, name: &str, text: &str) {
        let folder = self.folder.path().join("migrations").join(name);
        std::fs::create_dir_all(&folder).expect("folders can be made");
        std::fs::write(folder.join("migration.sql"), text).expect("files can be written");
    }

    /// Runs the command in the project: its exit code, what it printed, and what it complained of.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        said(mizzle(self.folder.path()).args(arguments).envs(self.local.environment()))
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, out, _) = self.run(arguments);
        (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
    }
}

fn mizzle(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mizzle"));
    for (name, _) in std::env::vars() {
        if ["CLUSTER_", "AWS_", "PG", "MIZZLE_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.current_dir(folder);
    command
}

fn said(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("mizzle runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code().expect("no signal"), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_applied_once_and_seen() {
    let project = Project::new(&[("0000_init", INIT), ("0001_pets", PETS)]).await;
    let (code, out, _) = project.run(&["status"]);
    assert_eq!((code, out.as_str()), (1, "pending  0000_init\npending  0001_pets\n"));

    let (code, out, err) = project.run(&["migrate"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("Applying migration: 0000_init\n  CREATE TABLE owner"), "{out}");
    assert!(out.ends_with("Applied 3 statements of 2 migrations\n") && !out.contains('\x1b'), "{out}");

    assert_eq!(project.run(&["migrate"]).1, "Nothing to apply\n");
    let (code, out, _) = project.run(&["status"]);
    assert_eq!((code, out.as_str()), (0, "applied  0000_init\napplied  0001_pets\nEverything is applied\n"));

    let (code, json) = project.json(&["migrate", "--json"]);
    assert_eq!(
        (code, &json["applied"], &json["end"]["migration"]),
        (0, &serde_json::json!([]), &"0001_pets".into())
    );
    let (code, json) = project.json(&["status", "--json"]);
    assert_eq!((code, &json["clean"], &json["migrations"][1]["statements"]), (0, &true.into(), &2.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_statement_stops_the_run_and_the_next_goes_on() {
    let wrong = PETS.replace("(owner_id)", "(owner)");
    let project = Project::new(&[("0000_init", INIT), ("0001_pets", &wrong)]).await;
    let (code, out, err) = project.run(&["migrate"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.ends_with("Applied 2 statements of 2 migrations\n"), "{out}");
    let (code, _, undo) = project.run(&["undo"]);
    assert_eq!((code, undo.starts_with("error: 0001_pets is applied in part\nhint: ")), (1, true), "{undo}");
    assert!(err.starts_with("error: migrations/0001_pets/migration.sql:3:"), "{err}");
    assert!(err.contains("\nhint: correct the statement and run `mizzle migrate` again"), "{err}");

    let (code, out, _) = project.run(&["status"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("pending  0001_pets (1 of 2 statements are applied)\n0001_pets:2 is failed: "),
        "{out}"
    );
    assert!(
        out.contains("\nhint: once the cause is gone, `mizzle migrate` goes on with this statement\n"),
        "{out}"
    );
    // What is applied stays, in a migration that is not at its end too.
    project.put("0001_pets", &wrong.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"));
    let (_, _, err) = project.run(&["migrate"]);
    assert!(
        err.contains("hint: restore it from version control: what stands above line 3 is applied"),
        "{err}"
    );
    project.put("0001_pets", &wrong);
    let (code, json) = project.json(&["migrate", "--json"]);
    assert_eq!((code, &json["error"]["line"], &json["error"]["sql_state"]), (1, &3.into(), &"42703".into()));

    project.put("0001_pets", PETS);
    let (code, out, _) = project.run(&["migrate"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.ends_with("Applied 1 statement of 1 migration\n"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_know_is_for_a_person_to_say() {
    let sequence = "CREATE SEQUENCE numbers CACHE 1;\n--> statement-breakpoint\nALTER SEQUENCE numbers RESTART WITH 100;";
    let project = Project::new(&[("0000_numbers", sequence)]).await;
    assert_eq!(project.run(&["migrate"]).0, 0);
    // As if the run had been killed at the second statement.
    let client = mizzle_connect::Config::from_vars(|name| project.local.variable(name));
    let client = client.expect("it says how").connect().await.expect("it lets us in");
    let killed = "UPDATE __mizzle_migrations SET state = 'running' WHERE ordinal = 1";
    client.batch_execute(killed).await.expect("a row");

    let (code, _, err) = project.run(&["migrate"]);
    assert_eq!(code, 1);
    let hint = "hint: look, then say so: `mizzle repair --applied 0000_numbers:2` or `mizzle repair --again 0000_numbers:2`";
    assert!(err.contains(hint), "{err}");
    let (code, out, _) = project.run(&["repair", "--applied", "0000_numbers:2"]);
    assert_eq!((code, out.as_str()), (0, "Recorded; `mizzle migrate` goes on from there (1 row)\n"));
    assert_eq!(project.run(&["status"]).0, 0);

    client.batch_execute(killed).await.expect("a row");
    assert_eq!(project.run(&["repair", "--again", "0000_numbers:2"]).0, 0);
    assert_eq!(project.run(&["migrate"]).1.lines().last(), Some("Applied 1 statement of 1 migration"));

    let taken = "UPDATE __mizzle_migrations SET token = 'x', expires_at = now() + interval '1 hour' WHERE ordinal = -1";
    client.batch_execute(taken).await.expect("a row");
    assert_eq!(project.run(&["repair", "--again", "0000_numbers"]).0, 3);
    assert_eq!(
        project.run(&["repair", "--unlock"]),
        (0, "The next run comes in at once\n".into(), String::new())
    );
    assert_eq!(project.run(&["repair", "--unlock"]).0, 1);
    assert_eq!(project.run(&["repair", "--applied", "0009_none"]).0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_is_taken_back_while_it_is_applied_nowhere() {
    let project = Project::new(&[("0000_init", INIT)]).await;
    assert_eq!(project.run(&["migrate"]).0, 0);
    project.put("0001_pets", PETS);
    assert_eq!(project.run(&["undo"]), (0, "Removed 0001_pets\n".into(), String::new()));
    let (code, _, err) = project.run(&["undo"]);
    assert_eq!((code, err.starts_with("error: 0000_init is applied\nhint: ")), (1, true), "{err}");
    assert!(project.folder.path().join("migrations/0000_init").is_dir());
    project.put("0001_pets", PETS);
    let offline = said(mizzle(project.folder.path()).args(["undo", "--offline", "--json"]));
    assert_eq!(offline.1, "{\"removed\":\"0001_pets\"}\n");
}

#[test]
fn a_folder_is_checked_without_a_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut migrations =
        mizzle_kit::Folder::read_or_new(folder.path().join("migrations")).expect("it is new");
    let first = migrations.write("init", INIT, None).expect("it is written").name.clone();
    let second = migrations.write("pets", PETS, None).expect("it is written").name.clone();
    let check = |more: &[&str]| said(mizzle(folder.path()).arg("check").args(more));
    assert_eq!(check(&[]), (0, "2 migrations, nothing found\n".into(), String::new()));

    let file = folder.path().join("migrations").join(&first).join("migration.sql");
    std::fs::write(&file, INIT.replace("text", "varchar(30)")).expect("it can be written");
    let (code, out, _) = check(&[]);
    assert_eq!(code, 1);
    let expect = format!(
        "migrations/{second}/migration.sql: edited: {first} was changed after this was written on it\nhint: "
    );
    assert!(out.starts_with(&expect), "{out}");
    let json: Value = serde_json::from_str(&check(&["--json"]).1).expect("JSON");
    assert_eq!(json["breaches"][0]["kind"], "edited");
    assert_eq!(check(&["--rebase", &second]).0, 0);
    assert_eq!(check(&["--rebase", "0_none"]).0, 1);
}

#[test]
fn obstacles_and_wrong_usage_have_codes_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, _, err) = said(mizzle(folder.path()).arg("check"));
    assert_eq!((code, err.contains("\nhint: make the folder")), (2, true), "{err}");
    std::fs::create_dir(folder.path().join("migrations")).expect("a folder");
    let (code, _, err) = said(mizzle(folder.path()).arg("migrate"));
    assert_eq!((code, err.contains("CLUSTER_ENDPOINT") && err.contains("hint: ")), (2, true), "{err}");
    let (code, out, err) = said(mizzle(folder.path()).args(["migrate", "--json"]));
    let json: Value = serde_json::from_str(&out).expect("one document");
    assert_eq!(
        (code, format!("error: {}\n", json["error"]["message"].as_str().expect("text"))),
        (2, err.lines().next().map(|line| format!("{line}\n")).expect("a line"))
    );
    let (code, out, _) = said(mizzle(folder.path()).args(["lint", "none.sql", "--json"]));
    let json: Value = serde_json::from_str(&out).expect("one document");
    assert_eq!((code, json["error"]["hint"].is_string()), (2, true), "{out}");
    let (code, _, err) = said(mizzle(folder.path()).arg("repair"));
    assert_eq!((code, err.contains("--applied")), (2, true), "{err}");
}

#[test]
fn help_teaches_and_shells_complete() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in ["migrate", "status", "check", "repair", "undo", "completions"] {
        let (code, out, _) = said(mizzle(folder.path()).args([command, "--help"]));
        assert_eq!(
            (code, out.contains("Examples:") && out.contains(&format!("mizzle {command}"))),
            (0, true),
            "{out}"
        );
        assert!(!out.contains('\x1b'), "{out}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = said(mizzle(folder.path()).args(["completions", shell]));
        assert_eq!((code, out.contains("migrate") && out.contains("repair")), (0, true));
    }
}
