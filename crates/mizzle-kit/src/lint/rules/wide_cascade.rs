//! A cascade can go beyond 3,000 rows.

use super::super::finding::{Hit, Severity};
use super::super::model::Model;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "wide-cascade",
    title: "A cascade can go beyond 3,000 rows.",
    why: "Rows that a cascade changes count to the 3,000 of a transaction. Nothing bounds how many rows refer \
           to one; the delete of a parent with more is refused with 54000, and goes on being refused.",
    state: None,
    source: "create-table, working-with-foreign-key-constraints",
    hint: "ON DELETE RESTRICT, and delete the children in batches first; Db::delete_cascading does so",
    bad: "\
CREATE TABLE visit (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    pet_id uuid NOT NULL REFERENCES pet (id) ON DELETE CASCADE
);
CREATE INDEX ASYNC visit_pet_id_idx ON visit (pet_id);",
    good: "\
CREATE TABLE passport (
    pet_id uuid PRIMARY KEY REFERENCES pet (id) ON DELETE CASCADE,
    number text NOT NULL
);",
    severity: Severity::Warning,
    says: "`ON {} {}` can change more than 3,000 rows of `{}`",
    look: Look::Model(look),
};

fn look(model: &Model) -> Vec<Hit> {
    let keys = model.tables().flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)));
    // Where one row at most refers to one, the cascade is as long as the chain of tables.
    let many = keys.filter(|(table, key)| !table.is_unique_by(&key.columns));
    let hits = many.flat_map(|(table, key)| {
        let action = |event: &str, action: Option<&'static str>| {
            Some(Hit::about(key.at.clone(), RULE.message_of(&[event, action?, &table.name])))
        };
        [action("DELETE", key.on_delete), action("UPDATE", key.on_update)]
    });
    hits.flatten().collect()
}
