//! A change of all rows has no WHERE.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "without-where",
    title: "A change of all rows has no WHERE.",
    why: "Of a table with more than 3,000 rows it is refused with 54000, and on a smaller one it conflicts \
           with everybody who writes there.",
    state: None,
    source: "CHAP_quotas",
    hint: "Say which rows; of many, in batches of at most 3,000 by key",
    bad: "UPDATE pet SET name = 'Rex';",
    good: "UPDATE pet SET name = 'Rex' WHERE id IN (SELECT id FROM pet WHERE name <> 'Rex' LIMIT 3000);",
    severity: Severity::Warning,
    says: "`{}` changes every row of the table",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    // The runner takes it along the keys, as the comment before it asks for.
    let start = statement.span.start;
    let index = script.statements.partition_point(|other| other.span.start < start);
    let end = index.checked_sub(1).map_or(0, |previous| script.statements[previous].end);
    let before = script.text.get(end..start).unwrap_or_default();
    if before.lines().any(|line| line.starts_with("-- mizzle: backfill")) {
        return Vec::new();
    }
    let all = |node: &SyntaxNode| {
        tree::child(node, K::WHERE_CLAUSE).is_none() && tree::child(node, K::WHERE_CURRENT_OF).is_none()
    };
    let hit = |node: SyntaxNode| {
        let head = statement.head_of(&node);
        let word = if node.kind() == K::UPDATE { "UPDATE" } else { "DELETE" };
        Hit::at(script.source, head, RULE.message(word))
    };
    // In ON CONFLICT and in MERGE the row is given.
    let real = |node: &SyntaxNode| {
        !node.ancestors().any(|over| matches!(over.kind(), K::ON_CONFLICT_CLAUSE | K::MERGE))
    };
    statement.all(&[K::UPDATE, K::DELETE]).filter(all).filter(real).map(hit).collect()
}
