//! Functions are written in SQL.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "function-language",
    title: "Functions are written in SQL.",
    why: "No procedural language exists.",
    state: Some("0A000"),
    source: "lint",
    hint: "LANGUAGE sql, or do it in the application",
    bad: "CREATE FUNCTION answer() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 42; END';",
    good: "CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42';",
    severity: Severity::Error,
    says: "a function in `{}`",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    if statement.kind() != Some(K::CREATE_FUNCTION) {
        return Vec::new();
    }
    let hit = |node: SyntaxNode| {
        let span = statement.span_of(&node);
        let said = statement.said(span.clone()).split_whitespace().next_back()?;
        let language = said.trim_matches(['\'', '"']).to_lowercase();
        (language != "sql").then(|| Hit::at(script.source, span, RULE.message(&language)))
    };
    statement.all(&[K::LANGUAGE_FUNC_OPTION]).filter_map(hit).collect()
}
