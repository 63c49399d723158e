//! A transaction changes 3,000 rows at most.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;
use super::calls;

pub(super) static RULE: Rule = Rule {
    id: "too-many-rows",
    title: "A transaction changes 3,000 rows at most.",
    why: "All statements of a transaction count together, and so do rows that a cascade changes. The size of \
           what is written is limited too: 10 MiB with index entries.",
    state: Some("54000"),
    source: "CHAP_quotas",
    hint: "Batches of at most 3,000 rows; Db::insert_all writes them",
    bad: "INSERT INTO pet (name) SELECT 'pet ' || n FROM generate_series(1, 3001) AS n;",
    good: "INSERT INTO pet (name) SELECT 'pet ' || n FROM generate_series(1, 3000) AS n;",
    severity: Severity::Error,
    says: "{} rows are more than the 3,000 that a transaction can change",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let inserted = |insert: &SyntaxNode| -> Option<usize> {
        if let Some(values) = tree::child(insert, K::VALUES) {
            return Some(tree::children(&tree::child(&values, K::ROW_LIST)?, K::ROW).count());
        }
        // A series of literal bounds is the only source, so its length is the number of rows.
        let select = tree::child(insert, K::SELECT)?;
        let from = tree::child(&select, K::FROM_CLAUSE)?;
        let alone = from.children().count() == 1 && select.children().count() == 2;
        let mut calls = calls::within(statement, &from);
        let series =
            calls.find(|call| call.name == "generate_series" && call.arguments.len() == 2 && alone)?;
        let bound = |at: usize| statement.said(statement.span_of(&series.arguments[at])).parse::<i64>().ok();
        usize::try_from(bound(1)? - bound(0)? + 1).ok()
    };
    let hit = |insert: SyntaxNode| {
        let rows = inserted(&insert).filter(|rows| *rows > 3_000)?;
        Some(Hit::at(script.source, statement.head_of(&insert), RULE.message(&rows.to_string())))
    };
    statement.all(&[K::INSERT]).filter_map(hit).collect()
}
