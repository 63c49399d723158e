//! `docs/dsql.md` names a test for every fact: each of them exists.

use std::path::{Path, PathBuf};

#[test]
fn every_fact_names_a_test_that_exists() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(home.join("../../docs/dsql.md")).expect("the page");
    let mut known = String::new();
    let mut folders = vec![home.join("src"), home.join("tests"), home.join("../../tests/tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                known += &std::fs::read_to_string(path).expect("a file");
            }
        }
    }
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let tests: Vec<&str> = rows.filter_map(|line| line.rsplit('`').nth(1)).collect();
    assert!(tests.len() > 40, "only {} facts have a test", tests.len());
    let missing = tests.iter().filter(|test| {
        let name = test.rsplit("::").next().unwrap_or(test);
        !known.contains(&format!("fn {name}()"))
    });
    assert_eq!(missing.collect::<Vec<_>>(), [&""; 0]);
}
