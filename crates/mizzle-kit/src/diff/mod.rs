//! What is different between two snapshots, as changes that lead from the old one to the new one.

mod change;
mod rename;
mod table;

use std::cmp::Ordering;

pub use change::{Change, Commented, TableChange};

use crate::snapshot::{Domain, Snapshot, View};
use crate::sql::same;

/// What has to happen to `old` for it to be `new`; nothing when they differ in nothing but spelling.
///
/// Renames come first, then schemas, domains, tables and views by name. Only a declared rename is one: else a thing of
/// another name is another thing. Two things that change their names with each other take two migrations, over a third
/// name: one could not tell whether it was done.
pub fn diff(old: &Snapshot, new: &Snapshot) -> Vec<Change> {
    let (moved, mut changes) = rename::apply(old, new);
    let old = moved.as_ref().unwrap_or(old);
    for found in pairs(&old.schemas, &new.schemas, |schema| &schema.name) {
        match found {
            Pair::Gone(schema) => changes.push(Change::DropSchema(schema.clone())),
            Pair::New(schema) => changes.push(Change::CreateSchema(schema.clone())),
            // A struct says nothing of its schema.
            Pair::Both(from, to) if to.comment.is_some() && from.comment != to.comment => {
                let on = Commented::Schema(to.name.clone());
                changes.push(Change::Comment { on, text: to.comment.clone() });
            }
            Pair::Both(..) => {}
        }
    }
    for found in pairs(&old.domains, &new.domains, |domain| &domain.name) {
        match found {
            Pair::Gone(domain) => changes.push(Change::DropDomain(domain.clone())),
            Pair::New(domain) => changes.push(Change::CreateDomain(domain.clone())),
            Pair::Both(from, to) if !same_domain(from, to) => {
                changes.push(Change::ChangeDomain { from: from.clone(), to: to.clone() });
            }
            Pair::Both(..) => {}
        }
    }
    for found in pairs(&old.tables, &new.tables, |table| &table.name) {
        match found {
            Pair::Gone(table) => changes.push(Change::DropTable(table.clone())),
            Pair::New(table) => changes.push(Change::CreateTable(table.clone())),
            Pair::Both(from, to) => table::diff(from, to, &mut changes),
        }
    }
    for found in pairs(&old.views, &new.views, |view| &view.name) {
        match found {
            Pair::Gone(view) => changes.push(Change::DropView(view.clone())),
            Pair::New(view) => changes.push(Change::CreateView(view.clone())),
            Pair::Both(from, to) => views(from, to, &mut changes),
        }
    }
    changes
}

fn views(from: &View, to: &View, changes: &mut Vec<Change>) {
    if !same(&from.query, &to.query) {
        changes.push(Change::ChangeView { from: from.clone(), to: to.clone() });
    } else if from.comment != to.comment {
        let on = Commented::View(to.name.clone());
        changes.push(Change::Comment { on, text: to.comment.clone() });
    }
}

fn same_domain(from: &Domain, to: &Domain) -> bool {
    let checks = from.checks.len() == to.checks.len()
        && from
            .checks
            .iter()
            .zip(&to.checks)
            .all(|(a, b)| a.name == b.name && a.valid == b.valid && same(&a.sql, &b.sql));
    checks
        && from.sql_type == to.sql_type
        && from.nullable == to.nullable
        && same_text(from.default.as_deref(), to.default.as_deref())
}

fn same_text(from: Option<&str>, to: Option<&str>) -> bool {
    match (from, to) {
        (Some(from), Some(to)) => same(from, to),
        (from, to) => from == to,
    }
}

/// What two sorted lists have in common, and what not.
enum Pair<'a, T> {
    Gone(&'a T),
    New(&'a T),
    Both(&'a T, &'a T),
}

/// Walks two lists, sorted by their keys, side by side.
fn pairs<'a, T, K: Ord + ?Sized>(old: &'a [T], new: &'a [T], key: impl Fn(&T) -> &K) -> Vec<Pair<'a, T>> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut pairs = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some(left), Some(right)) => key(left).cmp(key(right)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return pairs,
        };
        match order {
            Ordering::Less => pairs.extend(old.next().map(Pair::Gone)),
            Ordering::Greater => pairs.extend(new.next().map(Pair::New)),
            Ordering::Equal => pairs.extend(old.next().zip(new.next()).map(|(a, b)| Pair::Both(a, b))),
        }
    }
}
