//! A table made anew, for what DSQL lets only `CREATE TABLE` say: the primary key, a computed column, a counted one.
//!
//! ```text
//! CREATE TABLE t__new ─▶ copy the rows, in chunks ─▶ indexes ─▶ t → t__old ─▶ even out ─▶ t__new → t ─▶ DROP t__old
//!                                                               └──── t is missing here ────┘
//! ```
//!
//! Between the two renames nobody can write `t`. What was written while the rows were copied is then evened out: rows that
//! are gone are deleted, others are made equal, missing ones are copied. Foreign keys of the old table go before.

use std::collections::BTreeSet;

use super::column::{cast, comparable, count_on, rename_step};
use super::constraint::{add_foreign_key_steps, drop, index_step, rename_constraint, rename_index};
use super::name::{arriving, leaving};
use super::phase::Phase;
use super::{CHUNK, HazardKind, Planner, Step};
use crate::diff::TableChange;
use crate::snapshot::{Column, Name, Table};
use crate::sql::{comment, create_table, mentions, quoted};

/// Whether a table has to be made anew.
pub(super) fn is_needed(planner: &Planner<'_>, name: &Name) -> bool {
    let Some(to) = planner.new.table(name) else { return false };
    let changes = &planner.altered[name];
    let retyped = |column: &str| {
        changes.iter().any(|change| matches!(change, TableChange::ChangeType { to, .. } if to.name == column))
    };
    changes.iter().any(|change| match change {
        TableChange::ChangePrimaryKey { .. } | TableChange::ChangeGenerated(_) => true,
        TableChange::AddColumn(column) => column.generated.is_some() || column.identity.is_some(),
        TableChange::ChangeType { from, to: column } => {
            to.is_key(&column.name)
                || column.generated.is_some()
                || from.identity.is_some() && column.identity.is_some()
                || to
                    .columns
                    .iter()
                    .filter_map(|other| other.generated.as_ref())
                    .any(|sql| mentions(sql, &column.name))
        }
        // An identity asks for NOT NULL of the column itself.
        TableChange::AddIdentity(column) => {
            let former = planner.before(name).and_then(|before| {
                let former = changes.iter().find_map(|change| match change {
                    TableChange::RenameColumn { from, to } if *to == column.name => Some(from),
                    _ => None,
                });
                before.column(former.unwrap_or(&column.name))
            });
            retyped(&column.name) || former.is_none_or(|former| former.nullable || former.not_null.is_some())
        }
        _ => false,
    })
}

/// Plans the tables that are made anew.
pub(super) fn plan(planner: &mut Planner<'_>) {
    for name in planner.rebuilt.clone() {
        let (Some(from), Some(to)) = (planner.before(name), planner.new.table(name)) else { continue };
        match Copy::of(planner, from, to) {
            Ok(copy) => rebuild(planner, &copy),
            Err(reason) => planner.refuse(
                format!("make table {name} anew"),
                reason,
                "make a table of another name, copy the rows by hand, and drop the old one",
            ),
        }
    }
}

/// How rows go from the old table to the new one.
struct Copy<'a> {
    from: &'a Table,
    to: &'a Table,
    /// The names of the new table before and of the old one after the swap.
    arriving: Name,
    leaving: Name,
    /// What tells the rows apart in both: the column in the new table, and its value in the old one.
    key: Vec<(String, String)>,
    /// Columns that are copied, in the same way, and their types.
    values: Vec<(String, String, String)>,
}

