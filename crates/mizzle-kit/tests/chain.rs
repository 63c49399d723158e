//! Folders that are written, edited and merged: what `check` says, and what comes of its cures.

use std::path::Path;

use mizzle_kit::{BreachKind, Folder, check};
use tempfile::TempDir;

/// A folder of three generated migrations, `a`, `b` and `c`, each of one table.
fn three() -> (TempDir, Vec<String>) {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut folder = Folder::read_or_new(root.path().join("migrations")).expect("it is new");
    let names = ["a", "b", "c"].map(|name| write(&mut folder, name)).to_vec();
    (root, names)
}

fn write(folder: &mut Folder, table: &str) -> String {
    let sql = format!("-- makes {table}\nCREATE TABLE {table} (id uuid PRIMARY KEY);");
    folder.write(&format!("Make {table}!"), &sql, None).expect("it is written").name.clone()
}

fn file(root: &TempDir, name: &str) -> std::path::PathBuf {
    root.path().join("migrations").join(name).join("migration.sql")
}

fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("it is there");
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).expect("it can be written");
}

fn read(root: &TempDir) -> Folder {
    Folder::read(root.path().join("migrations")).expect("a good folder")
}

/// The breaches as `kind migration: what` lines, without the numbers.
#[track_caller]
fn finds(root: &TempDir, expect: &[&str]) {
    let found: Vec<String> = check(&read(root))
        .iter()
        .map(|breach| format!("{} {}: {}", breach.kind.name(), breach.migration, breach.what))
        .map(|line| without_numbers(&line))
        .collect();
    assert_eq!(found, expect);
}

fn without_numbers(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.split_once('_') {
        Some((digits, rest)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_migration_names_the_one_that_it_was_written_on() {
    let (root, names) = three();
    let text = std::fs::read_to_string(file(&root, &names[1])).expect("it is there");
    let parent = format!("-- mizzle: parent={} sha256={}\n", names[0], read(&root).migrations()[0].chain);
    assert_eq!(text, format!("{parent}-- makes b\nCREATE TABLE b (id uuid PRIMARY KEY);\n"));
    assert!(names.is_sorted() && names[0].ends_with("_make_a"), "{names:?}");
    assert_eq!(names[0].split('_').next().map(str::len), Some(14));
    finds(&root, &[]);
}

#[test]
fn a_snapshot_stands_beside_the_statements() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut folder = Folder::read_or_new(root.path()).expect("it is new");
    let path = folder.write("a", "SELECT 1", Some("{}")).expect("it is written").snapshot.clone();
    assert_eq!(std::fs::read_to_string(path.expect("it has one")).expect("it is there"), "{}");
    assert_eq!(read_names(root.path()).len(), 1);
    assert_eq!(Folder::read(root.path()).expect("good").migrations(), folder.migrations());
}

fn read_names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).expect("it is there");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn what_is_no_migration_is_not_written() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let mut folder = Folder::read_or_new(root.path()).expect("it is new");
    for (name, sql, said) in [
        ("a", "SELECT 1; SELECT 2", "a second statement begins here"),
        ("!", "SELECT 1", "\"!\" names no migration"),
        ("a", "-- mizzle: backfil\nSELECT 1", "the runner does not know what this comment asks for"),
    ] {
        let error = folder.write(name, sql, None).expect_err("it is wrong");
        assert!(error.to_string().ends_with(said) && error.hint().is_some(), "{error}");
    }
    assert_eq!(read_names(root.path()), [""; 0]);
}

#[test]
fn an_edit_is_found_once_and_named() {
    let (root, names) = three();
    edit(&file(&root, &names[0]), "id uuid", "id bigint");
    finds(&root, &["edited make_b: make_a was changed after this was written on it"]);
    // The last one may be edited: nothing was written on it.
    let (root, names) = three();
    edit(&file(&root, &names[2]), "id uuid", "id bigint");
    finds(&root, &[]);
    // Comments and line endings are no statements.
    edit(&file(&root, &names[0]), "-- makes a\n", "-- makes a table\r\n");
    finds(&root, &[]);
}

