//! A sequence says how much it caches.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "sequence-cache",
    title: "A sequence says how much it caches.",
    why: "CACHE must be written, and is 1 or at least 65,536. With 1, each number costs a write that \
           concurrent users of the sequence compete for; with 65,536, each session takes a block and numbers \
           are not in the order of time.",
    state: Some("0A000"),
    source: "create-sequence, toolkit",
    hint: "CACHE 1, or CACHE 65536",
    bad: "CREATE SEQUENCE visit_number;",
    good: "CREATE SEQUENCE visit_number CACHE 1;",
    severity: Severity::Error,
    says: "{}",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let wrong = statement.all(&[K::OPTION_CACHE]).filter_map(|node| {
        let size = statement.span_of(&node.first_child()?);
        let said = statement.said(size.clone());
        let legal = said.parse::<u64>().is_ok_and(|size| size == 1 || size >= 65_536);
        let hit =
            || Hit::at(script.source, size.clone(), format!("CACHE {said} is neither 1 nor at least 65536"));
        (!legal).then(|| hit().fix([Edit::replace(size.clone(), "1")]))
    });
    let silent = statement.all(&[K::CREATE_SEQUENCE, K::GENERATED_IDENTITY, K::ADD_GENERATED]);
    let silent = silent.filter(|node| !tree::has(node, K::OPTION_CACHE)).map(|node| {
        let span = statement.span_of(&node);
        let said = statement.said(span.clone());
        let edit = match (node.kind(), said.ends_with(')')) {
            (K::CREATE_SEQUENCE, _) => Edit::insert(span.end, " CACHE 1"),
            (_, true) => Edit::insert(span.end - 1, " CACHE 1"),
            (_, false) => Edit::insert(span.end, " (CACHE 1)"),
        };
        Hit::at(script.source, statement.head_of(&node), "the sequence does not say how much it caches")
            .fix([edit])
    });
    wrong.chain(silent).collect()
}
