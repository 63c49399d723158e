//! Only FOR UPDATE and FOR KEY SHARE lock rows.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "locking-clause",
    title: "Only FOR UPDATE and FOR KEY SHARE lock rows.",
    why: "Also in a WITH clause or a subquery. `NOWAIT` and `SKIP LOCKED` are accepted: there is nothing to \
           wait for. The lock is a promise about COMMIT: of two transactions that lock and change a row, the \
           later to commit fails with 40001.",
    state: Some("0A000"),
    source: "concurrency-control",
    hint: "FOR UPDATE, or FOR KEY SHARE where only the key must stay",
    bad: "\
BEGIN;
SELECT name FROM pet WHERE name = 'Rex' FOR SHARE;
COMMIT;",
    good: "\
BEGIN;
SELECT name FROM pet WHERE name = 'Rex' FOR UPDATE;
COMMIT;",
    severity: Severity::Error,
    says: "FOR `{}` is no locking clause of Aurora DSQL",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let clauses = statement.all(&[K::FOR_SHARE, K::FOR_NO_KEY_UPDATE]);
    let hit = |node| {
        let span = statement.span_of(&node);
        let said = statement.said(span.clone()).to_uppercase();
        // The stronger lock promises all that the weaker one does.
        Hit::at(script.source, span.clone(), RULE.message(&said)).fix([Edit::replace(span, "UPDATE")])
    };
    clauses.map(hit).collect()
}
