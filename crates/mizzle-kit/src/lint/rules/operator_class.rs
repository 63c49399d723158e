//! The keys of an index have no operator class.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "operator-class",
    title: "The keys of an index have no operator class.",
    why: "Text sorts by its bytes, so an index on it serves LIKE 'a%' without `text_pattern_ops`.",
    state: Some("0A000"),
    source: "ministack",
    hint: "Leave it out",
    bad: "CREATE INDEX ASYNC pet_name_idx ON pet (name text_pattern_ops);",
    good: "CREATE INDEX ASYNC pet_name_idx ON pet (name);",
    severity: Severity::Error,
    says: "`{}` chooses an operator class",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let span = statement.span_of(&node);
        let said = statement.said(span.clone());
        let hit = Hit::at(script.source, span.clone(), RULE.message(said));
        // Others find what the only kind of index does not.
        if said.ends_with("_pattern_ops") { hit.fix([script.remove(span)]) } else { hit }
    };
    statement.all(&[K::OP_CLASS_REF]).map(hit).collect()
}
