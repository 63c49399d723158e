//! The way of somebody who is new: an application is made, runs, changes a struct and migrates.

use std::path::{Path, PathBuf};
use std::process::Command;

use mizzle_local::LocalDsql;
use tempfile::TempDir;

/// A folder in which cargo builds what the workspace has built already, and asks no registry.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let target = Path::new(env!("CARGO_BIN_EXE_mizzle")).ancestors().nth(2).expect("target/debug/mizzle");
    let target = target.display().to_string();
    // The profile is the workspace's: with another, all would be compiled again.
    let config = format!(
        "[build]\ntarget-dir = {target:?}\n[net]\noffline = true\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n[profile.dev.package.\"*\"]\ndebug = false\n"
    );
    std::fs::create_dir(folder.path().join(".cargo")).expect("a folder");
    std::fs::write(folder.path().join(".cargo/config.toml"), config).expect("a file");
    folder
}

struct Newcomer {
    project: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Newcomer {
    /// Runs a command in the project and answers what it printed.
    fn run(&self, program: &str, arguments: &[&str], expected: i32) -> String {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars() {
            // What cargo told this test is not for the other package.
            let prefixes =
                ["CLUSTER_", "AWS_", "PG", "MIZZLE_", "CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_TARGET_DIR"];
            if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.args(arguments).current_dir(&self.project).envs(self.variables.iter().cloned());
        let output = command.output().expect("it runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(expected), "{program} {arguments:?}: {out}{err}");
        assert!(!err.contains("warning"), "{program} {arguments:?}: {err}");
        out.into_owned()
    }

    fn mizzle(&self, arguments: &[&str]) -> String {
        self.run(env!("CARGO_BIN_EXE_mizzle"), arguments, 0)
    }

    fn cargo_run(&self) -> String {
        self.run(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), &["run", "--quiet"], 0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_application_runs_changes_and_migrates() {
    let folder = folder();
    let mut newcomer = Newcomer { project: folder.path().to_owned(), variables: Vec::new() };
    let made = newcomer.mizzle(&["init", "mizzle-newcomer"]);
    assert!(made.starts_with("Made mizzle-newcomer\n"), "{made}");
    newcomer.run(env!("CARGO_BIN_EXE_mizzle"), &["init", "mizzle-newcomer"], 1);
    newcomer.run(env!("CARGO_BIN_EXE_mizzle"), &["init", "1st"], 2);
    newcomer.project.push("mizzle-newcomer");
    let ran = newcomer.cargo_run();
    assert!(ran.starts_with("Applied ") && ran.ends_with("Ann has Rex\n"), "{ran}");
    let nothing = "Nothing to do: the structs are what the newest migration leads to\n";
    assert_eq!(newcomer.mizzle(&["generate"]), nothing);
    newcomer.mizzle(&["check"]);
    newcomer.mizzle(&["lint"]);

    let schema = newcomer.project.join("src/schema.rs");
    let source = std::fs::read_to_string(&schema).expect("the structs");
    let changed = source.replacen(
        "    pub name: String,\n",
        "    pub name: String,\n    pub city: Option<String>,\n",
        1,
    );
    assert_ne!(source, changed);
    std::fs::write(&schema, changed).expect("the structs");
    let wrote = newcomer.mizzle(&["generate"]);
    assert!(wrote.contains("_owner_add_column_city/migration.sql\n  owner: add column city\n"), "{wrote}");

    let local = LocalDsql::start().await.expect("a local DSQL starts");
    newcomer.variables = local.environment();
    assert!(newcomer.mizzle(&["migrate"]).contains("of 2 migrations"));
    assert!(newcomer.mizzle(&["status"]).ends_with("Everything is applied\n"));
    assert_eq!(newcomer.mizzle(&["plan"]), "Nothing to do\n");
    let ran = newcomer.cargo_run();
    assert_eq!(ran, "Nothing to apply\nAnn has Rex\n");

    // What is pulled from the database compiles, and is the same schema.
    newcomer.mizzle(&["pull", "--out", "src/schema.rs", "--force"]);
    assert_eq!(newcomer.mizzle(&["plan"]), "Nothing to do\n");
    assert_eq!(newcomer.mizzle(&["generate"]), nothing);

    std::fs::write(&schema, "compile me").expect("the structs");
    newcomer.run(env!("CARGO_BIN_EXE_mizzle"), &["generate"], 1);
}
