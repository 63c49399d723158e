//! One DDL statement in a transaction.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::{Class, Statement};
use super::super::transactions;

pub(super) static RULE: Rule = Rule {
    id: "one-ddl",
    title: "One DDL statement in a transaction.",
    why: "A change of the catalog is a transaction of its own. GRANT, REVOKE and COMMENT are DDL too, and \
          several statements sent in one text are one transaction. `--fix` takes BEGIN and COMMIT away from \
          around DDL alone.",
    state: Some("0A000"),
    source: "working-with-ddl, toolkit",
    hint: "End the transaction before it",
    bad: "\
BEGIN;
CREATE TABLE visit (id uuid PRIMARY KEY);
CREATE TABLE bill (id uuid PRIMARY KEY);
COMMIT;",
    good: "\
CREATE TABLE visit (id uuid PRIMARY KEY);
CREATE TABLE bill (id uuid PRIMARY KEY);",
    severity: Severity::Error,
    says: "a second DDL statement in one transaction",
    look: Look::Script(look),
};

fn look(script: &Script<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for block in transactions::of(script) {
        let ddl: Vec<&Statement<'_>> =
            block.statements.iter().copied().filter(|statement| statement.class() == Class::Ddl).collect();
        let Some(second) = ddl.get(1) else { continue };
        let hit = Hit::at(script.source, second.head(), RULE.says);
        // Nothing is lost when a block of DDL alone falls apart: it could not run as one.
        let alone = ddl.len() == block.statements.len();
        hits.push(match (block.begin, block.end) {
            (Some(begin), Some(end)) if alone && end.starts_with(&["commit"]) => {
                hit.fix([script.remove(begin.span.start..begin.end), script.remove(end.span.start..end.end)])
            }
            _ => hit,
        });
    }
    hits
}
