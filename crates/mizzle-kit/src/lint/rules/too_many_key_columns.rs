//! A key has eight columns at most.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "too-many-key-columns",
    title: "A key has eight columns at most.",
    why: "That goes for primary keys, unique constraints and indexes alike; columns in INCLUDE do not count.",
    state: Some("54011"),
    source: "CHAP_quotas",
    hint: "Fewer columns, the rest in INCLUDE",
    bad: "\
CREATE TABLE cell (a int, b int, c int, d int, e int, f int, g int, h int, i int,
    PRIMARY KEY (a, b, c, d, e, f, g, h, i));",
    good: "\
CREATE TABLE cell (a int, b int, c int, d int, e int, f int, g int, h int, i int,
    PRIMARY KEY (a, b, c, d, e, f, g, h));",
    severity: Severity::Error,
    says: "{} columns are more than the eight that a key can have",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let many = |node: SyntaxNode| {
        let included = node.parent().is_some_and(|over| over.kind() != K::CREATE_INDEX);
        let item = match node.kind() {
            K::PARTITION_ITEM_LIST if included => return None,
            K::PARTITION_ITEM_LIST => K::PARTITION_ITEM,
            _ => K::COLUMN_NAME_REF,
        };
        let items: Vec<SyntaxNode> = tree::children(&node, item).collect();
        let ninth = statement.span_of(items.get(8)?);
        Some(Hit::at(script.source, ninth, RULE.message(&items.len().to_string())))
    };
    statement.all(&[K::PARTITION_ITEM_LIST, K::CONSTRAINT_COLUMN_REF_LIST]).filter_map(many).collect()
}
