//! From changes to steps: what Aurora DSQL accepts, in an order in which nothing misses anything.
//!
//! ```text
//! diff ─▶ changes ─▶ steps, each in its phase:
//!   schemas · views out · constraints and tables whose names are needed · renames · domains · foreign keys out
//!   tables · rebuilds · columns · constraints and indexes · foreign keys · drops · views in · schemas out · comments
//! ```
//!
//! DSQL runs one DDL statement in a transaction and refuses what would have to look at rows at once (AWS user guide,
//! "DDL and distributed transactions", "ALTER TABLE"), so many a change takes several steps:
//!
//! - an index is built in the background; a unique constraint is made of such an index;
//! - a check or foreign key is added `NOT VALID`, which binds new rows, and validated by a job;
//! - `NOT NULL` on a column that exists is a check of the same meaning;
//! - another type is another column, filled in chunks, that takes the name of the first (`column.rs`);
//! - another primary key, or a column that is computed or counted, is another table (`rebuild.rs`).
//!
//! What there is no way to is a [`Refusal`], never left out.

mod column;
mod constraint;
mod limits;
mod name;
mod phase;
mod rebuild;
mod refusal;
mod relation;
mod step;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use refusal::{Refusal, Refused};
pub use step::{CHUNK, Hazard, HazardKind, Step, StepKind};

pub(crate) use name::{ARRIVING, LEAVING};

use crate::diff::{Change, TableChange, diff};
use crate::snapshot::{Name, NotNull, Snapshot, Table};
use phase::{Phase, Phases};

/// The steps from one snapshot to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is different.
    pub changes: Vec<Change>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The schema after it: the wanted one, with what the steps had to make of it.
    pub snapshot: Snapshot,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The hazards of all steps, in order.
    pub fn hazards(&self) -> impl Iterator<Item = &Hazard> {
        self.steps.iter().flat_map(|step| &step.hazards)
    }
}

/// Plans the way from `old` to `new`: the same steps for the same snapshots, none if they differ in nothing.
///
/// ```
/// use mizzle::prelude::*;
/// use mizzle_kit::plan::plan;
/// use mizzle_kit::snapshot::Snapshot;
///
/// #[table]
/// #[index(city)]
/// struct Owner {
///     #[column(primary_key)]
///     id: i64,
///     city: String,
/// }
/// # fn main() -> Result<(), mizzle_kit::plan::Refused> {
/// let wanted = Snapshot::declared(&[Owner::DEF]);
/// let plan = plan(&Snapshot::default(), &wanted)?;
/// assert_eq!(plan.changes[0].to_string(), "create table owner");
/// assert_eq!(plan.steps[1].sql, "CREATE INDEX ASYNC owner_city_idx ON owner (city)");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When Aurora DSQL has no way to something: each such thing with its reason and the nearest way.
pub fn plan(old: &Snapshot, new: &Snapshot) -> Result<Plan, Refused> {
    let changes = diff(old, new);
    let mut planner = Planner::new(old, new, &changes);
    limits::check(&mut planner);
    relation::plan(&mut planner);
    rebuild::plan(&mut planner);
    column::plan(&mut planner);
    constraint::plan(&mut planner);
    if !planner.refusals.is_empty() {
        return Err(Refused { refusals: planner.refusals });
    }
    let (steps, snapshot) = (planner.phases.into_steps(), after(old, new, &planner.not_null));
    Ok(Plan { changes, steps, snapshot })
}

/// The statements that make a schema from nothing.
///
/// # Errors
/// As [`plan`].
pub fn export(snapshot: &Snapshot) -> Result<String, Refused> {
    plan(&Snapshot::default(), snapshot).map(|plan| plan.to_sql())
}

/// What every part of a plan knows, and where its steps go.
struct Planner<'a> {
    old: &'a Snapshot,
    new: &'a Snapshot,
    changes: &'a [Change],
    /// The changes inside of each table, by its new name.
    altered: BTreeMap<&'a Name, Vec<&'a TableChange>>,
    /// What tables were called, by their new names.
    former: BTreeMap<&'a Name, &'a Name>,
    /// Tables that are made anew.
    rebuilt: BTreeSet<&'a Name>,
    /// Names of tables, views and indexes that something new will take.
    needed: BTreeSet<(&'a str, &'a str)>,
    phases: Phases,
    refusals: Vec<Refusal>,
    /// Checks that stand for NOT NULL once the plan is done; none where the column itself says so.
    not_null: BTreeMap<(Name, String), Option<NotNull>>,
}

