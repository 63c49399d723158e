//! DDL and DML do not share a transaction.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Class;
use super::super::transactions;

pub(super) static RULE: Rule = Rule {
    id: "ddl-with-dml",
    title: "DDL and DML do not share a transaction.",
    why: "In either order. A migration that fills what it made does so in a transaction of its own.",
    state: Some("0A000"),
    source: "working-with-ddl, lint",
    hint: "End the transaction between them",
    bad: "\
BEGIN;
ALTER TABLE pet ADD COLUMN weight int;
UPDATE pet SET weight = 4 WHERE name = 'Leo';
COMMIT;",
    good: "\
ALTER TABLE pet ADD COLUMN weight int;
BEGIN;
UPDATE pet SET weight = 4 WHERE name = 'Leo';
COMMIT;",
    severity: Severity::Error,
    says: "{} beside {} in one transaction",
    look: Look::Script(look),
};

fn look(script: &Script<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for block in transactions::of(script) {
        let first = |class: Class| block.statements.iter().position(|statement| statement.class() == class);
        let (Some(ddl), Some(dml)) = (first(Class::Ddl), first(Class::Dml)) else { continue };
        let later = block.statements[ddl.max(dml)];
        let said = if ddl > dml { ["DDL", "DML"] } else { ["DML", "DDL"] };
        hits.push(Hit::at(script.source, later.head(), RULE.message_of(&said)));
    }
    hits
}
