//! There is one kind of index.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "index-method",
    title: "There is one kind of index.",
    why: "Every index is a B-tree of the service's own, and says so by itself. Without GIN or GiST, json, text \
           search and nearest neighbours cannot be indexed.",
    state: Some("0A000"),
    source: "ministack",
    hint: "Leave the clause out",
    bad: "CREATE INDEX ASYNC pet_name_idx ON pet USING btree (name);",
    good: "CREATE INDEX ASYNC pet_name_idx ON pet (name);",
    severity: Severity::Error,
    says: "`{}` chooses among kinds of which there is one",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let span = statement.span_of(&node);
        let said = statement.said(span.clone());
        let hit = Hit::at(script.source, span.clone(), RULE.message(said));
        // What another method finds, a B-tree does not.
        let method = said.to_lowercase();
        let same = method.ends_with("btree") || method.ends_with("hash");
        if same { hit.fix([script.remove(span)]) } else { hit }
    };
    let of_index = |node: &SyntaxNode| node.parent().is_some_and(|over| over.kind() == K::CREATE_INDEX);
    statement.all(&[K::USING_METHOD]).filter(of_index).map(hit).collect()
}
