//! Renames that a declaration asks for, done to a copy of the old snapshot, so that the rest is compared by name.

use std::collections::BTreeSet;

use super::{Change, TableChange};
use crate::snapshot::{KeyValue, Name, Snapshot, Table};
use crate::sql::renamed;

/// The old snapshot under the new names, and what has to happen for it.
pub(super) fn apply(old: &Snapshot, new: &Snapshot) -> (Option<Snapshot>, Vec<Change>) {
    let asked = new.tables.iter().any(|table| {
        table.renamed_from.is_some() || table.columns.iter().any(|column| column.renamed_from.is_some())
    });
    if !asked && new.views.iter().all(|view| view.renamed_from.is_none()) {
        return (None, Vec::new());
    }
    let mut old = old.clone();
    let mut changes = Vec::new();
    tables(&mut old, new, &mut changes);
    views(&mut old, new, &mut changes);
    for target in &new.tables {
        if let Some(table) = old.tables.iter_mut().find(|table| table.name == target.name) {
            columns(table, target, &mut changes);
        }
    }
    // A foreign key names the columns of another table.
    for change in &changes {
        let Change::AlterTable { table: name, change: TableChange::RenameColumn { from, to } } = change
        else {
            continue;
        };
        let keys = old.tables.iter_mut().flat_map(|table| &mut table.foreign_keys);
        for key in keys.filter(|key| key.table == *name) {
            rename_in(&mut key.references, from, to);
        }
    }
    old.normalise();
    (Some(old), changes)
}

fn tables(old: &mut Snapshot, new: &Snapshot, changes: &mut Vec<Change>) {
    let wanted = new.tables.iter().filter_map(|table| {
        Some((table.name.schema.clone(), table.renamed_from.clone()?, table.name.name.clone()))
    });
    let schemas: BTreeSet<String> = old.tables.iter().map(|table| table.name.schema.clone()).collect();
    let wanted: Vec<(String, String, String)> = wanted.collect();
    for schema in schemas {
        let there = names(old.tables.iter().map(|table| &table.name), &schema);
        let stay = names(new.tables.iter().map(|table| &table.name), &schema);
        let pairs = wanted.iter().filter(|(of, _, _)| *of == schema).map(|(_, from, to)| (from, to));
        for (from, to) in ordered(pairs, &there, &stay) {
            let (from, to) = (Name::new(&schema, from), Name::new(&schema, to));
            for table in &mut old.tables {
                if table.name == from {
                    table.name = to.clone();
                }
                for key in &mut table.foreign_keys {
                    if key.table == from {
                        key.table = to.clone();
                    }
                }
            }
            changes.push(Change::RenameTable { from, to });
        }
    }
}

fn views(old: &mut Snapshot, new: &Snapshot, changes: &mut Vec<Change>) {
    for view in &new.views {
        let Some(from) = &view.renamed_from else { continue };
        let from = Name::new(&view.name.schema, from);
        let taken = old.view(&view.name).is_some() || new.view(&from).is_some();
        if let (false, Some(former)) = (taken, old.views.iter_mut().find(|former| former.name == from)) {
            former.name = view.name.clone();
            changes.push(Change::RenameView { from, to: view.name.clone() });
        }
    }
}

fn columns(table: &mut Table, target: &Table, changes: &mut Vec<Change>) {
    let there: BTreeSet<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let stay: BTreeSet<String> = target.columns.iter().map(|column| column.name.clone()).collect();
    let pairs =
        target.columns.iter().filter_map(|column| Some((column.renamed_from.as_ref()?, &column.name)));
    for (from, to) in ordered(pairs, &there, &stay) {
        rename_column(table, &from, &to);
        let change = TableChange::RenameColumn { from, to };
        changes.push(Change::AlterTable { table: target.name.clone(), change });
    }
}

/// The renames that are still to be done, in an order in which each new name is free. `there` are the names there are,
/// `stay` those there will be.
///
/// Names that change places are the same set before and after, so nobody could tell whether that was done: such renames
/// are none.
fn ordered<'a>(
    pairs: impl Iterator<Item = (&'a String, &'a String)>,
    there: &BTreeSet<String>,
    stay: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = pairs.map(|(from, to)| (from.clone(), to.clone())).collect();
    let leaves = |name: &String| pairs.iter().any(|(from, _)| from == name);
    let arrives = |name: &String| pairs.iter().any(|(_, to)| to == name);
    let mut pending: Vec<(String, String)> = pairs
        .iter()
        .filter(|(from, to)| from != to && there.contains(from))
        .filter(|(from, to)| (!stay.contains(from) || arrives(from)) && (!there.contains(to) || leaves(to)))
        .cloned()
        .collect();
    let mut taken = there.clone();
    let mut order = Vec::new();
    while let Some(at) = pending.iter().position(|(_, to)| !taken.contains(to)) {
        let (from, to) = pending.remove(at);
        taken.remove(&from);
        taken.insert(to.clone());
        order.push((from, to));
    }
    order
}

/// Puts another name in wherever the table speaks of the column, as the database does.
fn rename_column(table: &mut Table, from: &str, to: &str) {
    for column in &mut table.columns {
        if column.name == from {
            to.clone_into(&mut column.name);
        }
        if let Some(expression) = &mut column.generated {
            *expression = renamed(expression, from, to);
        }
    }
    table.primary_key.iter_mut().for_each(|key| rename_in(&mut key.columns, from, to));
    for unique in &mut table.uniques {
        rename_in(&mut unique.columns, from, to);
        rename_in(&mut unique.include, from, to);
    }
    for check in &mut table.checks {
        check.sql = renamed(&check.sql, from, to);
    }
    for key in &mut table.foreign_keys {
        rename_in(&mut key.columns, from, to);
    }
    for index in &mut table.indexes {
        rename_in(&mut index.include, from, to);
        if let Some(condition) = &mut index.condition {
            *condition = renamed(condition, from, to);
        }
        for key in &mut index.keys {
            match &mut key.value {
                KeyValue::Column(name) if name == from => to.clone_into(name),
                KeyValue::Column(_) => {}
                KeyValue::Expression(sql) => *sql = renamed(sql, from, to),
            }
        }
    }
}

fn rename_in(names: &mut [String], from: &str, to: &str) {
    names.iter_mut().filter(|name| *name == from).for_each(|name| to.clone_into(name));
}

fn names<'a>(names: impl Iterator<Item = &'a Name>, schema: &str) -> BTreeSet<String> {
    names.filter(|name| name.schema == schema).map(|name| name.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::ordered;

    fn order(pairs: &[(&str, &str)], there: &[&str], stay: &[&str]) -> Vec<String> {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let order = ordered(pairs.iter().map(|(from, to)| (from, to)), &set(there), &set(stay));
        order.iter().map(|(from, to)| format!("{from}>{to}")).collect()
    }

    #[test]
    fn a_chain_begins_at_its_free_end_and_a_swap_is_none() {
        assert_eq!(order(&[("a", "b"), ("b", "c")], &["a", "b"], &["b", "c"]), ["b>c", "a>b"]);
        assert_eq!(order(&[("a", "b"), ("b", "a")], &["a", "b"], &["a", "b"]), [""; 0]);
    }

    #[test]
    fn a_rename_that_was_done_is_none() {
        assert_eq!(order(&[("a", "b")], &["b"], &["b"]), [""; 0]);
        assert_eq!(order(&[("a", "b")], &["a", "b"], &["b"]), [""; 0]);
        assert_eq!(order(&[("a", "b")], &["a"], &["a", "b"]), [""; 0]);
    }
}
