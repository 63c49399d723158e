//! Folders on disk: what is read, and what each mistake is called.

use std::path::Path;

use mizzle_kit::Folder;
use tempfile::TempDir;

/// A folder of files, given as path and content.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let root = tempfile::tempdir().expect("a temporary folder");
    for (path, content) in files {
        let file = root.path().join(path);
        std::fs::create_dir_all(file.parent().expect("it is below the root")).expect("folders can be made");
        std::fs::write(file, content).expect("files can be written");
    }
    root
}

/// The migrations and how many statements each has, or the error and its hint; the root's path reads `…`.
#[track_caller]
fn check(files: &[(&str, &[u8])], expect: &str) {
    let root = folder(files);
    let got = describe(root.path()).replace(&root.path().display().to_string(), "…");
    assert_eq!(got, expect);
}

fn describe(path: &Path) -> String {
    match Folder::read(path) {
        Ok(folder) => folder
            .migrations()
            .iter()
            .map(|migration| format!("{} {}", migration.name, migration.statements.len()))
            .collect::<Vec<_>>()
            .join(", "),
        Err(error) => format!("{error}\n{}", error.hint().expect("every mistake has a cure")),
    }
}

#[test]
fn migrations_are_read_in_the_order_of_their_numbers() {
    check(
        &[
            ("10_c/migration.sql", b"SELECT 1"),
            ("9_b/migration.sql", b"SELECT 1;--> statement-breakpoint\nSELECT 2;\n"),
            ("0000_a/migration.sql", b"SELECT 1"),
            ("20261122101500_d/migration.sql", b"SELECT 1"),
            ("9_b/snapshot.json", b"{}"),
            (".git/x", b""),
            ("README.md", b"about these"),
        ],
        "0000_a 1, 9_b 2, 10_c 1, 20261122101500_d 1",
    );
    check(&[], "");
}

#[test]
fn a_missing_folder_or_file_is_named() {
    let root = folder(&[("0000_a/other.sql", b"SELECT 1")]);
    let missing = root.path().join("migrations");
    let error = Folder::read(&missing).expect_err("it is not there");
    assert_eq!(error.to_string(), format!("{} cannot be read", missing.display()));
    check(
        &[("0000_a/other.sql", b"SELECT 1")],
        "…/0000_a/migration.sql cannot be read\nevery folder of a migration holds a file migration.sql",
    );
}

#[test]
fn names_have_a_number_of_their_own() {
    let cure = "a migration's folder is called <digits>_<name>, such as 20261122101500_init or 0000_init";
    for name in ["init", "_init", "0000", "0000_", "1a_init", "99999999999999999999_init"] {
        check(
            &[(&format!("{name}/migration.sql"), b"SELECT 1")],
            &format!("…/{name}/migration.sql: {name:?} is not the name of a migration\n{cure}"),
        );
    }
    check(
        &[("0001_a/migration.sql", b"SELECT 1"), ("1_b/migration.sql", b"SELECT 1")],
        "migrations 0001_a and 1_b have the same number\ngive the later one a higher number",
    );
    check(
        &[("0000_a.sql", b"SELECT 1")],
        "…/0000_a.sql is not in a folder of its own\nmove it to 0000_a/migration.sql",
    );
}

#[test]
fn mistakes_in_a_file_have_a_line_and_a_column() {
    check(
        &[("0000_a/migration.sql", b"SELECT 1;\n  SELECT 2;")],
        "…/0000_a/migration.sql:2:3: a second statement begins here\n\
         put a line `--> statement-breakpoint` between the two: each runs in a transaction of its own",
    );
    check(
        &[("0000_a/migration.sql", b"SELECT 1;\n--> statement-breakpoint\n")],
        "…/0000_a/migration.sql:2:1: the statement is empty\n\
         write a statement on each side of every `--> statement-breakpoint`, or remove the separator",
    );
    check(
        &[("0000_a/migration.sql", b"SELECT 1,\n '\xff'")],
        "…/0000_a/migration.sql:2:3: the file is not UTF-8\nsave it as UTF-8",
    );
}

#[test]
fn embedded_migrations_are_checked_alike() {
    let folder = Folder::embedded(&[("0001_b", "SELECT 2"), ("0000_a", "SELECT 1")]).expect("both are good");
    let names: Vec<_> = folder.migrations().iter().map(|migration| migration.name.as_str()).collect();
    assert_eq!(names, ["0000_a", "0001_b"]);
    let error = Folder::embedded(&[("0000_a", "SELECT 'x")]).expect_err("the string is open");
    assert_eq!(error.to_string(), "0000_a/migration.sql:1:8: the string does not end");
    assert_eq!((error.line(), error.file()), (Some(1), Some(Path::new("0000_a/migration.sql"))));
}
