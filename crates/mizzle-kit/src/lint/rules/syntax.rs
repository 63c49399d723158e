//! SQL that cannot be read.

use std::ops::Range;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "syntax",
    title: "SQL that cannot be read.",
    why: "The statement is not checked any further. If Aurora DSQL can read it, let it pass by a comment and \
           tell us.",
    state: Some("42601"),
    source: "PostgreSQL 16",
    hint: "Correct the statement",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY;",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY);",
    severity: Severity::Error,
    says: "{}",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |(span, message): &(Range<usize>, String)| match &statement.text[span.clone()] {
        text if text.starts_with('\\') => {
            let hit =
                Hit::at(script.source, span.clone(), "a command of psql's stands here, which is no SQL");
            hit.hint("Leave it out: a cluster and a migration's runner do not know it")
        }
        text if text.starts_with("/*") => {
            Hit::at(script.source, span.clone(), "a comment is never closed, and hides all behind it")
                .hint("Close it with `*/`")
        }
        _ => Hit::at(script.source, span.clone(), message.to_lowercase()),
    };
    statement.error.iter().map(hit).collect()
}
