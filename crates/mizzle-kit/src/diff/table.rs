//! What is different inside of a table that both snapshots have.

use super::{Change, Commented, Pair, TableChange, pairs, same_text};
use crate::snapshot::{Check, Column, ForeignKey, Index, Key, KeyValue, Name, Table, Unique};
use crate::sql::same;

/// Adds the changes of one table: columns in the order of the new one, then keys, constraints and indexes by name.
pub(super) fn diff(from: &Table, to: &Table, changes: &mut Vec<Change>) {
    let mut found = Found { table: &to.name, changes };
    if from.comment != to.comment {
        found.comment(Commented::Table(to.name.clone()), to.comment.as_ref());
    }
    for column in &to.columns {
        match from.column(&column.name) {
            Some(former) => self::column(former, column, &mut found),
            None => {
                found.push(TableChange::AddColumn(column.clone()));
                if column.comment.is_some() {
                    let on = Commented::Column(to.name.clone(), column.name.clone());
                    found.comment(on, column.comment.as_ref());
                }
            }
        }
    }
    for column in from.columns.iter().filter(|column| to.column(&column.name).is_none()) {
        found.push(TableChange::DropColumn(column.clone()));
    }
    primary_key(from, to, &mut found);
    list(&from.uniques, &to.uniques, &mut found);
    list(&from.checks, &to.checks, &mut found);
    list(&from.foreign_keys, &to.foreign_keys, &mut found);
    list(&from.indexes, &to.indexes, &mut found);
}

/// Where the changes of a table go.
struct Found<'a> {
    table: &'a Name,
    changes: &'a mut Vec<Change>,
}

impl Found<'_> {
    fn push(&mut self, change: TableChange) {
        self.changes.push(Change::AlterTable { table: self.table.clone(), change });
    }

    fn comment(&mut self, on: Commented, text: Option<&String>) {
        self.changes.push(Change::Comment { on, text: text.cloned() });
    }
}

fn column(from: &Column, to: &Column, found: &mut Found<'_>) {
    let name = || to.name.clone();
    if from.sql_type != to.sql_type {
        found.push(TableChange::ChangeType { from: from.clone(), to: to.clone() });
    }
    match (&from.generated, &to.generated) {
        (Some(_), None) => found.push(TableChange::DropGenerated { column: name() }),
        (from, Some(_)) if !same_text(from.as_deref(), to.generated.as_deref()) => {
            found.push(TableChange::ChangeGenerated(to.clone()));
        }
        _ => {}
    }
    match (&from.identity, &to.identity) {
        (Some(_), None) => found.push(TableChange::DropIdentity { column: name() }),
        (None, Some(_)) if from.default.is_some() => {
            found.push(TableChange::DropDefault { column: name() });
            found.push(TableChange::AddIdentity(to.clone()));
        }
        (None, Some(_)) => found.push(TableChange::AddIdentity(to.clone())),
        (Some(from), Some(to)) if from != to => {
            found.push(TableChange::ChangeIdentity { column: name(), from: from.clone(), to: to.clone() });
        }
        _ => {}
    }
    match (&from.default, &to.default) {
        (Some(_), None) if to.identity.is_none() => found.push(TableChange::DropDefault { column: name() }),
        (former, Some(default)) if !same_text(former.as_deref(), Some(default)) => {
            found.push(TableChange::SetDefault { column: name(), to: default.clone() });
        }
        _ => {}
    }
    match (from.nullable, to.nullable) {
        (true, false) => found.push(TableChange::SetNotNull(to.clone())),
        (false, true) => found.push(TableChange::DropNotNull(from.clone())),
        (false, false) if is_unchecked(from) && !is_unchecked(to) => {
            found.push(TableChange::ValidateNotNull(from.clone()));
        }
        _ => {}
    }
    if from.comment != to.comment {
        let on = Commented::Column(found.table.clone(), to.name.clone());
        found.comment(on, to.comment.as_ref());
    }
}

/// Whether some rows may hold NULL although new ones cannot.
fn is_unchecked(column: &Column) -> bool {
    column.not_null.as_ref().is_some_and(|check| !check.valid)
}

fn primary_key(from: &Table, to: &Table, found: &mut Found<'_>) {
    let columns = |table: &Table| table.primary_key.as_ref().map(|key| key.columns.clone());
    if columns(from) != columns(to) {
        let (from, to) = (from.primary_key.clone(), to.primary_key.clone());
        found.push(TableChange::ChangePrimaryKey { from, to });
    } else if let (Some(from), Some(to)) = (&from.primary_key, &to.primary_key)
        && from.name != to.name
    {
        found.push(TableChange::RenameConstraint { from: from.name.clone(), to: to.name.clone() });
    }
}

/// Something with a name of its own in a table.
trait Member: Clone + 'static {
    fn name(&self) -> &String;
    fn named(self, name: &str) -> Self;
    /// Whether two are one but for name and validity.
    fn is(&self, other: &Self) -> bool;
    fn added(self) -> TableChange;
    fn dropped(self) -> TableChange;
    fn renamed(from: String, to: String) -> TableChange;
    fn changed(from: Self, to: Self) -> TableChange;
    /// What one that the database has not finished needs.
    fn unfinished(&self) -> Option<TableChange>;
}

