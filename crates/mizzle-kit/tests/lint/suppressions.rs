//! Comments that let a finding pass.

use mizzle_kit::lint::{Linter, Source};

/// What is found in a text, as `line:rule`.
fn check(text: &str, expect: &str) {
    let findings = Linter::new().lint(&[Source::new("a.sql", text)]);
    let found: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}:{}", finding.place.as_ref().map_or(0, |at| at.line), finding.rule))
        .collect();
    assert_eq!(found.join(" "), expect, "{text}");
}

#[test]
fn one_stands_before_in_or_behind_its_statement() {
    check("-- mizzle-lint: allow(truncate) it is empty\nTRUNCATE pet;", "");
    check("TRUNCATE pet; -- mizzle-lint: allow(truncate) it is empty", "");
    check("TRUNCATE -- mizzle-lint: allow(truncate) it is empty\n  pet;", "");
    check("/* mizzle-lint: allow(truncate) it is empty */ TRUNCATE pet;", "");
    check("-- first\n-- mizzle-lint: allow(truncate) it is empty\n-- last\nTRUNCATE pet;", "");
    check("TRUNCATE pet -- mizzle-lint: allow(truncate) it is empty\n--> statement-breakpoint\nSELECT 1", "");
}

#[test]
fn one_speaks_of_one_statement() {
    check("-- mizzle-lint: allow(truncate) it is empty\nTRUNCATE pet;\nTRUNCATE owner;", "3:truncate");
    check("TRUNCATE pet; -- mizzle-lint: allow(truncate) it is empty\nTRUNCATE owner;", "2:truncate");
    check("TRUNCATE pet;\n-- mizzle-lint: allow(truncate) it is empty\nTRUNCATE owner;", "1:truncate");
}

#[test]
fn what_a_migration_allows_as_a_hazard_passes() {
    let hurts = |hazard: &str, sql: &str| format!("SELECT 1;\n-- mizzle: hazard {hazard}\n{sql};");
    let allowed =
        |hazard: &str, sql: &str| format!("-- mizzle: allow {hazard}, renames\n{}", hurts(hazard, sql));
    for (hazard, sql, rule) in [
        ("drops-column", "ALTER TABLE pet DROP COLUMN name", "drop-column"),
        ("drops-table", "DROP TABLE pet", "drop-table"),
        ("unavailable", "ALTER TABLE pet RENAME TO pet__old", "rename"),
    ] {
        check(&allowed(hazard, sql), "");
        check(&hurts(hazard, sql), &format!("3:{rule}"));
        // What is allowed is a statement that says what it hurts, and nothing else that it does.
        check(&format!("-- mizzle: allow {hazard}\n{sql};"), &format!("2:{rule}"));
    }
    check(&allowed("drops-column", "DROP TABLE pet CASCADE"), "4:drop-table 4:drop-cascade");
    check("-- mizzle-lint: allow(truncate) x\n-- mizzle: allow drops-table\nTRUNCATE pet;", "");
}

#[test]
fn names_that_only_a_plan_knew_are_missed_by_nobody() {
    check("ALTER TABLE pet RENAME COLUMN \"Legs__new\" TO \"Legs\";", "");
    check("ALTER TABLE clinic.pet__new RENAME TO pet;", "");
    check("ALTER TABLE pet DROP COLUMN legs__old;", "");
    check("DROP TABLE clinic.pet__old;", "");
    check("ALTER TABLE pet RENAME COLUMN legs TO legs__old;", "1:rename");
    check("ALTER TABLE pet__new RENAME COLUMN legs TO feet;", "1:rename");
    check("DROP TABLE pet__old, owner;", "1:drop-table 1:drop-table");
}

#[test]
fn one_may_name_several_rules() {
    check("-- mizzle-lint: allow(drop-table, drop-cascade) nobody reads it\nDROP TABLE pet CASCADE;", "");
    check(
        "-- mizzle-lint: allow(drop-table, drop-cascade) nobody reads it\nDROP TABLE pet;",
        "1:unused-suppression",
    );
}

#[test]
fn without_a_reason_nothing_passes() {
    check("-- mizzle-lint: allow(truncate)\nTRUNCATE pet;", "1:suppression 2:truncate");
    check("-- mizzle-lint: allow() because\nTRUNCATE pet;", "1:suppression 2:truncate");
    check("-- mizzle-lint: disable truncate\nTRUNCATE pet;", "1:suppression 2:truncate");
    check("-- mizzle-lint: allow(truncated) it is empty\nTRUNCATE pet;", "1:suppression 2:truncate");
}

#[test]
fn what_nothing_needs_is_found_and_goes() {
    let text = "-- pets\n-- mizzle-lint: allow(truncate) it is empty\nSELECT 1;\n";
    check(text, "2:unused-suppression");
    let fixed = Linter::new().fix(&[Source::new("a.sql", text)]);
    assert_eq!(fixed[0], "-- pets\nSELECT 1;\n");
    check("-- mizzle-lint: allow(truncate) nothing follows", "1:unused-suppression");
    check("SELECT '-- mizzle-lint: allow(truncate)'", "");
}

#[test]
fn what_is_let_pass_is_not_fixed() {
    let text = "-- mizzle-lint: allow(index-order) it is read so\nCREATE INDEX ASYNC i ON pet (name ASC);\n";
    assert_eq!(Linter::new().fix(&[Source::new("a.sql", text)])[0], text);
}
