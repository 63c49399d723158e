//! The modes of a transaction stand on BEGIN.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "set-transaction",
    title: "The modes of a transaction stand on BEGIN.",
    why: "`SET TRANSACTION` is refused with every scope. `SET SESSION CHARACTERISTICS AS TRANSACTION READ \
           ONLY` is accepted.",
    state: Some("0A000"),
    source: "lint",
    hint: "Put the modes on BEGIN: BEGIN READ ONLY",
    bad: "\
BEGIN;
SET TRANSACTION READ ONLY;
SELECT name FROM pet;
COMMIT;",
    good: "\
BEGIN READ ONLY;
SELECT name FROM pet;
COMMIT;",
    severity: Severity::Error,
    says: "`{}` changes a transaction that has begun",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let scopes: [&[&str]; 3] =
        [&["set", "transaction"], &["set", "local", "transaction"], &["set", "session", "transaction"]];
    let set = scopes.iter().any(|scope| statement.starts_with(scope));
    let hit = || Hit::at(script.source, statement.head(), RULE.message(statement.said(statement.head())));
    set.then(hit).into_iter().collect()
}
