//! The SQL that turns the latest state into what a transaction sees.
//!
//! ```text
//! latest ── undo of newer commits ──▶ snapshot ── own writes ──▶ the transaction's view
//! ```
//!
//! Every row that differs is deleted by its key and then inserted as it has to be, so the order among rows does not
//! matter: swapped unique values and shifted keys come out right. Triggers and foreign keys stay silent meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::catalog::{Catalog, Column, Key, Table, Timed};
use super::image::Image;
use super::key::Values;
use super::log::Commit;
use super::write_set::{Rows, WriteSet};
use crate::statement::Statement;

/// What has to become of the rows of one table.
#[derive(Default)]
struct Plan {
    /// By primary key: the row that has to be there, and its place in the order of writing.
    keyed: BTreeMap<Values, (Option<Image>, (u64, u64))>,
    /// Of rows without a key: how many more or fewer.
    counted: BTreeMap<Image, i64>,
}

/// The statements, separated by semicolons; empty when the latest state is what the transaction sees.
///
/// `newer` is what has to be undone; at `COMMIT` that is nothing.
pub(crate) fn overlay(catalog: &Catalog, newer: &[Arc<Commit>], own: &WriteSet) -> String {
    let mut plans: BTreeMap<u32, Plan> = BTreeMap::new();
    for commit in newer {
        for (oid, rows) in &commit.tables {
            plans.entry(*oid).or_default().undo(rows, commit.version);
        }
    }
    for (oid, rows) in &own.tables {
        plans.entry(*oid).or_default().redo(rows);
    }
    let mut deletes = String::new();
    let mut inserts = String::new();
    for (oid, plan) in &plans {
        if let Some(table) = catalog.tables.get(oid) {
            plan.write(table, &mut deletes, &mut inserts);
        }
    }
    deletes + &inserts
}

/// Has stored expressions ask our own clock for the time, which says when the transaction began. Only for a view:
/// what is rolled back with it is the catalog as it was.
pub(crate) fn stilled(catalog: &Catalog) -> String {
    let still = |timed: &Timed| match timed.kind.as_str() {
        "body" => {
            let body: Vec<String> =
                Statement::read_as(&timed.body, false).into_iter().map(|statement| statement.sql).collect();
            format!("SELECT sys.local_still_body({}, {});\n", timed.oid, literal(&body.join(";\n")))
        }
        kind => format!("SELECT sys.local_still({}, {}, {});\n", literal(kind), timed.oid, timed.relation),
    };
    catalog.timed.iter().map(still).collect()
}

/// One query for each deferrable foreign key that the writes may have broken: it raises the error that the foreign
/// key would have raised at `COMMIT`, because foreign keys are silent while writes are put back.
pub(crate) fn orphans(catalog: &Catalog, own: &WriteSet) -> Vec<String> {
    let mut queries = Vec::new();
    for (oid, child) in &catalog.tables {
        for foreign in child.foreign.iter().filter(|foreign| foreign.deferrable) {
            let touched = own.tables.contains_key(oid) || own.tables.contains_key(&foreign.parent);
            let Some(parent) = catalog.tables.get(&foreign.parent).filter(|_| touched) else { continue };
            let mut keys = parent.primary.iter().chain(&parent.unique);
            let Some(key) = keys.find(|key| key.index == foreign.key.index) else { continue };
            let name = |table: &Table, place: &usize| table.columns[*place].name.clone();
            let pairs: Vec<(String, String)> = foreign
                .key
                .places
                .iter()
                .zip(&key.places)
                .map(|(of_child, of_parent)| (name(child, of_child), name(parent, of_parent)))
                .collect();
            let given: Vec<String> =
                pairs.iter().map(|(column, _)| format!("c.{column} IS NOT NULL")).collect();
            let equal: Vec<String> =
                pairs.iter().map(|(column, of)| format!("p.{of} = c.{column}")).collect();
            queries.push(format!(
                "SELECT sys.local_orphan({}, {}, {}) FROM {} c WHERE {} AND NOT EXISTS (SELECT FROM {} p WHERE {}) LIMIT 1",
                literal(&child.schema),
                literal(&child.name),
                literal(&foreign.name),
                child.reached(),
                given.join(" AND "),
                parent.reached(),
                equal.join(" AND "),
            ));
        }
    }
    queries
}

