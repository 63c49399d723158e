//! Constraints and indexes: made beside what they replace, so that no moment is without either.

use std::collections::BTreeSet;

use super::name::arriving;
use super::phase::Phase;
use super::{Planner, Step};
use crate::diff::TableChange;
use crate::snapshot::{Check, ForeignKey, Index, Key, KeyValue, Name, Table, Unique};
use crate::sql::{add_foreign_key, check as check_sql, create_index, mentions, quoted};

/// Indexes of a table, those of its primary key and unique constraints among them (AWS user guide, "Cluster quotas and
/// database limits").
pub(super) const INDEXES: usize = 24;

/// Plans the constraints and indexes of tables that stay.
pub(super) fn plan(planner: &mut Planner<'_>) {
    let touched = touched(planner);
    for (table, key, former) in &touched {
        let held = planner.former_name(table);
        let why = format!("{} holds on to what changes; it is added again behind that", quoted(former));
        planner.push(Phase::ForeignKeysOut, Step::ddl(drop(held, former), why).loosening(&key.name));
        add_foreign_key_steps(planner, table, key);
    }
    let again: BTreeSet<(&Name, &str)> =
        touched.iter().map(|(table, key, _)| (*table, key.name.as_str())).collect();
    let mut renames = Vec::new();
    for (table, changes) in planner.altered() {
        let retyped = retyped(planner, table);
        let is_retyped = |column: &String| retyped.contains(column.as_str());
        for change in changes {
            match change {
                TableChange::RenameConstraint { from, to } | TableChange::RenameIndex { from, to } => {
                    let made_anew = again.contains(&(table, to.as_str()))
                        || planner.new.table(table).is_some_and(|new| stands_on_any(new, to, &retyped));
                    if !made_anew {
                        let of_index = matches!(change, TableChange::RenameIndex { .. });
                        renames.push((table, of_index, from.as_str(), to.as_str()));
                    }
                }
                TableChange::AddUnique(unique)
                    if !unique.columns.iter().chain(&unique.include).any(is_retyped) =>
                {
                    for step in unique_steps(table, unique, &unique.name) {
                        planner.push(Phase::Constraints, step);
                    }
                }
                TableChange::ChangeUnique { from, to } => {
                    let stands =
                        |unique: &Unique| unique.columns.iter().chain(&unique.include).any(is_retyped);
                    if !stands(to) && !stands(from) {
                        change_unique(planner, table, to);
                    }
                }
                TableChange::DropUnique(unique)
                    if !unique.columns.iter().chain(&unique.include).any(is_retyped) =>
                {
                    drop_named(planner, table, &unique.name);
                }
                TableChange::AddCheck(check) if !on_any(&check.sql, &retyped) => {
                    for step in check_steps(table, check, &check.name) {
                        planner.push(Phase::Constraints, step);
                    }
                }
                TableChange::ChangeCheck { from, to }
                    if !on_any(&from.sql, &retyped) && !on_any(&to.sql, &retyped) =>
                {
                    change_check(planner, table, to);
                }
                TableChange::DropCheck(check) if !on_any(&check.sql, &retyped) => {
                    drop_named(planner, table, &check.name);
                }
                TableChange::ValidateCheck(Check { name, .. })
                | TableChange::ValidateForeignKey(ForeignKey { name, .. }) => {
                    let why = format!("{} was added NOT VALID and never validated", quoted(name));
                    planner.push(Phase::ForeignKeysIn, Step::validation(validate(table, name), why));
                }
                TableChange::AddForeignKey(key) => add_foreign_key_steps(planner, table, key),
                TableChange::ChangeForeignKey { from, to } if !again.contains(&(table, to.name.as_str())) => {
                    change_foreign_key(planner, table, from, to);
                }
                TableChange::DropForeignKey(key) => {
                    let sql = drop(planner.former_name(table), &key.name);
                    let why = format!("foreign key {} is gone", quoted(&key.name));
                    planner.push(Phase::ForeignKeysOut, Step::ddl(sql, why));
                }
                TableChange::CreateIndex(index) if !stands_on_columns(index, &retyped) => {
                    let step = index_step(table, index, &index.name);
                    planner.push(Phase::Constraints, step);
                }
                TableChange::ChangeIndex { from, to }
                    if !stands_on_columns(from, &retyped) && !stands_on_columns(to, &retyped) =>
                {
                    change_index(planner, table, to);
                }
                TableChange::RebuildIndex(index) if !stands_on_columns(index, &retyped) => {
                    let why = "the index was never built to its end, so no query uses it";
                    planner.push(Phase::Constraints, Step::ddl(drop_index(table, &index.name), why));
                    planner.push(Phase::Constraints, index_step(table, index, &index.name));
                }
                TableChange::DropIndex(index) if !stands_on_columns(index, &retyped) => {
                    let early = planner.is_needed(&table.schema, &index.name) || is_crowded(planner, table);
                    let phase = if early { Phase::NamesFree } else { Phase::ConstraintsOut };
                    let why =
                        format!("index {} is gone; queries that used it read more", quoted(&index.name));
                    planner.push(phase, Step::ddl(drop_index(table, &index.name), why));
                }
                _ => {}
            }
        }
    }
    rename(planner, renames);
}