#[test]
fn a_lost_and_a_moved_migration_are_found() {
    let (root, names) = three();
    std::fs::remove_dir_all(root.path().join("migrations").join(&names[1])).expect("it can go");
    finds(&root, &["missing make_c: it was written on make_b, which is not in the folder"]);

    let (root, names) = three();
    let folder = root.path().join("migrations");
    std::fs::rename(folder.join(&names[2]), folder.join("1_make_c")).expect("it can move");
    finds(&root, &["reordered make_c: it stands before make_b, on which it was written"]);
}

/// Two branches from `a`: `b` with `c` on the one, and what `write` puts behind `a` on the other.
fn branched(write: impl FnOnce(&mut Folder) -> String) -> (TempDir, String) {
    let (root, names) = three();
    let folder = root.path().join("migrations");
    let aside = root.path().join("aside");
    std::fs::create_dir(&aside).expect("a folder");
    for name in &names[1..] {
        std::fs::rename(folder.join(name), aside.join(name)).expect("it can move");
    }
    // Later than the others, as a branch is that is merged last.
    let mut branch = Folder::read(&folder).expect("a good folder");
    let name = write(&mut branch);
    let late = format!("99999999999999_{}", name.split_once('_').expect("a number").1);
    std::fs::rename(folder.join(&name), folder.join(&late)).expect("it can move");
    for name in &names[1..] {
        std::fs::rename(aside.join(name), folder.join(name)).expect("it can move");
    }
    (root, late)
}

#[test]
fn two_branches_that_do_not_meet_are_put_behind_each_other() {
    let (root, late) = branched(|folder| write(folder, "d"));
    finds(&root, &["forked make_d: it was written on make_a, beside make_b, make_c"]);
    let breach = &check(&read(&root))[0];
    assert_eq!(breach.hint, format!("`mizzle check --rebase {late}` puts it behind the others"));

    let mut folder = read(&root);
    assert_eq!(folder.rebase(&late).expect("it can be moved").name, late);
    assert_eq!(check(&folder), []);
    finds(&root, &[]);
}

#[test]
fn two_branches_that_change_one_table_are_for_a_person_to_read() {
    let (root, late) = branched(|folder| {
        let sql = "ALTER TABLE c ADD COLUMN x int";
        folder.write("c x", sql, None).expect("it is written").name.clone()
    });
    finds(&root, &["conflicting c_x: it was written on make_a, beside make_b, make_c; both change c"]);
    assert_eq!(check(&read(&root))[0].kind, BreachKind::Conflicting);

    // The one in the middle may go to the end as well, with a number of its own.
    let mut folder = read(&root);
    let c = folder.migrations()[2].name.clone();
    folder.rebase(&late).expect("it can be moved");
    let moved = folder.rebase(&c).expect("it can be moved").name.clone();
    assert_eq!(moved, "100000000000000_make_c");
    assert_eq!(folder.migrations().last().map(|last| last.name.clone()), Some(moved));
    assert_eq!(read(&root), folder);
}

#[test]
fn a_generated_migration_is_generated_again_rather_than_moved() {
    let (root, late) =
        branched(|folder| folder.write("d", "SELECT 1", Some("{}")).expect("it is written").name.clone());
    // Nor does anybody take it for the schema of both.
    assert_eq!(read(&root).schema().expect("it can be read"), None);
    let error = read(&root).rebase(&late).expect_err("its snapshot knows of one branch");
    assert!(error.hint().expect("a cure").contains("generate it again"), "{error}");
}

#[test]
fn the_last_migration_can_be_taken_back() {
    let (root, names) = three();
    let mut folder = read(&root);
    assert_eq!(folder.undo().expect("it goes").name, names[2]);
    assert_eq!(read(&root).migrations(), folder.migrations());
    folder.undo().and_then(|_| folder.undo()).expect("both go");
    assert!(folder.undo().expect_err("it is empty").hint().is_some());
}
