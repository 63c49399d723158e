//! The local DSQL, AWS's `dsql-lint` and our lint say the same, and where they do not, `docs/dsql.md` says
//! why.
//!
//! They share examples and no code: `tests/refused.txt` of the workspace, and what the local DSQL's own test
//! runs.

use std::collections::{BTreeMap, BTreeSet};

use mizzle_kit::lint::{Linter, RULES, Severity, Source, find};

use crate::database::Database;

/// One statement a line, behind the SQLSTATE that it is refused with.
const REFUSED: &str = include_str!("../../../../tests/refused.txt");
/// One statement, or several, a line; all of them run.
const SUPPORTED: &str = include_str!("../../../mizzle-local/tests/over_tcp/supported.sql");
const PAGE: &str = include_str!("../../../../docs/dsql.md");

fn refused() -> impl Iterator<Item = (&'static str, &'static str)> {
    REFUSED.lines().filter_map(|line| line.split_once(' '))
}

fn supported() -> impl Iterator<Item = &'static str> {
    let lines = SUPPORTED.lines().filter(|line| !line.is_empty() && !line.starts_with("--"));
    lines.map(|line| line.strip_prefix("[16] ").unwrap_or(line))
}

/// The errors of a text, by rule.
fn errors(sql: &str) -> Vec<&'static str> {
    let findings = Linter::new().lint(&[Source::new("a.sql", sql)]);
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.rule)
        .collect()
}

/// What AWS's lint says, by rule.
fn theirs(sql: &str) -> Vec<String> {
    dsql_lint::lint_sql(sql).iter().map(|diagnostic| format!("{:?}", diagnostic.rule)).collect()
}

#[tokio::test]
async fn the_local_dsql_refuses_every_example_as_it_says() {
    let database = Database::start().await;
    let mut wrong = Vec::new();
    for (state, sql) in refused() {
        let answer = database.client.simple_query(sql).await;
        let seen = answer.err().and_then(|error| error.code().map(|code| code.code().to_owned()));
        if seen.as_deref() != Some(state) {
            wrong.push(format!("{} {sql}", seen.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_lint_finds_everything_that_the_local_dsql_refuses() {
    assert!(refused().count() > 230);
    let missed: Vec<&str> = refused().filter(|(_, sql)| errors(sql).is_empty()).map(|(_, sql)| sql).collect();
    assert_eq!(missed, [""; 0]);
}

#[test]
fn a_finding_names_the_sqlstate_of_the_refusal() {
    // The service's own texts for these are in no source, and the local DSQL leaves some to PostgreSQL.
    let named = |sql: &str, state: &str| {
        errors(sql).iter().any(|id| find(id).is_some_and(|rule| rule.state == Some(state)))
    };
    let other: Vec<String> = refused()
        .filter(|(state, sql)| !named(sql, state))
        .map(|(state, sql)| format!("{state} {sql}"))
        .collect();
    // A name that came with PostgreSQL 18 is no syntax error but a table, a parameter or an option that is
    // not there.
    let expected = ["42P01 update t set a = 1 returning old.a", "42704 show transaction_timeout"];
    assert_eq!(other, expected);
}

#[test]
fn the_lint_has_no_objection_to_what_runs() {
    assert!(supported().count() > 250);
    let objected: Vec<String> = supported()
        .filter(|sql| !errors(sql).is_empty())
        .map(|sql| format!("{:?} {sql}", errors(sql)))
        .collect();
    assert_eq!(objected, [""; 0]);
}

/// Each name stands in the table of disagreements; nothing stands there that is none.
#[test]
fn where_the_two_lints_differ_the_page_says_why() {
    let examples = || {
        refused()
            .map(|(_, sql)| sql)
            .chain(RULES.iter().filter(|rule| rule.state.is_some()).map(|rule| rule.bad))
    };
    let mut passed: BTreeMap<&str, usize> = BTreeMap::new();
    for sql in examples().filter(|sql| theirs(sql).is_empty()) {
        for rule in errors(sql) {
            *passed.entry(rule).or_default() += 1;
        }
    }
    let mut objected: BTreeSet<String> = supported().flat_map(theirs).collect();
    objected.extend(RULES.iter().map(|rule| rule.good).filter(|sql| errors(sql).is_empty()).flat_map(theirs));
    let lists = |heading: &str| -> BTreeSet<String> {
        let section = PAGE.split(heading).nth(1).expect("the heading").split("\n\n").nth(1).expect("a table");
        let rows = section.lines().skip(2).filter_map(|line| line.split('|').nth(1));
        rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
    };
    assert_eq!(lists("**What `dsql-lint` lets pass"), passed.keys().map(|id| (*id).to_owned()).collect());
    assert_eq!(lists("**What `dsql-lint` refuses"), objected);
}

/// Why it is not the base: these are the two things that it cannot do, in its latest version.
#[test]
fn aws_lint_loses_comments_and_has_no_spans() {
    let text = "-- why\nCREATE TABLE t (\n  -- inner\n  id serial primary key /* here */\n); -- end\n";
    let theirs = dsql_lint::fix_sql(text).sql;
    let ours = Linter::new().fix(&[Source::new("a.sql", text)]).swap_remove(0);
    for comment in ["-- why", "-- inner", "/* here */", "-- end"] {
        assert!(!theirs.contains(comment) && ours.contains(comment), "{comment}\n{theirs}\n{ours}");
    }
    // The line is searched for in the text; the statement that it speaks of begins two lines further up.
    let lines: Vec<usize> = dsql_lint::lint_sql(text).iter().map(|diagnostic| diagnostic.line).collect();
    let found = Linter::new().lint(&[Source::new("a.sql", text)]);
    let place = found[0].place.as_ref().expect("a place");
    assert_eq!((place.line, place.column, &text[place.span.clone()]), (4, 6, "serial"));
    assert_eq!(lines, [4], "a line, and nothing more exact");
}