/// The changes of one list: what has another name and is the same otherwise is renamed, not made again.
fn list<T: Member>(old: &[T], new: &[T], found: &mut Found<'_>) {
    let (mut gone, mut added) = (Vec::new(), Vec::new());
    let mut changes = Vec::new();
    for pair in pairs(old, new, |member| member.name()) {
        match pair {
            Pair::Gone(member) => gone.push(member),
            Pair::New(member) => added.push(member),
            Pair::Both(from, to) if !from.is(to) => changes.push(T::changed(from.clone(), to.clone())),
            Pair::Both(from, to) if to.unfinished().is_none() => changes.extend(from.unfinished()),
            Pair::Both(..) => {}
        }
    }
    for member in added {
        match gone.iter().position(|former| former.is(member)) {
            Some(at) => {
                let former = gone.remove(at);
                found.push(T::renamed(former.name().clone(), member.name().clone()));
                // It is finished under the name that it then has.
                if member.unfinished().is_none() {
                    changes.extend(former.clone().named(member.name()).unfinished());
                }
            }
            None => changes.push(member.clone().added()),
        }
    }
    gone.into_iter().for_each(|member| found.push(member.clone().dropped()));
    changes.into_iter().for_each(|change| found.push(change));
}

impl Member for Unique {
    fn name(&self) -> &String {
        &self.name
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn is(&self, other: &Self) -> bool {
        self.columns == other.columns
            && self.include == other.include
            && self.nulls_not_distinct == other.nulls_not_distinct
    }

    fn added(self) -> TableChange {
        TableChange::AddUnique(self)
    }

    fn dropped(self) -> TableChange {
        TableChange::DropUnique(self)
    }

    fn renamed(from: String, to: String) -> TableChange {
        TableChange::RenameConstraint { from, to }
    }

    fn changed(from: Self, to: Self) -> TableChange {
        TableChange::ChangeUnique { from, to }
    }

    fn unfinished(&self) -> Option<TableChange> {
        None
    }
}

impl Member for Check {
    fn name(&self) -> &String {
        &self.name
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn is(&self, other: &Self) -> bool {
        same(&self.sql, &other.sql)
    }

    fn added(self) -> TableChange {
        TableChange::AddCheck(self)
    }

    fn dropped(self) -> TableChange {
        TableChange::DropCheck(self)
    }

    fn renamed(from: String, to: String) -> TableChange {
        TableChange::RenameConstraint { from, to }
    }

    fn changed(from: Self, to: Self) -> TableChange {
        TableChange::ChangeCheck { from, to }
    }

    fn unfinished(&self) -> Option<TableChange> {
        (!self.valid).then(|| TableChange::ValidateCheck(self.clone()))
    }
}

impl Member for ForeignKey {
    fn name(&self) -> &String {
        &self.name
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn is(&self, other: &Self) -> bool {
        self.columns == other.columns
            && self.table == other.table
            && self.references == other.references
            && self.on_delete == other.on_delete
            && self.on_update == other.on_update
            && self.deferrable == other.deferrable
    }

    fn added(self) -> TableChange {
        TableChange::AddForeignKey(self)
    }

    fn dropped(self) -> TableChange {
        TableChange::DropForeignKey(self)
    }

    fn renamed(from: String, to: String) -> TableChange {
        TableChange::RenameConstraint { from, to }
    }

    fn changed(from: Self, to: Self) -> TableChange {
        TableChange::ChangeForeignKey { from, to }
    }

    fn unfinished(&self) -> Option<TableChange> {
        (!self.valid).then(|| TableChange::ValidateForeignKey(self.clone()))
    }
}

impl Member for Index {
    fn name(&self) -> &String {
        &self.name
    }

    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    fn is(&self, other: &Self) -> bool {
        self.keys.len() == other.keys.len()
            && self.keys.iter().zip(&other.keys).all(|(key, other)| same_key(key, other))
            && self.unique == other.unique
            && self.include == other.include
            && same_text(self.condition.as_deref(), other.condition.as_deref())
            && self.nulls_not_distinct == other.nulls_not_distinct
    }

    fn added(self) -> TableChange {
        TableChange::CreateIndex(self)
    }

    fn dropped(self) -> TableChange {
        TableChange::DropIndex(self)
    }

    fn renamed(from: String, to: String) -> TableChange {
        TableChange::RenameIndex { from, to }
    }

    fn changed(from: Self, to: Self) -> TableChange {
        TableChange::ChangeIndex { from, to }
    }

    fn unfinished(&self) -> Option<TableChange> {
        (!self.valid).then(|| TableChange::RebuildIndex(self.clone()))
    }
}

fn same_key(key: &Key, other: &Key) -> bool {
    let value = match (&key.value, &other.value) {
        (KeyValue::Expression(sql), KeyValue::Expression(other)) => same(sql, other),
        (value, other) => value == other,
    };
    value && key.nulls_first == other.nulls_first
}