impl Plan {
    fn undo(&mut self, rows: &Rows, version: u64) {
        match rows {
            // The oldest of several commits knows the row as the snapshot has it.
            Rows::Keyed(versions) => {
                for (key, row) in versions {
                    self.keyed.entry(key.clone()).or_insert_with(|| (row.old.clone(), (version, row.at)));
                }
            }
            Rows::Counted(counts) => {
                for (image, by) in counts {
                    *self.counted.entry(image.clone()).or_default() -= by;
                }
            }
        }
    }

    fn redo(&mut self, rows: &Rows) {
        match rows {
            Rows::Keyed(versions) => {
                for (key, row) in versions {
                    self.keyed.insert(key.clone(), (row.new.clone(), (u64::MAX, row.at)));
                }
            }
            Rows::Counted(counts) => {
                for (image, by) in counts {
                    *self.counted.entry(image.clone()).or_default() += by;
                }
            }
        }
    }

    fn write(&self, table: &Table, deletes: &mut String, inserts: &mut String) {
        if let Some(primary) = table.primary.as_ref().filter(|_| !self.keyed.is_empty()) {
            deletes.push_str(&delete(table, primary, self.keyed.keys()));
        }
        let mut rows: Vec<(&Image, (u64, u64))> =
            self.keyed.values().filter_map(|(image, at)| Some((image.as_ref()?, *at))).collect();
        rows.sort_by_key(|row| row.1);
        let mut images: Vec<&Image> = rows.into_iter().map(|row| row.0).collect();
        for (image, by) in &self.counted {
            if *by < 0 {
                deletes.push_str(&delete_some(table, image, -by));
            }
            images.extend(std::iter::repeat_n(image, usize::try_from(*by).unwrap_or(0)));
        }
        if images.is_empty() {
            return;
        }
        let rows = insert(table, &images);
        if table.unsteady == 0 {
            inserts.push_str(&rows);
            return;
        }
        // They are there already, or have been checked when they came.
        let checks = |count| {
            format!("UPDATE pg_catalog.pg_class SET relchecks = {count} WHERE oid = {};\n", table.oid)
        };
        inserts.push_str(&(checks(0) + &rows + &checks(table.unsteady)));
    }
}

