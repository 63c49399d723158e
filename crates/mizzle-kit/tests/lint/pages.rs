//! The pages in `docs/lint` are what the rules say of themselves.
//!
//! `MIZZLE_BLESS=1 cargo test -p mizzle-kit --test lint pages` writes them.

use std::collections::BTreeMap;
use std::path::Path;

use mizzle_kit::lint::{RULES, contents};

#[test]
fn every_rule_has_its_page_and_every_page_its_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint");
    let mut pages: BTreeMap<String, String> =
        RULES.iter().map(|rule| (format!("{}.md", rule.id), rule.page())).collect();
    pages.insert("README.md".to_owned(), contents());
    if std::env::var_os("MIZZLE_BLESS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, page) in &pages {
            std::fs::write(folder.join(name), page).expect("a page");
        }
    }
    let mut found: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder of pages")
        .map(|entry| entry.expect("a page").file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, pages.keys().cloned().collect::<Vec<_>>());
    for (name, page) in &pages {
        let there = std::fs::read_to_string(folder.join(name)).expect("a page");
        assert_eq!(&there, page, "{name} is not what the rule says; write it again with MIZZLE_BLESS=1");
    }
}