/// The columns of a table that get another type.
pub(super) fn retyped<'a>(planner: &Planner<'a>, table: &Name) -> BTreeSet<&'a str> {
    let changes = planner.altered.get(table).into_iter().flatten();
    let columns = changes.filter_map(|change| match change {
        TableChange::ChangeType { to, .. } => Some(to.name.as_str()),
        _ => None,
    });
    columns.collect()
}

/// Foreign keys that are as they were, but hold on to something that is made anew: the table, the key as it will be, and
/// its name until now.
fn touched<'a>(planner: &Planner<'a>) -> Vec<(&'a Name, &'a ForeignKey, &'a str)> {
    let mut touched = Vec::new();
    for table in &planner.new.tables {
        let (false, Some(before)) = (planner.rebuilt.contains(&table.name), planner.before(&table.name))
        else {
            continue;
        };
        let own = retyped(planner, &table.name);
        for key in &table.foreign_keys {
            let renamed =
                planner.altered.get(&table.name).into_iter().flatten().find_map(|change| match change {
                    TableChange::RenameConstraint { from, to } if *to == key.name => Some(from),
                    _ => None,
                });
            let former = renamed.unwrap_or(&key.name);
            let Some(old) = before.foreign_keys.iter().find(|old| old.name == *former) else { continue };
            // One that changes may let go of what is made anew, too.
            let changed =
                planner.altered.get(&table.name).into_iter().flatten().find_map(|change| match change {
                    TableChange::ChangeForeignKey { from, to } if to.name == key.name => Some(from),
                    _ => None,
                });
            let gone = changed
                .is_some_and(|from| planner.new.table(&from.table).is_none() || is_loosened(planner, from));
            let on_retyped = key.columns.iter().any(|column| own.contains(column.as_str()));
            if gone || on_retyped || is_loosened(planner, key) {
                touched.push((&table.name, key, old.name.as_str()));
            }
        }
    }
    touched
}

/// Whether what a foreign key refers to is made anew.
fn is_loosened(planner: &Planner<'_>, key: &ForeignKey) -> bool {
    let columns: BTreeSet<&String> = key.references.iter().collect();
    let is_key = |unique: &[String]| unique.iter().collect::<BTreeSet<_>>() == columns;
    let is_index = |index: &Index| {
        index.unique
            && index
                .keys
                .iter()
                .all(|key| matches!(&key.value, KeyValue::Column(name) if columns.contains(name)))
    };
    let retyped = retyped(planner, &key.table);
    planner.rebuilt.contains(&key.table)
        || key.references.iter().any(|column| retyped.contains(column.as_str()))
        || planner.altered.get(&key.table).into_iter().flatten().any(|change| match change {
            TableChange::DropUnique(from) | TableChange::ChangeUnique { from, .. } => is_key(&from.columns),
            TableChange::DropIndex(from)
            | TableChange::ChangeIndex { from, .. }
            | TableChange::RebuildIndex(from) => is_index(from),
            _ => false,
        })
}

/// Renames, each behind the one that frees its name.
fn rename(planner: &mut Planner<'_>, mut renames: Vec<(&Name, bool, &str, &str)>) {
    while !renames.is_empty() {
        let is_free = |(table, _, _, to): &(&Name, bool, &str, &str)| {
            !renames.iter().any(|(other, _, from, _)| other.schema == table.schema && from == to)
        };
        let at = renames.iter().position(is_free).unwrap_or(0);
        let (table, of_index, from, to) = renames.remove(at);
        let sql = if of_index { rename_index(table, from, to) } else { rename_constraint(table, from, to) };
        planner.push(Phase::Renames, Step::ddl(sql, "it is the same under another name"));
    }
}

