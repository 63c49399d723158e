//! Waiting and ANALYZE stand outside of transactions.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::{Class, Statement};
use super::super::transactions;

pub(super) static RULE: Rule = Rule {
    id: "outside-transaction",
    title: "Waiting and ANALYZE stand outside of transactions.",
    why: "`CALL sys.wait_for_job(…)` and `ANALYZE` run alone.",
    state: Some("25001"),
    source: "lint, supported-sql-features",
    hint: "End the transaction before it",
    bad: "\
BEGIN;
ANALYZE pet;
COMMIT;",
    good: "ANALYZE pet;",
    severity: Severity::Error,
    says: "`{}` in a transaction block",
    look: Look::Script(look),
};

fn look(script: &Script<'_>) -> Vec<Hit> {
    let blocks = transactions::of(script).into_iter().filter(|block| block.begin.is_some());
    let alone =
        blocks.flat_map(|block| block.statements).filter(|statement| statement.class() == Class::Alone);
    let hit = |statement: &Statement<'_>| {
        Hit::at(script.source, statement.head(), RULE.message(statement.said(statement.head())))
    };
    alone.map(hit).collect()
}