fn delete<'a>(table: &Table, primary: &Key, keys: impl Iterator<Item = &'a Values>) -> String {
    let columns: Vec<&Column> = primary.places.iter().map(|place| &table.columns[*place]).collect();
    let name = table.reached();
    let text = |value: &Option<String>| value.as_deref().map_or("NULL".to_owned(), literal);
    if let [column] = columns[..] {
        let values: Vec<String> = keys.map(|key| text(&key[0])).collect();
        let Column { name: column, kind, .. } = column;
        return format!(
            "DELETE FROM {name} WHERE {column} = ANY (ARRAY[{}]::{kind}[]);\n",
            values.join(", ")
        );
    }
    let rows: Vec<String> = keys
        .map(|key| {
            let cells =
                key.iter().zip(&columns).map(|(value, column)| format!("{}::{}", text(value), column.kind));
            format!("({})", cells.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let names: Vec<String> = (0..columns.len()).map(|at| format!("k{at}")).collect();
    let equal: Vec<String> =
        columns.iter().zip(&names).map(|(column, key)| format!("t.{} = v.{key}", column.name)).collect();
    format!(
        "DELETE FROM {name} t USING (VALUES {}) v ({}) WHERE {};\n",
        rows.join(", "),
        names.join(", "),
        equal.join(" AND ")
    )
}

/// Of rows that are all the same, any will do.
fn delete_some(table: &Table, image: &str, count: i64) -> String {
    let name = table.reached();
    format!(
        "DELETE FROM {name} WHERE ctid IN (SELECT ctid FROM {name} t WHERE t::text = {} LIMIT {count});\n",
        literal(image)
    )
}

fn insert(table: &Table, images: &[&Image]) -> String {
    let places: Vec<usize> =
        (0..table.columns.len()).filter(|place| !table.columns[*place].generated).collect();
    let names: Vec<&str> = places.iter().map(|place| table.columns[*place].name.as_str()).collect();
    let rows: Vec<String> = images
        .iter()
        .map(|image| {
            let row = table.row(image);
            let cells = places.iter().map(|place| row.value(*place).map_or("NULL".to_owned(), literal));
            format!("({})", cells.collect::<Vec<_>>().join(", "))
        })
        .collect();
    format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES {};\n",
        table.reached(),
        names.join(", "),
        rows.join(", ")
    )
}

fn literal(text: &str) -> String {
    // With backslashes only the E form means the same under every setting.
    match text.contains('\\') {
        true => format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::SharedLog;
    use crate::txn::fixture::{catalog, written};

    fn check(newer: &[&[&str]], own: &[&[&str]], expect: &[&str]) {
        let log = SharedLog::default();
        let snapshot = log.snapshot();
        for lines in newer {
            log.lock().record(&written(&[lines]));
        }
        let seen = overlay(&catalog(), &snapshot.newer(), &written(own));
        assert_eq!(seen.lines().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn own_writes_come_back_in_the_order_of_writing() {
        check(
            &[],
            &[&["1: - -> (2,b,0)"], &["1: (1,a,0) -> (1,\"it's\",)"]],
            &[
                "DELETE FROM \"public\".\"par\" WHERE id = ANY (ARRAY['1', '2']::numeric(12,2)[]);",
                "INSERT INTO \"public\".\"par\" (id, email, v) OVERRIDING SYSTEM VALUE VALUES ('2', 'b', '0'), ('1', 'it''s', NULL);",
            ],
        );
    }

    #[test]
    fn newer_commits_are_undone_back_to_the_oldest_image() {
        check(
            &[&["2: (1,1) -> (1,2)", "2: - -> (5,1)"], &["2: (1,2) -> (1,3)"]],
            &[],
            &[
                "DELETE FROM \"public\".\"child\" WHERE id = ANY (ARRAY['1', '5']::integer[]);",
                "INSERT INTO \"public\".\"child\" (id, pid) OVERRIDING SYSTEM VALUE VALUES ('1', '1');",
            ],
        );
    }

    #[test]
    fn rows_without_a_key_are_counted_and_generated_columns_left_out() {
        check(
            &[&["3: - -> (1,2)"], &["3: - -> (1,2)"]],
            &[&["3: (4,8) -> (5,10)"]],
            &[
                "DELETE FROM \"public\".\"bare\" WHERE ctid IN (SELECT ctid FROM \"public\".\"bare\" t WHERE t::text = '(1,2)' LIMIT 2);",
                "DELETE FROM \"public\".\"bare\" WHERE ctid IN (SELECT ctid FROM \"public\".\"bare\" t WHERE t::text = '(4,8)' LIMIT 1);",
                "INSERT INTO \"public\".\"bare\" (a) OVERRIDING SYSTEM VALUE VALUES ('5');",
            ],
        );
        check(&[], &[], &[]);
    }

    #[test]
    fn deferrable_foreign_keys_are_asked_about_the_tables_that_changed() {
        let queries = orphans(&catalog(), &written(&[&["2: - -> (7,1)"]]));
        assert_eq!(
            queries,
            ["SELECT sys.local_orphan('public', 'child', 'child_pid_fkey') FROM \"public\".\"child\" c \
              WHERE c.pid IS NOT NULL AND NOT EXISTS (SELECT FROM \"public\".\"par\" p WHERE p.id = c.pid) LIMIT 1"]
        );
        assert!(orphans(&catalog(), &written(&[&["3: - -> (7,1)"]])).is_empty());
    }

    #[test]
    fn backslashes_survive() {
        assert_eq!(literal("a\\b'c"), "E'a\\\\b''c'");
    }
}
