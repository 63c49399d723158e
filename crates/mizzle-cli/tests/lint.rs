//! `mizzle lint` as a process: what it says, what it writes, and how it ends.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs it in a folder, with something on its standard input.
fn lint(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mizzle"))
        .arg("lint")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mizzle runs");
    // A reader that has its file does not read this.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn a_finding_shows_its_line_with_a_caret() {
    let folder = folder(&[("a.sql", "-- the search\nCREATE INDEX i ON pet (name);\n")]);
    let output = lint(folder.path(), &["a.sql"], "");
    assert_eq!(output.status.code(), Some(1));
    let expected = "\
error[index-async]: CREATE INDEX stands without ASYNC
 --> a.sql:2:1
  |
2 | CREATE INDEX i ON pet (name);
  | ^^^^^^^^^^^^
  |
  = help: CREATE INDEX ASYNC, then wait for its job
  = note: `--fix` does it

";
    assert_eq!(out(&output), expected);
    assert_eq!(err(&output), "1 error, 0 warnings in 1 file; --fix mends 1\n");
}

#[test]
fn a_folder_is_one_schema_in_the_order_of_its_numbers() {
    let pet = "CREATE TABLE pet (id uuid PRIMARY KEY, owner_id uuid REFERENCES owner (id));\n";
    let files = [
        ("migrations/9_init/migration.sql", "CREATE TABLE owner (id uuid PRIMARY KEY);\n"),
        ("migrations/10_pets/migration.sql", pet),
        ("migrations/README.md", "not SQL"),
    ];
    let folder = folder(&files);
    let output = lint(folder.path(), &[], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).starts_with("warning[relation-index]"), "{}", out(&output));
    assert!(out(&output).contains("10_pets/migration.sql:1:54"), "{}", out(&output));
    let index = folder.path().join("migrations/11_index");
    std::fs::create_dir(&index).expect("a folder");
    std::fs::write(index.join("migration.sql"), "CREATE INDEX ASYNC ON pet (owner_id);\n").expect("a file");
    let output = lint(folder.path(), &[], "");
    assert_eq!((output.status.code(), out(&output)), (Some(0), String::new()));
    assert_eq!(err(&output), "nothing found in 3 files\n");
}

#[test]
fn fix_mends_the_file_and_says_what_is_left() {
    let folder = folder(&[("a.sql", "-- one\nCREATE INDEX i ON pet (name); -- two\nTRUNCATE pet;\n")]);
    let output = lint(folder.path(), &["--fix", "a.sql"], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).starts_with("error[truncate]") && !out(&output).contains("index-async"));
    assert!(err(&output).ends_with("; 1 file changed\n"), "{}", err(&output));
    let mended = "-- one\nCREATE INDEX ASYNC i ON pet (name); -- two\nTRUNCATE pet;\n";
    let text = || std::fs::read_to_string(folder.path().join("a.sql")).expect("a file");
    assert_eq!(text(), mended);
    let again = lint(folder.path(), &["--fix", "a.sql"], "");
    assert_eq!(text(), mended);
    assert!(!err(&again).contains("changed"), "{}", err(&again));
}

#[test]
fn standard_input_is_a_file_and_its_mended_text_goes_to_standard_output() {
    let folder = folder(&[]);
    let output = lint(folder.path(), &["-"], "TRUNCATE pet;");
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("--> <stdin>:1:1"), "{}", out(&output));
    let output = lint(folder.path(), &["--fix", "-"], "CREATE INDEX i ON pet (name)");
    assert_eq!(
        (output.status.code(), out(&output)),
        (Some(0), "CREATE INDEX ASYNC i ON pet (name)".to_owned())
    );
}

#[test]
fn json_tells_a_program_everything() {
    let folder = folder(&[("a.sql", "CREATE INDEX i ON pet (name);")]);
    let output = lint(folder.path(), &["--json", "a.sql"], "");
    assert_eq!((output.status.code(), err(&output)), (Some(1), String::new()));
    let document: serde_json::Value = serde_json::from_str(&out(&output)).expect("JSON");
    let finding = &document["findings"][0];
    assert_eq!(
        (finding["rule"].as_str(), finding["severity"].as_str()),
        (Some("index-async"), Some("error"))
    );
    assert_eq!((finding["file"].as_str(), finding["line"].as_u64()), (Some("a.sql"), Some(1)));
    assert_eq!((finding["start"].as_u64(), finding["end"].as_u64()), (Some(0), Some(12)));
    assert_eq!(finding["edits"][0], serde_json::json!({"start": 12, "end": 12, "text": " ASYNC"}));
    assert_eq!(document["errors"].as_u64(), Some(1));
}

#[test]
fn mistakes_of_the_command_line_end_with_two() {
    let folder = folder(&[("bytes.sql", "")]);
    std::fs::write(folder.path().join("bytes.sql"), b"SELECT '\xff'").expect("a file");
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    for (arguments, expected) in [
        (&["nowhere.sql"][..], "error: cannot read `nowhere.sql`"),
        (&["bytes.sql"], "hint: save it as UTF-8"),
        (&["empty"], "error: no .sql file in `empty`"),
        (&["--explain", "nothing"], "error: there is no rule `nothing`"),
        (&["--frobnicate"], "error: unexpected argument"),
    ] {
        let output = lint(folder.path(), arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(err(&output).contains(expected), "{}", err(&output));
    }
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = folder(&[]);
    let output = lint(folder.path(), &["--rules"], "");
    assert!(output.status.success() && out(&output).lines().any(|line| line.starts_with("wide-cascade  ")));
    let output = lint(folder.path(), &["--explain", "wide-cascade"], "");
    assert!(output.status.success() && out(&output).starts_with("# wide-cascade\n"), "{}", out(&output));
}
