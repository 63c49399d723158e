//! There are no advisory locks.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::calls;

pub(super) static RULE: Rule = Rule {
    id: "advisory-lock",
    title: "There are no advisory locks.",
    why: "Tools that run migrations under one (golang-migrate, Flyway, Rails, sqlx) need another way. This \
           crate's runner holds a lease: a row with a time.",
    state: Some("0A000"),
    source: "skill",
    hint: "Lock a row that stands for the work with SELECT … FOR UPDATE, and retry on 40001",
    bad: "SELECT pg_advisory_lock(42);",
    good: "\
BEGIN;
SELECT id FROM owner WHERE name = 'Ann' FOR UPDATE;
COMMIT;",
    severity: Severity::Error,
    says: "the function `{}` is not supported",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let lock = |name: &str| name.starts_with("pg_advisory_") || name.starts_with("pg_try_advisory_");
    let locks = calls::of(statement).filter(|call| lock(&call.name));
    locks.map(|call| Hit::at(script.source, call.span, RULE.message(&call.name))).collect()
}