/// Whether the new indexes of a table do not fit beside the old ones.
fn is_crowded(planner: &Planner<'_>, table: &Name) -> bool {
    let added = planner
        .altered
        .get(table)
        .into_iter()
        .flatten()
        .filter(|change| matches!(change, TableChange::CreateIndex(_) | TableChange::AddUnique(_)));
    planner.before(table).map_or(0, |table| table.relations().count()) + added.count() > INDEXES
}

/// A name that is needed by something new is free before that comes.
fn drop_named(planner: &mut Planner<'_>, table: &Name, name: &str) {
    let early = planner.is_needed(&table.schema, name) || is_crowded(planner, table);
    let why = format!("constraint {} is gone", quoted(name));
    let (phase, table) = match early {
        true => (Phase::NamesFree, planner.former.get(table).copied().unwrap_or(table)),
        false => (Phase::ConstraintsOut, table),
    };
    planner.push(phase, Step::ddl(drop(table, name), why));
}

fn change_unique(planner: &mut Planner<'_>, table: &Name, to: &Unique) {
    let between = arriving(&to.name);
    let index = Index { name: between.clone(), ..unique_index(to) };
    let why = "the new index refuses duplicates before the old one goes";
    planner.push(Phase::Constraints, Step::index(create_index(table, &index), why));
    let why = format!("{} makes room for its successor, which works already", quoted(&to.name));
    planner.push(Phase::Constraints, Step::ddl(drop(table, &to.name), why));
    planner.push(
        Phase::Constraints,
        Step::ddl(use_index(table, &to.name, &between), "the index becomes the constraint"),
    );
}

fn change_check(planner: &mut Planner<'_>, table: &Name, to: &Check) {
    let between = arriving(&to.name);
    for step in check_steps(table, to, &between) {
        planner.push(Phase::Constraints, step);
    }
    let why = "the new check is known to hold, so the old one can go";
    planner.push(Phase::Constraints, Step::ddl(drop(table, &to.name), why));
    let sql = rename_constraint(table, &between, &to.name);
    planner.push(Phase::Constraints, Step::ddl(sql, "the new check takes the old one's name"));
}

fn change_foreign_key(planner: &mut Planner<'_>, table: &Name, from: &ForeignKey, to: &ForeignKey) {
    let between = ForeignKey { name: arriving(&to.name), ..to.clone() };
    add_foreign_key_steps(planner, table, &between);
    let why = "the new key is known to hold, so the old one can go";
    planner.push(Phase::ForeignKeysIn, Step::ddl(drop(table, &from.name), why));
    let sql = rename_constraint(table, &between.name, &to.name);
    planner.push(Phase::ForeignKeysIn, Step::ddl(sql, "the new key takes the old one's name"));
}

fn change_index(planner: &mut Planner<'_>, table: &Name, to: &Index) {
    let count = planner.before(table).map_or(0, |table| table.relations().count());
    let why = format!("{} makes room for its successor", quoted(&to.name));
    if count >= INDEXES {
        let why = format!("{why}: a table has at most {INDEXES} indexes");
        let step = Step::ddl(drop_index(table, &to.name), why);
        planner.push(Phase::Constraints, if to.unique { step.loosening(&to.name) } else { step });
        return planner.push(Phase::Constraints, index_step(table, to, &to.name));
    }
    let between = arriving(&to.name);
    planner.push(Phase::Constraints, index_step(table, to, &between));
    planner.push(Phase::Constraints, Step::ddl(drop_index(table, &to.name), why));
    let sql = rename_index(table, &between, &to.name);
    planner.push(Phase::Constraints, Step::ddl(sql, "the new index takes the old one's name"));
}

pub(super) fn add_foreign_key_steps(planner: &mut Planner<'_>, table: &Name, key: &ForeignKey) {
    let why = format!("{} binds new rows from here on; DSQL adds it NOT VALID", quoted(&key.name));
    planner.push(Phase::ForeignKeysIn, Step::ddl(add_foreign_key(table, key), why));
    let why = format!("{} is then known to hold for every row", quoted(&key.name));
    planner.push(Phase::ForeignKeysIn, Step::validation(validate(table, &key.name), why));
}

