//! A sequence counts in bigint.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "sequence-type",
    title: "A sequence counts in bigint.",
    why: "There is no other kind.",
    state: Some("0A000"),
    source: "create-sequence",
    hint: "AS bigint, or nothing",
    bad: "CREATE SEQUENCE visit_number AS int CACHE 1;",
    good: "CREATE SEQUENCE visit_number AS bigint CACHE 1;",
    severity: Severity::Error,
    says: "a sequence of type `{}`",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let found = tree::Type::of(statement, &node.first_child()?);
        let hit = || Hit::at(script.source, found.span.clone(), RULE.message(&found.name));
        (!found.is_bigint()).then(|| hit().fix([Edit::replace(found.span.clone(), "bigint")]))
    };
    statement.all(&[K::OPTION_AS_TYPE]).filter_map(hit).collect()
}
