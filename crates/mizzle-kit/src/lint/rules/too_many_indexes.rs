//! A table has 24 indexes at most.

use super::super::finding::{Hit, Severity};
use super::super::model::{Model, Table};
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "too-many-indexes",
    title: "A table has 24 indexes at most.",
    why: "The primary key and unique constraints count, and so do indexes that are invalid or being built.",
    state: Some("54000"),
    source: "CHAP_quotas",
    hint: "Drop those that serve no query; one of several columns serves its first ones",
    bad: "CREATE TABLE wide (id uuid PRIMARY KEY, c0 int UNIQUE, c1 int UNIQUE, c2 int UNIQUE, c3 int UNIQUE, \
           c4 int UNIQUE, c5 int UNIQUE, c6 int UNIQUE, c7 int UNIQUE, c8 int UNIQUE, c9 int UNIQUE, c10 int \
           UNIQUE, c11 int UNIQUE, c12 int UNIQUE, c13 int UNIQUE, c14 int UNIQUE, c15 int UNIQUE, c16 int \
           UNIQUE, c17 int UNIQUE, c18 int UNIQUE, c19 int UNIQUE, c20 int UNIQUE, c21 int UNIQUE, c22 int \
           UNIQUE, c23 int UNIQUE);",
    good: "CREATE TABLE wide (id uuid PRIMARY KEY, c0 int UNIQUE, c1 int);",
    severity: Severity::Error,
    says: "`{}` has more than the 24 indexes that a table can have",
    look: Look::Model(look),
};

fn look(model: &Model) -> Vec<Hit> {
    let count =
        |table: &Table| usize::from(table.primary_key.is_some()) + table.uniques.len() + table.indexes.len();
    let many = model.tables().filter(|table| count(table) > 24);
    let last =
        |table: &Table| table.indexes.last().map_or_else(|| table.at.clone(), |index| index.at.clone());
    let hit = |table: &Table| Hit::about(last(table), RULE.message(&table.name));
    many.map(hit).collect()
}
