//! Statements are prepared by the protocol.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "prepared-statement",
    title: "Statements are prepared by the protocol.",
    why: "Drivers prepare with protocol messages, which works. Of `DEALLOCATE`, only `ALL` is known.",
    state: Some("0A000"),
    source: "grammar",
    hint: "Let the driver prepare",
    bad: "PREPARE pets AS SELECT name FROM pet;",
    good: "DEALLOCATE ALL;",
    severity: Severity::Error,
    says: "`{}` prepares in SQL",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let one = |node: &SyntaxNode| {
        node.kind() != K::DEALLOCATE || statement.words.last().is_none_or(|word| word.text != "all")
    };
    let found = statement.all(&[K::PREPARE, K::EXECUTE, K::DEALLOCATE]).filter(one);
    let hit = |node: SyntaxNode| {
        let head = statement.head_of(&node);
        Hit::at(script.source, head.clone(), RULE.message(statement.said(head)))
    };
    found.map(hit).collect()
}
