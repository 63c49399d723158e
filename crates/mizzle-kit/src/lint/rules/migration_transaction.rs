//! A migration neither begins nor ends transactions.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::source::Way;
use super::super::statement::{Class, Statement};

pub(super) static RULE: Rule = Rule {
    id: "migration-transaction",
    title: "A migration neither begins nor ends transactions.",
    why: "Each statement runs in a transaction of its own, as Aurora DSQL demands of DDL; the runner refuses \
           the file.",
    state: None,
    source: "this project",
    hint: "Leave it out",
    bad: "\
CREATE TABLE visit (id uuid PRIMARY KEY);
--> statement-breakpoint
BEGIN;
--> statement-breakpoint
UPDATE pet SET name = 'Rex' WHERE name = 'rex';
--> statement-breakpoint
COMMIT;",
    good: "\
CREATE TABLE visit (id uuid PRIMARY KEY);
--> statement-breakpoint
UPDATE pet SET name = 'Rex' WHERE name = 'rex';",
    severity: Severity::Error,
    says: "`{}` in a migration",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let control = matches!(statement.class(), Class::Begin | Class::End) && script.way == Way::Migration;
    let hit = || Hit::at(script.source, statement.head(), RULE.message(statement.said(statement.head())));
    control.then(hit).into_iter().collect()
}
