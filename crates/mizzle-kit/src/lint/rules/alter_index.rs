//! An index can be renamed.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "alter-index",
    title: "An index can be renamed.",
    why: "Nothing else about it can change.",
    state: Some("0A000"),
    source: "grammar",
    hint: "DROP INDEX and CREATE INDEX ASYNC",
    bad: "ALTER INDEX pet_owner_id_idx SET (fillfactor = 70);",
    good: "ALTER INDEX pet_owner_id_idx RENAME TO pet_of_owner;",
    severity: Severity::Error,
    says: "`{}` is no action of ALTER INDEX",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let known = [K::INDEX_REF, K::IF_EXISTS, K::INDEX_RENAME_TO];
    let Some(index) = statement.root().filter(|node| node.kind() == K::ALTER_INDEX) else {
        return Vec::new();
    };
    let hit = |node: SyntaxNode| {
        let head = statement.head_of(&node);
        Hit::at(script.source, head.clone(), RULE.message(statement.said(head)))
    };
    index.children().filter(|part| !known.contains(&part.kind())).map(hit).collect()
}