impl<'a> Copy<'a> {
    fn of(planner: &Planner<'a>, from: &'a Table, to: &'a Table) -> Result<Self, String> {
        let renamed = |column: &str| {
            planner.altered[&to.name].iter().find_map(|change| match change {
                TableChange::RenameColumn { from, to } if to == column => Some(from.as_str()),
                _ => None,
            })
        };
        // Renames are done by the time rows are copied, so both call a column the same.
        let before = |column: &Column| from.column(renamed(&column.name).unwrap_or(&column.name));
        let value = |column: &Column| {
            let former = before(column)?;
            Some(cast(&format!("o.{}", quoted(&column.name)), &former.sql_type, &column.sql_type))
        };
        let keyed = |table: &'a Table, names: &[String]| -> Option<Vec<(String, String)>> {
            let columns =
                names.iter().map(|name| to.column(name).filter(|column| column.generated.is_none()));
            let key = columns
                .map(|column| Some((column?.name.clone(), value(column?)?)))
                .collect::<Option<Vec<_>>>();
            key.filter(|key| !key.is_empty() && !table.columns.is_empty())
        };
        let now = |name: &String| {
            let new = to.columns.iter().find(|column| renamed(&column.name) == Some(name));
            new.map_or_else(|| name.clone(), |column| column.name.clone())
        };
        let old_key: Vec<String> = from.primary_key.iter().flat_map(|key| &key.columns).map(now).collect();
        let new_key: Vec<String> = to.primary_key.iter().flat_map(|key| key.columns.clone()).collect();
        let Some(key) = keyed(from, &old_key).or_else(|| keyed(to, &new_key)) else {
            return Err("nothing in the new table tells which of the old rows a row is".to_owned());
        };
        let copied = to.columns.iter().filter(|column| column.generated.is_none());
        let values =
            copied.filter_map(|column| Some((quoted(&column.name), value(column)?, column.sql_type.clone())));
        let name = |name: String| Name::new(&to.name.schema, name);
        Ok(Self {
            from,
            to,
            arriving: name(arriving(&to.name.name)),
            leaving: name(leaving(&to.name.name)),
            key,
            values: values.collect(),
        })
    }

    /// Whether the row `n` of the new table is the row `o` of the old one.
    fn is_same(&self) -> String {
        let pairs = self.key.iter().map(|(column, value)| format!("n.{} = {value}", quoted(column)));
        pairs.collect::<Vec<_>>().join(" AND ")
    }

    fn insert(&self, from: &Name) -> String {
        let columns: Vec<&str> = self.values.iter().map(|(column, _, _)| column.as_str()).collect();
        let values: Vec<&str> = self.values.iter().map(|(_, value, _)| value.as_str()).collect();
        let given = self.to.columns.iter().any(|column| {
            column.identity.as_ref().is_some_and(|identity| identity.always)
                && self.values.iter().any(|(name, _, _)| *name == quoted(&column.name))
        });
        let overriding = if given { "OVERRIDING SYSTEM VALUE\n" } else { "" };
        format!(
            "INSERT INTO {new} ({})\n{overriding}SELECT {}\nFROM {from} o\nWHERE NOT EXISTS (SELECT FROM {new} n WHERE {})\nLIMIT {CHUNK}",
            columns.join(", "),
            values.join(", "),
            self.is_same(),
            new = self.arriving,
        )
    }

    fn delete(&self) -> String {
        let (new, old) = (&self.arriving, &self.leaving);
        format!("DELETE FROM {new} WHERE NOT EXISTS (SELECT FROM {old} o WHERE {})", self.is_row())
    }

    /// Makes rows equal; none if the key is all there is.
    fn update(&self) -> Option<String> {
        let is_key = |column: &String| self.key.iter().any(|(key, _)| quoted(key) == *column);
        let rest: Vec<_> = self.values.iter().filter(|(column, _, _)| !is_key(column)).collect();
        if rest.is_empty() {
            return None;
        }
        let (new, old) = (&self.arriving, &self.leaving);
        let columns: Vec<&str> = rest.iter().map(|(column, _, _)| column.as_str()).collect();
        let values: Vec<&str> = rest.iter().map(|(_, value, _)| value.as_str()).collect();
        let differs = rest.iter().map(|(column, value, kind)| {
            let column = format!("{}.{column}", quoted(&new.name));
            format!("{} IS DISTINCT FROM {}", comparable(&column, kind), comparable(value, kind))
        });
        let differs = differs.collect::<Vec<_>>().join(" OR ");
        let row = self.is_row();
        Some(format!(
            "UPDATE {new} SET ({}) = (SELECT {} FROM {old} o WHERE {row})\nWHERE EXISTS (SELECT FROM {old} o WHERE {row} AND ({differs}))",
            columns.join(", "),
            values.join(", "),
        ))
    }

    /// Whether the row of the new table that a statement is about is the row `o` of the old one.
    fn is_row(&self) -> String {
        let new = quoted(&self.arriving.name);
        let pairs = self.key.iter().map(|(column, value)| format!("{new}.{} = {value}", quoted(column)));
        pairs.collect::<Vec<_>>().join(" AND ")
    }
}

