//! Every rule finds its bad example and nothing else in it, and nothing in its good one.

use std::path::{Path, PathBuf};

use mizzle_kit::lint::{Linter, RULES, Rule, Source};

#[test]
fn a_bad_example_has_what_its_rule_looks_for_and_nothing_else() {
    for rule in RULES {
        let found: Vec<&str> = Rule::findings(rule.bad).iter().map(|finding| finding.rule).collect();
        assert!(!found.is_empty(), "{} finds nothing in its bad example", rule.id);
        assert!(found.iter().all(|id| *id == rule.id), "{}: {found:?}", rule.id);
    }
}

#[test]
fn a_good_example_is_clean() {
    for rule in RULES {
        let found: Vec<String> = Rule::findings(rule.good).iter().map(ToString::to_string).collect();
        assert_eq!(found, [""; 0], "{}", rule.id);
    }
}

#[test]
fn a_fixed_example_is_free_of_what_was_fixed_and_fixed_for_good() {
    let mut count = 0;
    for rule in RULES {
        let Some(fixed) = rule.fixed() else { continue };
        assert!(
            !Rule::findings(&fixed).iter().any(|finding| finding.rule == rule.id),
            "{}: {fixed}",
            rule.id
        );
        let again = Linter::new().fix(&[Source::new("again.sql", fixed.clone())]);
        assert_eq!(again[0], fixed, "{}", rule.id);
        count += 1;
    }
    assert!(count > 25, "only {count} rules fix anything");
}

#[test]
fn rules_are_named_and_sorted_and_say_where_they_have_it_from() {
    assert!(RULES.is_sorted_by_key(|rule| rule.id));
    for rule in RULES {
        let named = rule.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(named && !rule.source.is_empty() && rule.title.ends_with('.'), "{}", rule.id);
        assert!(!rule.hint.ends_with('.'), "{}", rule.id);
        assert!(rule.state.is_none_or(|state| state.len() == 5), "{}", rule.id);
    }
}

#[test]
fn the_example_application_migrates_without_a_finding() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/vetclinic/migrations");
    let entries =
        std::fs::read_dir(folder).expect("the clinic's migrations").map(|entry| entry.expect("a migration"));
    let mut files: Vec<_> = entries.map(|entry| entry.path().join("migration.sql")).collect();
    files.sort();
    let read =
        |file: &PathBuf| Source::new("migration.sql", std::fs::read_to_string(file).expect("a migration"));
    let sources: Vec<Source> = files.iter().map(read).collect();
    let found: Vec<String> = Linter::new().lint(&sources).iter().map(ToString::to_string).collect();
    assert!(!sources.is_empty());
    assert_eq!(found, [""; 0]);
}
