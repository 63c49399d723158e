//! Whatever the text, the lint ends, its spans are in the text, and a second `--fix` changes nothing.

use mizzle_kit::lint::{Linter, RULES, Source};

fn check(text: &str) {
    let linter = Linter::new();
    let sources = [Source::new("a.sql", text)];
    for finding in linter.lint(&sources) {
        let place = finding.place.as_ref().expect("a place");
        assert!(text.get(place.span.clone()).is_some(), "{finding:?} in {text}");
        for edit in finding.fix.iter().flatten() {
            assert!(text.get(edit.span.clone()).is_some(), "{edit:?} in {text}");
        }
    }
    let fixed = linter.fix(&sources).swap_remove(0);
    let again = linter.fix(&[Source::new("a.sql", fixed.clone())]).swap_remove(0);
    assert_eq!(again, fixed, "of {text}");
}

#[test]
fn examples_that_are_cut_off_do_no_harm() {
    for rule in RULES.iter().filter(|rule| rule.bad.len() < 500) {
        for end in (0..rule.bad.len()).step_by(5).filter(|end| rule.bad.is_char_boundary(*end)) {
            check(&rule.bad[..end]);
        }
    }
}

#[test]
fn examples_that_lack_a_word_do_no_harm() {
    for rule in RULES.iter().filter(|rule| rule.bad.len() < 500) {
        let words: Vec<&str> = rule.bad.split(' ').collect();
        for gone in 0..words.len() {
            let left = words.iter().enumerate().filter(|(index, _)| *index != gone).map(|(_, word)| *word);
            check(&left.collect::<Vec<_>>().join(" "));
        }
    }
}

#[test]
fn examples_behind_each_other_are_found_each() {
    let short =
        || RULES.iter().filter(|rule| rule.state.is_some() && rule.bad.len() < 500 && rule.id != "syntax");
    let all: Vec<&str> = short().map(|rule| rule.bad).collect();
    let text = all.join("\nROLLBACK;\n").replace("--> statement-breakpoint", "--");
    check(&text);
    let found = Linter::new().lint(&[Source::new("a.sql", text)]);
    let lost = short()
        .filter(|rule| rule.id != "drop-primary-key" && !found.iter().any(|finding| finding.rule == rule.id));
    assert_eq!(lost.map(|rule| rule.id).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn letters_of_every_width_and_unfinished_quotes_do_no_harm() {
    for text in [
        "\u{feff}",
        "'",
        "\"",
        "$$",
        "/*",
        "é'ü\"ß",
        "CREATE TABLE \"ß",
        "SELECT U&'\\",
        "\0",
        ";;;",
        "--",
        "\u{a0}TRUNCATE t",
    ] {
        check(text);
        check(&format!("TRUNCATE t; {text}"));
        check(&format!("CREATE INDEX é ON ü (ß DESC) {text}"));
    }
}
