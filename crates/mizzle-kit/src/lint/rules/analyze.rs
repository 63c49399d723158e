//! ANALYZE takes one table and nothing else.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "analyze",
    title: "ANALYZE takes one table and nothing else.",
    why: "The service analyzes tables by itself as they change.",
    state: Some("0A000"),
    source: "supported-sql-features",
    hint: "ANALYZE table, one statement for each",
    bad: "ANALYZE;",
    good: "ANALYZE pet;",
    severity: Severity::Error,
    says: "ANALYZE takes the name of one table, and neither options nor columns",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let more = |word: &str| matches!(word, "(" | "verbose" | ",");
    let plain = statement.words.len() > 1 && !statement.words.iter().any(|word| more(&word.text));
    let found = statement.kind() == Some(K::ANALYZE) && !plain;
    found.then(|| Hit::at(script.source, statement.span.clone(), RULE.says)).into_iter().collect()
}
