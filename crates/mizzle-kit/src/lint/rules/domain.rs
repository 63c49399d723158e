//! A domain keeps its constraints.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "domain",
    title: "A domain keeps its constraints.",
    why: "Constraints are part of CREATE DOMAIN; one can be dropped, none added. A domain is dropped when \
           nothing uses it.",
    state: Some("0A000"),
    source: "grammar, dsqlbase",
    hint: "Make another domain; drop the columns that use this one first",
    bad: "\
CREATE DOMAIN mail AS text;
DROP DOMAIN mail CASCADE;",
    good: "\
CREATE DOMAIN mail AS text;
DROP DOMAIN mail;",
    severity: Severity::Error,
    says: "`{}` is no action on a domain",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let head = statement.head_of(&node);
        Hit::at(script.source, head.clone(), RULE.message(statement.said(head)))
    };
    let parts: &[K] = match statement.kind() {
        Some(K::DROP_DOMAIN) => &[K::CASCADE],
        Some(K::ALTER_DOMAIN) => &[K::SET_NOT_NULL, K::ADD_CONSTRAINT, K::VALIDATE_CONSTRAINT],
        _ => return Vec::new(),
    };
    statement.all(parts).map(hit).collect()
}