fn rebuild(planner: &mut Planner<'_>, copy: &Copy<'_>) {
    let (from, to) = (copy.from, copy.to);
    let name = &to.name;
    let new = as_arriving(copy);
    let why = format!("DSQL changes this only in a new table, which takes the place of {name}");
    // A key to what changes waits for it, and one to the table itself for all of its rows.
    let step = Step::ddl(create_table(&new, |key| !planner.altered.contains_key(&key.table)), why);
    for change in planner.altered[name].clone() {
        if let TableChange::RenameColumn { from, to } = change {
            planner.push(Phase::Renames, rename_step(name, from, to));
        }
    }
    // The old table would hold on to others that change.
    for key in from.foreign_keys.iter().filter(|key| key.table != from.name) {
        let why = "the table is made anew, and with it the key";
        planner.push(Phase::ForeignKeysOut, Step::ddl(drop(&from.name, &key.name), why));
    }
    let needy = needy(copy);
    let step = if needy.is_empty() {
        step
    } else {
        let text = format!(
            "rows of {name} have no value for {}: the copy fails if there are rows",
            needy.join(", ")
        );
        step.hazard(HazardKind::NeedsValues, text)
    };
    planner.push(Phase::Rebuilds, step);
    let step = Step::backfill(copy.insert(name), format!("the rows are copied while {name} is in use"));
    planner.push(Phase::Rebuilds, lossy(step, copy));
    for index in &to.indexes {
        planner.push(Phase::Rebuilds, index_step(&new.name, index, &arriving(&index.name)));
    }
    let text = format!("{name} is missing until its successor has its name; evening out comes before that");
    let sql = format!("ALTER TABLE {name} RENAME TO {}", quoted(&copy.leaving.name));
    let step = Step::ddl(sql, "from here on nobody writes the old table, so nothing is lost");
    let step = step.locking("whoever uses the table, until its successor has its name", text);
    let dropped = from.columns.iter().filter(|column| is_dropped(planner, name, &column.name));
    let step = dropped.fold(step, |step, column| {
        let text = format!("every value of {name}.{} is lost", quoted(&column.name));
        step.hazard(HazardKind::DropsColumn, text)
    });
    planner.push(Phase::Rebuilds, step);
    planner.push(Phase::Rebuilds, Step::backfill(copy.delete(), "rows that were deleted meanwhile go"));
    if let Some(update) = copy.update() {
        planner
            .push(Phase::Rebuilds, Step::backfill(update, "rows that were changed meanwhile are made equal"));
    }
    let step = Step::backfill(copy.insert(&copy.leaving), "rows that were inserted meanwhile come");
    planner.push(Phase::Rebuilds, step);
    for column in &to.columns {
        if let Some(identity) = &column.identity {
            let sql = count_on(&new.name, &column.name, identity);
            planner.push(
                Phase::Rebuilds,
                Step::statement(sql, "the next number comes behind those that are there"),
            );
        }
    }
    let sql = format!("ALTER TABLE {} RENAME TO {}", new.name, quoted(&name.name));
    planner.push(Phase::Rebuilds, Step::ddl(sql, "the new table takes the old one's name"));
    let sql = format!("DROP TABLE {}", copy.leaving);
    planner.push(Phase::Rebuilds, Step::ddl(sql, "every row of it is in the new table"));
    finish(planner, copy);
}

/// What waits for the old table to be gone: names, keys to tables that were not there, comments.
fn finish(planner: &mut Planner<'_>, copy: &Copy<'_>) {
    let to = copy.to;
    let name = &to.name;
    let why = "it has its name once the old one is gone";
    let constraints =
        to.primary_key.iter().map(|key| &key.name).chain(to.uniques.iter().map(|unique| &unique.name));
    for constraint in constraints {
        let sql = rename_constraint(name, &arriving(constraint), constraint);
        planner.push(Phase::Rebuilds, Step::ddl(sql, why));
    }
    for index in &to.indexes {
        let sql = rename_index(name, &arriving(&index.name), &index.name);
        planner.push(Phase::Rebuilds, Step::ddl(sql, why));
    }
    for key in &to.foreign_keys {
        if planner.altered.contains_key(&key.table) {
            add_foreign_key_steps(planner, name, key);
        }
    }
    let mut comments = vec![(format!("TABLE {name}"), &to.comment)];
    comments.extend(
        to.columns.iter().map(|column| (format!("COLUMN {name}.{}", quoted(&column.name)), &column.comment)),
    );
    for (on, text) in comments.into_iter().filter(|(_, text)| text.is_some()) {
        let step = Step::ddl(comment(on, text.as_deref()), "the new table has no comments yet");
        planner.push(Phase::Comments, step);
    }
    for column in &to.columns {
        planner.not_null.insert((name.clone(), column.name.clone()), None);
    }
}

/// The new table under names that are free.
fn as_arriving(copy: &Copy<'_>) -> Table {
    let mut table = copy.to.clone();
    table.name = copy.arriving.clone();
    if let Some(key) = &mut table.primary_key {
        key.name = arriving(&key.name);
    }
    for unique in &mut table.uniques {
        unique.name = arriving(&unique.name);
    }
    table
}

/// Columns that take no NULL and that nothing fills.
fn needy(copy: &Copy<'_>) -> Vec<String> {
    let given: BTreeSet<&str> = copy.values.iter().map(|(column, _, _)| column.as_str()).collect();
    let columns = copy.to.columns.iter().filter(|column| {
        !column.nullable
            && column.default.is_none()
            && column.identity.is_none()
            && column.generated.is_none()
    });
    columns.map(|column| quoted(&column.name)).filter(|name| !given.contains(name.as_str())).collect()
}

fn lossy(step: Step, copy: &Copy<'_>) -> Step {
    let changed = copy.to.columns.iter().filter_map(|column| {
        let former = copy.from.column(
            column
                .renamed_from
                .as_ref()
                .filter(|name| copy.from.column(name).is_some())
                .unwrap_or(&column.name),
        )?;
        let narrower =
            former.sql_type != column.sql_type && !crate::sql::is_wider(&former.sql_type, &column.sql_type);
        (narrower && column.generated.is_none()).then_some(column)
    });
    changed.fold(step, |step, column| {
        let text = format!(
            "values of {} may lose something as {}, or the step fails at one that is none",
            quoted(&column.name),
            column.sql_type
        );
        step.hazard(HazardKind::LossyCast, text)
    })
}

fn is_dropped(planner: &Planner<'_>, table: &Name, column: &str) -> bool {
    let changes = planner.altered.get(table).into_iter().flatten();
    changes
        .into_iter()
        .any(|change| matches!(change, TableChange::DropColumn(dropped) if dropped.name == column))
}
