//! ASYNC stands where PostgreSQL has CONCURRENTLY.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "concurrently",
    title: "ASYNC stands where PostgreSQL has CONCURRENTLY.",
    why: "An index is always built without keeping writers out, and dropped by a job.",
    state: Some("0A000"),
    source: "create-index",
    hint: "CREATE INDEX ASYNC; DROP INDEX alone",
    bad: "CREATE INDEX CONCURRENTLY pet_name_idx ON pet (name);",
    good: "CREATE INDEX ASYNC pet_name_idx ON pet (name);",
    severity: Severity::Error,
    says: "`{}` is not known",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let Some(span) = statement.phrase(&["concurrently"]) else { return Vec::new() };
    let edit = match statement.kind() {
        Some(K::CREATE_INDEX) if !statement.is_async() => Edit::replace(span.clone(), "ASYNC"),
        Some(K::CREATE_INDEX | K::DROP_INDEX) => script.remove(span.clone()),
        _ => return Vec::new(),
    };
    vec![Hit::at(script.source, span.clone(), RULE.message(statement.said(span))).fix([edit])]
}
