//! What refers to a table has an index.

use super::super::finding::{Hit, Severity};
use super::super::model::{At, Model, Table};
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "relation-index",
    title: "What refers to a table has an index.",
    why: "Reading a relation, deleting a parent and every check of a foreign key look for rows by these \
           columns: without an index each of them reads the whole table. PostgreSQL makes none, and Aurora DSQL \
           neither. A column counts as referring when it has a foreign key, or the name of a table and `_id`.",
    state: None,
    source: "working-with-foreign-key-constraints",
    hint: "CREATE INDEX ASYNC on the columns",
    bad: "\
CREATE TABLE visit (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    pet_id uuid NOT NULL REFERENCES pet (id)
);",
    good: "\
CREATE TABLE visit (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    pet_id uuid NOT NULL REFERENCES pet (id)
);
CREATE INDEX ASYNC visit_pet_id_idx ON visit (pet_id);",
    severity: Severity::Warning,
    says: "no index finds the rows of `{}` by `{}`, which refers to `{}`",
    look: Look::Model(look),
};

fn look(model: &Model) -> Vec<Hit> {
    let whole = model.tables().filter(|table| table.whole);
    whole
        .flat_map(|table| relations(model, table).into_iter().map(move |relation| (table, relation)))
        .filter(|(table, relation)| !table.finds_by(&relation.columns))
        .map(|(table, relation)| {
            let columns = relation.columns.join(", ");
            let message = RULE.message_of(&[&table.name, &columns, &relation.target]);
            let hint = format!("CREATE INDEX ASYNC ON {} ({columns})", table.name);
            Hit::about(relation.at, message).hint(hint)
        })
        .collect()
}

struct Relation {
    at: At,
    columns: Vec<String>,
    target: String,
}

/// The foreign keys of a table, and the columns that are named like a key of another.
fn relations(model: &Model, table: &Table) -> Vec<Relation> {
    let keys = table.foreign_keys.iter().map(|key| Relation {
        at: key.at.clone(),
        columns: key.columns.clone(),
        target: key.target.clone(),
    });
    let named = table.columns.iter().filter_map(|column| {
        let target = model.table(None, column.name.strip_suffix("_id")?)?;
        let [key] = &target.primary_key.as_ref()?[..] else { return None };
        let same = target.column(key)?.type_name == column.type_name;
        let declared = table.foreign_keys.iter().any(|key| key.columns.contains(&column.name));
        let relation = || Relation {
            at: column.at.clone(),
            columns: vec![column.name.clone()],
            target: target.name.clone(),
        };
        (same && !declared).then(relation)
    });
    keys.chain(named).collect()
}
