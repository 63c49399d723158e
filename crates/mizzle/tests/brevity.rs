//! No mistake is answered with a wall: every error that `tests/ui` pins is at most fifteen lines.

use std::path::{Path, PathBuf};

/// Lines of one error, from `error` to the empty line behind it.
const LINES: usize = 15;

/// Cases whose words are the compiler's or Diesel's alone, with the lines that they take and why they cannot be fewer.
const EXCEPTIONS: &[(&str, usize, &str)] = &[
    ("query/column_typo", 16, "rustc shows the name that is meant, in its own file, and the change"),
    (
        "query/constraint_of_another_table",
        17,
        "two enums of the user's are compared: rustc explains where each comes from",
    ),
    ("query/diesels_update_of_a_view", 25, "Diesel's own function: its words, twice"),
    (
        "query/for_share",
        18,
        "Diesel's method is made ambiguous: rustc shows both candidates and how to call each",
    ),
    (
        "query/insert_of_a_row_that_was_read",
        20,
        "rustc shows where the struct stands, and that a macro reads it",
    ),
    (
        "query/sql",
        22,
        "a method, so that rustc looks behind references for a value: it lists what the type lacks for it",
    ),
    (
        "shape/count_of_an_unknown_relation",
        16,
        "rustc shows the name that is meant, in its own file, and the change",
    ),
    ("shape/unknown_column", 16, "rustc shows the name that is meant, in its own file, and the change"),
];

#[test]
fn an_error_is_at_most_fifteen_lines() {
    let mut found = Vec::new();
    for (case, longest) in pins() {
        let exception = EXCEPTIONS.iter().find(|(name, ..)| *name == case);
        let allowed = exception.map_or(LINES, |(_, lines, _)| *lines);
        if longest > allowed {
            found.push(format!("{case}: an error of {longest} lines, {allowed} are allowed"));
        }
        if exception.is_some() && longest <= LINES {
            found.push(format!("{case}: is no exception any more, take it out of the list"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn an_exception_is_a_case_that_there_is() {
    let cases: Vec<String> = pins().into_iter().map(|(case, _)| case).collect();
    assert!(cases.len() > 50, "the pins are read: {}", cases.len());
    for (name, _, reason) in EXCEPTIONS {
        assert!(cases.iter().any(|case| case == name), "{name}: no such case");
        assert!(!reason.is_empty(), "{name}: no reason");
    }
}

#[test]
fn errors_are_told_apart_by_the_empty_line_between_them() {
    assert_eq!(longest("error: one\n --> a\n\nerror: two\n --> b\n  |\n"), 3);
    assert_eq!(longest(""), 0);
}

/// Every pinned case with the lines of its longest error.
fn pins() -> Vec<(String, usize)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let mut pins = Vec::new();
    for area in entries(&root).into_iter().filter(|path| path.is_dir()) {
        for path in entries(&area) {
            if path.extension().is_some_and(|extension| extension == "stderr") {
                let name = path.with_extension("");
                let name = name.strip_prefix(&root).expect("it was found below this folder").display();
                let text = std::fs::read_to_string(&path).expect("a pin is text");
                pins.push((name.to_string(), longest(&text)));
            }
        }
    }
    pins
}

fn longest(text: &str) -> usize {
    text.split("\n\n").map(|block| block.lines().count()).max().unwrap_or_default()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the cases are there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
    paths.sort();
    paths
}
