//! Everything in a schema goes with it.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "drop-schema",
    title: "Everything in a schema goes with it.",
    why: "With CASCADE, tables and their rows go.",
    state: None,
    source: "this project",
    hint: "Drop what is in it by name; or let it pass with the reason",
    bad: "\
CREATE SCHEMA clinic;
DROP SCHEMA clinic CASCADE;",
    good: "\
CREATE SCHEMA clinic;
DROP SCHEMA clinic;",
    severity: Severity::Warning,
    says: "`{}` drops what the schema holds",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let cascades = statement.all(&[K::DROP_SCHEMA]).filter(|node| tree::child(node, K::CASCADE).is_some());
    let hit = |node| {
        let span = statement.span_of(&node);
        Hit::at(script.source, span.clone(), RULE.message(statement.said(span)))
    };
    cascades.map(hit).collect()
}