impl<'a> Planner<'a> {
    fn new(old: &'a Snapshot, new: &'a Snapshot, changes: &'a [Change]) -> Self {
        let mut altered: BTreeMap<&Name, Vec<&TableChange>> = BTreeMap::new();
        let mut former: BTreeMap<&Name, &Name> = BTreeMap::new();
        for change in changes {
            match change {
                Change::AlterTable { table, change } => altered.entry(table).or_default().push(change),
                Change::RenameTable { from, to } => {
                    let first = former.get(from).copied().unwrap_or(from);
                    former.insert(to, first);
                }
                _ => {}
            }
        }
        let mut planner = Self {
            old,
            new,
            changes,
            altered,
            former,
            rebuilt: BTreeSet::new(),
            needed: BTreeSet::new(),
            phases: Phases::default(),
            refusals: Vec::new(),
            not_null: BTreeMap::new(),
        };
        planner.needed = planner.needed();
        planner.rebuilt =
            planner.altered.keys().copied().filter(|name| rebuild::is_needed(&planner, name)).collect();
        planner
    }

    fn push(&mut self, phase: Phase, step: Step) {
        self.phases.push(phase, step);
    }

    fn refuse(&mut self, what: impl Into<String>, reason: impl Into<String>, way: impl Into<String>) {
        self.refusals.push(Refusal { what: what.into(), reason: reason.into(), way: way.into() });
    }

    /// The table as it was, under whatever name.
    fn before(&self, name: &Name) -> Option<&'a Table> {
        self.old.table(self.former.get(name).copied().unwrap_or(name))
    }

    /// What the table is called before the renames.
    fn former_name(&self, name: &'a Name) -> &'a Name {
        self.former.get(name).copied().unwrap_or(name)
    }

    /// The changes of a table that is not made anew.
    fn altered(&self) -> Vec<(&'a Name, Vec<&'a TableChange>)> {
        let kept = self.altered.iter().filter(|(name, _)| !self.rebuilt.contains(**name));
        kept.map(|(name, changes)| (*name, changes.clone())).collect()
    }

    fn needed(&self) -> BTreeSet<(&'a str, &'a str)> {
        let mut needed = BTreeSet::new();
        for change in self.changes {
            match change {
                Change::CreateTable(table) => {
                    let schema = table.name.schema.as_str();
                    needed.insert((schema, table.name.name.as_str()));
                    needed.extend(table.relations().map(|name| (schema, name)));
                }
                Change::RenameTable { to, .. } | Change::RenameView { to, .. } => {
                    needed.insert((to.schema.as_str(), to.name.as_str()));
                }
                Change::AlterTable { table, change } => {
                    let name = match change {
                        TableChange::CreateIndex(index) => &index.name,
                        TableChange::AddUnique(unique) => &unique.name,
                        TableChange::AddCheck(check) => &check.name,
                        TableChange::AddForeignKey(key) => &key.name,
                        TableChange::RenameIndex { to, .. } | TableChange::RenameConstraint { to, .. } => to,
                        _ => continue,
                    };
                    needed.insert((table.schema.as_str(), name.as_str()));
                }
                _ => {}
            }
        }
        needed
    }

    fn is_needed(&self, schema: &str, name: &str) -> bool {
        // A table that is made anew has two names for a while, which a plan that did not come to its end may have left.
        let is_between = |table: &&Name| {
            table.schema == schema
                && [name::arriving(&table.name), name::leaving(&table.name)].iter().any(|it| it == name)
        };
        self.needed.contains(&(schema, name)) || self.rebuilt.iter().any(is_between)
    }
}

impl Table {
    /// The names of its indexes, those of keys among them: they share one space with tables and views.
    fn relations(&self) -> impl Iterator<Item = &str> {
        let key = self.primary_key.iter().map(|key| key.name.as_str());
        let uniques = self.uniques.iter().map(|unique| unique.name.as_str());
        key.chain(uniques).chain(self.indexes.iter().map(|index| index.name.as_str()))
    }
}

/// The wanted snapshot with the checks that stand for NOT NULL, and without renames, which are done.
fn after(old: &Snapshot, new: &Snapshot, not_null: &BTreeMap<(Name, String), Option<NotNull>>) -> Snapshot {
    let mut after = new.clone();
    for table in &mut after.tables {
        let former = table.renamed_from.take().map(|name| Name::new(&table.name.schema, name));
        let before = old.table(&table.name).or_else(|| old.table(&former?));
        for column in &mut table.columns {
            let former = column.renamed_from.take();
            if column.nullable {
                continue;
            }
            let made = not_null.get(&(table.name.clone(), column.name.clone()));
            let found = before.and_then(|before| {
                before
                    .column(&column.name)
                    .or_else(|| before.column(&former?))
                    .filter(|column| !column.nullable)
            });
            column.not_null = match made {
                Some(made) => made.clone(),
                None => found.and_then(|column| column.not_null.clone()),
            };
            if let Some(check) = &mut column.not_null {
                check.valid = true;
            }
        }
    }
    after.views.iter_mut().for_each(|view| view.renamed_from = None);
    after
}
