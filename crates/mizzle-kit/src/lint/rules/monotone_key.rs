//! A key that grows with time has one hot end.

use super::super::finding::{Hit, Severity};
use super::super::model::{Model, Table};
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "monotone-key",
    title: "A key that grows with time has one hot end.",
    why: "Rows lie in the order of the primary key, and the service splits a table by its ranges. When every \
           new key is greater than the last, every insert goes to the same place.",
    state: None,
    source: "working-with-primary-keys",
    hint: "Begin the key with something that spreads: uuid DEFAULT gen_random_uuid(), or the tenant; keep the \
           time or the number in an indexed column beside it",
    bad: "\
CREATE TABLE visit (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    day date NOT NULL
);",
    good: "\
CREATE TABLE visit (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    number bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
    day date NOT NULL
);",
    severity: Severity::Warning,
    says: "the primary key of `{}` grows with time: `{}`",
    look: Look::Model(look),
};

/// Defaults that come after those before them.
const GROWING: &[&str] =
    &["nextval", "now", "current_timestamp", "current_date", "clock_timestamp", "localtimestamp", "uuidv7"];

fn look(model: &Model) -> Vec<Hit> {
    let hit = |table: &Table| {
        let first = table.column(table.primary_key.as_ref()?.first()?)?;
        let default = first.default.as_deref().unwrap_or_default();
        let grows = first.identity || GROWING.iter().any(|function| default.starts_with(function));
        grows.then(|| Hit::about(first.at.clone(), RULE.message_of(&[&table.name, &first.name])))
    };
    model.tables().filter_map(hit).collect()
}
