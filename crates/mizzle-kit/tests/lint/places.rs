//! A finding knows its place to the byte, whatever stands around it.

use mizzle_kit::lint::{Linter, Source};

/// The text under each finding, with its line and column.
fn check(text: &str, expect: &[&str]) {
    let findings = Linter::new().lint(&[Source::new("a.sql", text)]);
    let found: Vec<String> = findings
        .iter()
        .map(|finding| {
            let place = finding.place.as_ref().expect("a place");
            format!("{}:{} {} `{}`", place.line, place.column, finding.rule, &text[place.span.clone()])
        })
        .collect();
    assert_eq!(found, expect, "{text}");
}

#[test]
fn words_in_comments_and_strings_are_not_code() {
    check(
        "-- serial\n/* serial */\nCREATE TABLE \"serial\" (id uuid PRIMARY KEY, é text DEFAULT 'serial', n /* x */ serial);",
        &["3:80 serial `serial`"],
    );
}

#[test]
fn every_statement_is_read_by_itself() {
    check(
        "SELEC 1;\nTRUNCATE pet;\nselect (1;",
        &["1:1 syntax `SELEC`", "2:1 truncate `TRUNCATE pet`", "3:10 syntax `;`"],
    );
    check("SELECT ';'; TRUNCATE \"a;b\"; SELECT $x$;$x$", &["1:13 truncate `TRUNCATE`"]);
    check(
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; VACUUM",
        &["1:108 maintenance `VACUUM`"],
    );
}

#[test]
fn the_text_of_a_function_is_read_in_its_place() {
    check(
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$\n  DELETE FROM pet WHERE id IS NULL;\n  TRUNCATE pet;\n$$;",
        &["3:3 truncate `TRUNCATE pet`"],
    );
    check(
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_lock(1)';",
        &["1:58 advisory-lock `pg_advisory_lock`"],
    );
}

#[test]
fn separators_end_statements_as_semicolons_do() {
    check(
        "CREATE TABLE a (id uuid PRIMARY KEY)\n--> statement-breakpoint\nTRUNCATE a\n--> statement-breakpoint\n",
        &["3:1 truncate `TRUNCATE a`"],
    );
}

#[test]
fn what_hides_the_rest_of_a_text_is_found() {
    check("SELECT 1;\n/* the search\nTRUNCATE pet;", &["2:1 syntax `/* the search\nTRUNCATE pet;`"]);
    check("SELECT 1 /* /* */ TRUNCATE pet;", &["1:10 syntax `/* /* */ TRUNCATE pet;`"]);
    check("\\connect clinic\nTRUNCATE pet;", &["1:1 syntax `\\`"]);
}

#[test]
fn windows_line_ends_and_marks_do_no_harm() {
    check("\u{feff}-- x\r\nTRUNCATE pet;\r\n", &["2:1 truncate `TRUNCATE pet`"]);
}

#[test]
fn a_text_that_goes_deep_is_read_or_said_to_be_too_deep() {
    let around = |times: usize, before: &str, after: &str| {
        let text = format!("SELECT {}1{}; TRUNCATE pet", before.repeat(times), after.repeat(times));
        let findings = Linter::new().lint(&[Source::new("a.sql", text)]);
        findings.iter().map(|finding| finding.rule).collect::<Vec<_>>().join(" ")
    };
    for (before, after) in
        [("(", ")"), ("- ", ""), ("not ", ""), ("case when true then ", " end"), ("array[", "]")]
    {
        assert_eq!(around(300, before, after), "truncate", "{before}");
        assert_eq!(around(10_000, before, after), "syntax truncate", "{before}");
    }
    for after in [" + 1", " and true", "::int", " union select 1"] {
        assert_eq!(around(5_000, "", after), "truncate", "{after}");
        assert_eq!(around(200_000, "", after), "syntax truncate", "{after}");
    }
}
