//! What the house promises of its own shape; each promise stands in ARCHITECTURE.md beside the name of its test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which crate may use which: an arrow that is not here is argued for first.
const ARROWS: &[(&str, &[&str])] = &[
    ("mizzle-macros", &[]),
    ("mizzle-connect", &[]),
    ("mizzle", &["mizzle-macros", "mizzle-connect"]),
    ("mizzle-kit", &["mizzle", "mizzle-connect"]),
    ("mizzle-local", &[]),
    ("mizzle-cli", &["mizzle-kit", "mizzle", "mizzle-connect", "mizzle-local"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn crates_use_only_the_crates_they_may() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages: BTreeMap<&str, BTreeSet<&str>> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            // a test may stand on anything
            let used = dependencies.filter(|dependency| dependency["kind"] != "dev");
            (
                package["name"].as_str().unwrap(),
                used.map(|dependency| dependency["name"].as_str().unwrap()).collect(),
            )
        })
        .collect();
    let ours: BTreeSet<&str> = packages.keys().copied().collect();
    for (name, allowed) in ARROWS {
        let used = packages[name].intersection(&ours).copied().filter(|used| !allowed.contains(used));
        assert_eq!(used.collect::<Vec<_>>(), [""; 0], "{name} may not use these");
    }
    // the server and its clients meet as bytes: one mistake made in shared code would cancel out
    for client in ["tokio-postgres", "aws-sigv4", "postgres-types", "diesel"] {
        assert!(!packages["mizzle-local"].contains(client), "mizzle-local may not use {client}");
    }
}

#[test]
fn every_file_opens_with_a_sentence_that_says_what_it_is_for() {
    check_files(|path, text| match text.lines().next() {
        Some(first) if first.starts_with("//! ") => None,
        _ => Some(format!("{} does not open with `//! `", path.display())),
    });
}

#[test]
fn no_file_is_too_long_to_read() {
    check_files(|path, text| {
        let lines = text.lines().count();
        (lines > 600).then(|| format!("{} has {lines} lines", path.display()))
    });
}

#[test]
fn nothing_is_left_undone_and_no_test_is_skipped_or_sleeps() {
    // put together here, so that this file does not find itself
    let words = [
        ["to", "do!("],
        ["unimple", "mented!("],
        ["#[ig", "nore"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["thread::", "sleep("],
    ];
    check_files(|path, text| {
        // the network of a benchmark is as slow as it is told to be, to the microsecond
        let slow = path.ends_with("bench/src/network.rs");
        let found = words
            .iter()
            .map(|word| word.concat())
            .find(|word| text.contains(word) && !(slow && word.starts_with("thread")))?;
        Some(format!("{} has {found}", path.display()))
    });
    let sleep = ["time::", "sleep("].concat();
    check_files(|path, text| {
        let test = path.components().any(|part| part.as_os_str() == "tests");
        (test && text.contains(&sleep)).then(|| format!("{} waits for time to pass", path.display()))
    });
}

#[test]
fn every_version_is_the_workspaces() {
    for entry in files(&root(), "toml") {
        let text = std::fs::read_to_string(&entry).unwrap();
        // what stands outside of the workspace says so by one of its own
        let member = text.contains("[package]") && !text.contains("\n[workspace]");
        if entry.file_name().unwrap() == "Cargo.toml" && member {
            assert!(text.contains("version.workspace = true"), "{}", entry.display());
            assert!(text.contains("[lints]\nworkspace = true"), "{}", entry.display());
        }
    }
}

/// Asks about every Rust file that is written by hand.
fn check_files(question: impl Fn(&Path, &str) -> Option<String>) {
    let files = files(&root(), "rs");
    assert!(files.len() > 50, "only {} files found", files.len());
    let answers: Vec<String> = files
        .iter()
        // what must not compile is no example of anything
        .filter(|path| !path.components().any(|part| part.as_os_str() == "ui"))
        .filter_map(|path| question(path, &std::fs::read_to_string(path).unwrap()))
        .collect();
    assert_eq!(answers, [""; 0]);
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}
