//! Rows go with their table.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "drop-table",
    title: "Rows go with their table.",
    why: "There is no undo but a backup of the whole cluster, and instances of the application that still read \
           it fail.",
    state: None,
    source: "this project",
    hint: "Drop it in a release of its own, when nothing reads it any more; then let it pass with the reason",
    bad: "DROP TABLE pet;",
    good: "\
-- mizzle-lint: allow(drop-table) its rows are in patient since March
DROP TABLE pet;",
    severity: Severity::Warning,
    says: "`{}` drops a table with its rows",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let dropped = statement.all(&[K::DROP_TABLE]).flat_map(|node| node.children().collect::<Vec<_>>());
    let names = dropped.filter(|node| node.kind() == K::TABLE_NAME_REF).map(|node| statement.span_of(&node));
    // A table that the same text made holds nothing that anybody would miss.
    let made = |name: &str| {
        let before = script.statements.iter().take_while(|other| other.span.start < statement.span.start);
        before
            .flat_map(|other| other.all(&[K::CREATE_TABLE]))
            .any(|node| tree::table(&node).is_some_and(|(_, table)| table == tree::plain(name)))
    };
    names
        .filter(|span| !made(statement.said(span.clone())))
        .map(|span| Hit::at(script.source, span.clone(), RULE.message(statement.said(span))))
        .collect()
}