/// A check under a name: bound first, proved then.
pub(super) fn check_steps(table: &Name, check: &Check, name: &str) -> [Step; 2] {
    let named = Check { name: name.to_owned(), ..check.clone() };
    let sql = format!("ALTER TABLE {table} ADD {} NOT VALID", check_sql(&named));
    let why = format!("{} binds new rows from here on; DSQL adds it NOT VALID", quoted(name));
    let proof = format!("{} is then known to hold for every row", quoted(name));
    [Step::ddl(sql, why), Step::validation(validate(table, name), proof)]
}

/// A unique constraint under a name, made of an index of the same name.
pub(super) fn unique_steps(table: &Name, unique: &Unique, name: &str) -> [Step; 2] {
    let index = Index { name: name.to_owned(), ..unique_index(unique) };
    let why = "DSQL makes a unique constraint of an index that was built before; the build fails if there are duplicates";
    [
        Step::index(create_index(table, &index), why),
        Step::ddl(use_index(table, name, name), "the index becomes the constraint"),
    ]
}

pub(super) fn index_step(table: &Name, index: &Index, name: &str) -> Step {
    let named = Index { name: name.to_owned(), ..index.clone() };
    Step::index(create_index(table, &named), "DSQL builds every index in the background")
}

fn unique_index(unique: &Unique) -> Index {
    let keys = unique.columns.iter();
    Index {
        name: unique.name.clone(),
        keys: keys.map(|name| Key { value: KeyValue::Column(name.clone()), nulls_first: false }).collect(),
        unique: true,
        include: unique.include.clone(),
        condition: None,
        nulls_not_distinct: unique.nulls_not_distinct,
        valid: true,
    }
}

pub(super) fn use_index(table: &Name, name: &str, index: &str) -> String {
    format!("ALTER TABLE {table} ADD CONSTRAINT {} UNIQUE USING INDEX {}", quoted(name), quoted(index))
}

pub(super) fn validate(table: &Name, name: &str) -> String {
    format!("ALTER TABLE ASYNC {table} VALIDATE CONSTRAINT {}", quoted(name))
}

pub(super) fn drop(table: &Name, name: &str) -> String {
    format!("ALTER TABLE {table} DROP CONSTRAINT {}", quoted(name))
}

pub(super) fn drop_index(table: &Name, name: &str) -> String {
    format!("DROP INDEX {}", Name::new(&table.schema, name))
}

pub(super) fn rename_constraint(table: &Name, from: &str, to: &str) -> String {
    format!("ALTER TABLE {table} RENAME CONSTRAINT {} TO {}", quoted(from), quoted(to))
}

pub(super) fn rename_index(table: &Name, from: &str, to: &str) -> String {
    format!("ALTER INDEX {} RENAME TO {}", Name::new(&table.schema, from), quoted(to))
}

/// Whether the expression names one of the columns.
pub(super) fn on_any(sql: &str, columns: &BTreeSet<&str>) -> bool {
    columns.iter().any(|column| mentions(sql, column))
}

/// Whether the index has one of the columns in it.
pub(super) fn stands_on_columns(index: &Index, columns: &BTreeSet<&str>) -> bool {
    index.include.iter().any(|column| columns.contains(column.as_str()))
        || index.condition.as_ref().is_some_and(|sql| on_any(sql, columns))
        || index.keys.iter().any(|key| match &key.value {
            KeyValue::Column(name) => columns.contains(name.as_str()),
            KeyValue::Expression(sql) => on_any(sql, columns),
        })
}

/// Whether what has this name in the table stands on one of the columns.
fn stands_on_any(table: &Table, name: &str, columns: &BTreeSet<&str>) -> bool {
    let among = |names: &[String]| names.iter().any(|name| columns.contains(name.as_str()));
    table
        .uniques
        .iter()
        .any(|unique| unique.name == name && (among(&unique.columns) || among(&unique.include)))
        || table.checks.iter().any(|check| check.name == name && on_any(&check.sql, columns))
        || table.indexes.iter().any(|index| index.name == name && stands_on_columns(index, columns))
}
