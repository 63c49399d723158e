//! The keys of an index have no direction.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "index-order",
    title: "The keys of an index have no direction.",
    why: "An index is read forward and backward, so one direction serves both, as long as all keys go the same \
           way. NULLS FIRST and NULLS LAST are accepted.",
    state: Some("0A000"),
    source: "ministack",
    hint: "Leave it out",
    bad: "CREATE INDEX ASYNC pet_name_idx ON pet (name DESC);",
    good: "CREATE INDEX ASYNC pet_name_idx ON pet (name);",
    severity: Severity::Error,
    says: "`{}` gives a key of an index a direction",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let words: Vec<SyntaxNode> = statement.all(&[K::SORT_ASC, K::SORT_DESC, K::SORT_USING]).collect();
    let keys = statement.all(&[K::PARTITION_ITEM]).count();
    let down = words.iter().filter(|node| node.kind() == K::SORT_DESC).count();
    let using = words.iter().any(|node| node.kind() == K::SORT_USING);
    // Keys that go different ways serve an ORDER BY that no plain index serves.
    let same = !using && (down == 0 || down == keys);
    let hit = |node: &SyntaxNode| {
        let span = statement.span_of(node);
        let hit = Hit::at(script.source, span.clone(), RULE.message(statement.said(span.clone())));
        if same { hit.fix([script.remove(span)]) } else { hit }
    };
    let indexed = |node: &&SyntaxNode| node.ancestors().any(|over| over.kind() == K::CREATE_INDEX);
    words.iter().filter(indexed).map(hit).collect()
}
