//! CASCADE drops what it does not name.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "drop-cascade",
    title: "CASCADE drops what it does not name.",
    why: "Views, foreign keys and defaults that depend on the object go too, and nothing says which.",
    state: None,
    source: "this project",
    hint: "Leave CASCADE out, and drop what depends on it by name",
    bad: "DROP VIEW IF EXISTS cities CASCADE;",
    good: "DROP VIEW IF EXISTS cities;",
    severity: Severity::Warning,
    says: "`{}` drops more than it names",
    look: Look::Statement(look),
};

const DROPS: &[K] = &[
    K::DROP_TABLE,
    K::DROP_VIEW,
    K::DROP_SEQUENCE,
    K::DROP_INDEX,
    K::DROP_FUNCTION,
    K::DROP_ROUTINE,
    K::DROP_COLUMN,
    K::DROP_CONSTRAINT,
];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let cascades = statement.all(DROPS).filter_map(|node| tree::child(&node, K::CASCADE));
    let hit = |node| {
        let span = statement.span_of(&node);
        Hit::at(script.source, span.clone(), RULE.message(statement.said(span)))
    };
    cascades.map(hit).collect()
}
