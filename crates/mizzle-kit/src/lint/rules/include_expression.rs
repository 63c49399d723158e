//! An index includes columns alone.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "include-expression",
    title: "An index includes columns alone.",
    why: "What INCLUDE lists is stored beside the keys as it is; an expression can only be a key.",
    state: Some("0A000"),
    source: "create-index",
    hint: "Name the columns that the expression needs",
    bad: "CREATE INDEX ASYNC pet_owner_idx ON pet (owner_id) INCLUDE (lower(name));",
    good: "CREATE INDEX ASYNC pet_owner_idx ON pet (owner_id) INCLUDE (name);",
    severity: Severity::Error,
    says: "`{}` is no column",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let included = statement.all(&[K::INDEX_INCLUDE_CLAUSE]).flat_map(|clause| clause.descendants());
    let items = included.filter(|node| node.kind() == K::PARTITION_ITEM);
    let expression = |item: &SyntaxNode| item.first_child().is_none_or(|key| key.kind() != K::NAME_REF);
    let hit = |item: SyntaxNode| {
        let span = statement.span_of(&item);
        Hit::at(script.source, span.clone(), RULE.message(statement.said(span)))
    };
    items.filter(expression).map(hit).collect()
}
