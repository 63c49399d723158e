//! A table has a primary key.

use super::super::finding::{Hit, Severity};
use super::super::model::Model;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "no-primary-key",
    title: "A table has a primary key.",
    why: "It can never get one later. Without it, rows lie in the order of a hidden number, change streams and \
           tools cannot name a row, and batches have nothing to go by.",
    state: None,
    source: "working-with-primary-keys",
    hint: "id uuid PRIMARY KEY DEFAULT gen_random_uuid(), or a key that the rows have",
    bad: "CREATE TABLE visit (day date, note text);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), day date, note text);",
    severity: Severity::Warning,
    says: "the table `{}` has no primary key",
    look: Look::Model(look),
};

fn look(model: &Model) -> Vec<Hit> {
    let keyless = model.tables().filter(|table| table.whole && table.primary_key.is_none());
    keyless.map(|table| Hit::about(table.at.clone(), RULE.message(&table.name))).collect()
}
