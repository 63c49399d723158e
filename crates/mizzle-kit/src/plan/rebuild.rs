//! A table made anew, for what DSQL lets only `CREATE TABLE` say: the primary key, a computed column, a counted one.
//!
//! ```text
//! CREATE TABLE t__new ─▶ copy the rows, in chunks ─▶ indexes ─▶ t → t__old ─▶ even out ─▶ t__new → t ─▶ DROP t__old
//!                                                               └──── t is missing here ────┘
//! ```
//!
//! Between the two renames nobody can write `t`, and only what foreign keys do reaches its rows. What was written while
//! the rows were copied is then evened out: rows that are gone or other by now are deleted, and what is missing is
//! copied. No row is made equal in its place: two that changed their unique values with each other never could be.
//!
//! Which row of one table is which of the other is told by the old key, or the new one. Where two old rows might have
//! the same, one would be lost: an index that lets them not is built first, and goes with the old table.
//!
//! The new table has no foreign keys while rows are copied, as a row that is gone from the old one would hold its parent.
//! They come before rows are evened out: what the deletion of a parent does then is done to both tables. One of the table
//! to itself comes behind, as it would take along what is deleted to be copied again.
//!
//! What is new among checks, unique constraints, unique indexes and keys comes once the new table has its name, as on any
//! table: a row that breaks one would stop the copy, perhaps while the table is missing.

use std::collections::BTreeSet;

use super::column::{cast, comparable, count_on, rename_step};
use super::constraint::{
    INDEXES, add_foreign_key_steps, check_steps, drop, drop_index, index_step, rename_constraint,
    rename_index, unique_steps, validate,
};
use super::limits::can_be_key;
use super::name::{arriving, leaving};
use super::phase::Phase;
use super::{CHUNK, HazardKind, Planner, Step};
use crate::diff::TableChange;
use crate::snapshot::{Column, ForeignKey, Index, Key, KeyValue, Name, Table};
use crate::sql::{
    add_foreign_key, comment, create_index, create_table, is_immutable, keeps_apart, mentions, quoted,
};

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
    /// What no two rows of both tables have in common, besides the key.
    apart: Vec<Vec<(String, String)>>,
    /// What has to be known of the old table before.
    proofs: Vec<Index>,
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
        // What the old table keeps apart already, in the names that it has by now.
        let mut kept: Vec<(Vec<String>, bool)> = from
            .uniques
            .iter()
            .map(|unique| (unique.columns.iter().map(now).collect(), unique.nulls_not_distinct))
            .collect();
        kept.push((old_key.clone(), false));
        let types = |name: &String| {
            let column = to.column(name)?;
            Some((before(column)?.sql_type.as_str(), column.sql_type.as_str()))
        };
        let is_kept = |names: &[String], nulls: bool| {
            names.iter().all(|name| types(name).is_some_and(|(from, to)| keeps_apart(from, to)))
                && kept.iter().any(|(columns, kept)| is_same_set(columns, names) && (*kept || !nulls))
        };
        let is_provable = |names: &[String]| {
            let mut casts = names.iter().filter_map(types);
            casts.all(|(from, to)| {
                can_be_key(planner.new, to) == Some(true) && (from == to || is_immutable(from, to))
            })
        };
        let keys =
            [keyed(from, &old_key).map(|key| (old_key, key)), keyed(to, &new_key).map(|key| (new_key, key))];
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        if keys.is_empty() {
            return Err("nothing in the new table tells which of the old rows a row is".to_owned());
        }
        let is_known = keys.iter().position(|(names, _)| is_kept(names, false));
        let Some(at) = is_known.or_else(|| keys.iter().position(|(names, _)| is_provable(names))) else {
            return Err(
                "two rows may have the same key in the new types, and no index can tell before".to_owned()
            );
        };
        let (names, key) = keys[at].clone();
        let proofs = if is_known.is_none() { vec![proof(&names, &to.name, types)] } else { Vec::new() };
        let sets =
            to.uniques.iter().filter(|unique| !unique.nulls_not_distinct).map(|unique| &unique.columns);
        let apart = sets
            .chain(to.primary_key.iter().map(|key| &key.columns))
            .filter(|columns| !is_same_set(columns, &names) && is_kept(columns, false))
            .filter_map(|columns| keyed(to, columns))
            .collect();
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
            apart,
            proofs,
        })
    }

    /// Copies rows that are not there. While the old table is in use, one whose unique values another row still has
    /// waits until that is evened out.
    fn insert(&self, from: &Name, in_use: bool) -> String {
        let columns: Vec<&str> = self.values.iter().map(|(column, _, _)| column.as_str()).collect();
        let values: Vec<&str> = self.values.iter().map(|(_, value, _)| value.as_str()).collect();
        let given = self.to.columns.iter().any(|column| {
            column.identity.as_ref().is_some_and(|identity| identity.always)
                && self.values.iter().any(|(name, _, _)| *name == quoted(&column.name))
        });
        let overriding = if given { "OVERRIDING SYSTEM VALUE\n" } else { "" };
        let sets = std::iter::once(&self.key).chain(self.apart.iter().filter(|_| in_use));
        let is_missing =
            sets.map(|set| format!("NOT EXISTS (SELECT FROM {} n WHERE {})", self.arriving, equal("n", set)));
        format!(
            "INSERT INTO {new} ({})\n{overriding}SELECT {}\nFROM {from} o\nWHERE {}\nLIMIT {CHUNK}",
            columns.join(", "),
            values.join(", "),
            is_missing.collect::<Vec<_>>().join(" AND "),
            new = self.arriving,
        )
    }

    /// Deletes rows that are gone, or other by now.
    fn delete(&self) -> String {
        let (new, old) = (&self.arriving, &self.leaving);
        let name = quoted(&new.name);
        let is_key = |column: &String| self.key.iter().any(|(key, _)| quoted(key) == *column);
        let rest =
            self.values.iter().filter(|(column, _, _)| !is_key(column)).map(|(column, value, kind)| {
                let column = format!("{name}.{column}");
                format!(" AND {} IS NOT DISTINCT FROM {}", comparable(&column, kind), comparable(value, kind))
            });
        format!(
            "DELETE FROM {new}\nWHERE NOT EXISTS (SELECT FROM {old} o WHERE {}{})",
            equal(&name, &self.key),
            rest.collect::<String>()
        )
    }
}

/// Whether a row of the new table, by its name in a statement, has the values that `o`, one of the old table, gives.
fn equal(row: &str, pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(column, value)| format!("{row}.{} = {value}", quoted(column)));
    pairs.collect::<Vec<_>>().join(" AND ")
}

fn is_same_set(one: &[String], other: &[String]) -> bool {
    one.iter().collect::<BTreeSet<_>>() == other.iter().collect::<BTreeSet<_>>()
}

/// An index that lets no two rows of the old table be one in the new types.
fn proof<'t>(names: &[String], table: &Name, types: impl Fn(&String) -> Option<(&'t str, &'t str)>) -> Index {
    let value = |name: &String| match types(name) {
        Some((from, to)) if from != to => KeyValue::Expression(cast(&quoted(name), from, to)),
        _ => KeyValue::Column(name.clone()),
    };
    Index {
        name: leaving(&format!("{}_rows", table.name)),
        keys: names.iter().map(|name| Key { value: value(name), nulls_first: false }).collect(),
        unique: true,
        include: Vec::new(),
        condition: None,
        nulls_not_distinct: false,
        valid: true,
    }
}

fn rebuild(planner: &mut Planner<'_>, copy: &Copy<'_>) {
    let (from, to) = (copy.from, copy.to);
    let name = &to.name;
    let late = Late::of(planner, copy);
    let new = as_arriving(copy, &late);
    let why = format!("DSQL changes this only in a new table, which takes the place of {name}");
    let step = Step::ddl(create_table(&new, |_| false), why);
    for change in planner.altered[name].clone() {
        if let TableChange::RenameColumn { from, to } = change {
            planner.push(Phase::Renames, rename_step(name, from, to));
        }
    }
    // The old table would hold on to others that change.
    let stays = |table: &Name| planner.new.table(table).is_some() && !planner.altered.contains_key(table);
    let holding = from.foreign_keys.iter().filter(|key| key.table != from.name && !stays(&key.table));
    for key in holding.collect::<Vec<_>>() {
        let step = Step::ddl(drop(&from.name, &key.name), "the table is made anew, and with it the key");
        let again = to.foreign_keys.iter().any(|again| again.name == key.name);
        planner.push(Phase::ForeignKeysOut, if again { step.loosening(&key.name) } else { step });
    }
    if !copy.proofs.is_empty() && from.relations().count() + copy.proofs.len() > INDEXES {
        planner.refuse(
            format!("make table {name} anew"),
            format!(
                "no index more fits the old table, which has {INDEXES}, and without one rows might be lost"
            ),
            "drop an index before, and make it again behind",
        );
    }
    for index in &copy.proofs {
        if from.indexes.iter().any(|left| left.name == index.name) {
            let sql = drop_index(&from.name, &index.name);
            planner.push(Phase::NamesFree, Step::ddl(sql, "a plan that did not come to its end has left it"));
        }
        let why = "no two rows are to become one: this fails if there are such, and goes with the old table";
        planner.push(Phase::Rebuilds, Step::index(create_index(name, index), why));
    }
    let needy = needy(planner, copy);
    let step = if needy.is_empty() {
        step
    } else {
        let text = format!("rows of {name} without a value for {} make the copy fail", needy.join(", "));
        step.hazard(HazardKind::NeedsValues, text)
    };
    planner.push(Phase::Rebuilds, step);
    let step = Step::backfill(copy.insert(name, true), format!("the rows are copied while {name} is in use"));
    planner.push(Phase::Rebuilds, lossy(step, copy));
    for index in to.indexes.iter().filter(|index| !late.is_among(&index.name)) {
        planner.push(Phase::Rebuilds, index_step(&new.name, index, &arriving(&index.name)));
    }
    let text = format!(
        "{name} is missing until its successor has its name; evening out comes before that. What was granted on it goes \
         with the old table"
    );
    let sql = format!("ALTER TABLE {name} RENAME TO {}", quoted(&copy.leaving.name));
    let step = Step::ddl(sql, "from here on nobody writes the old table, so nothing is lost");
    let step = step.locking("whoever uses the table, until its successor has its name", text);
    let dropped = from.columns.iter().filter(|column| is_dropped(planner, name, &column.name));
    let step = dropped.fold(step, |step, column| {
        let text = format!("every value of {name}.{} is lost", quoted(&column.name));
        step.hazard(HazardKind::DropsColumn, text)
    });
    planner.push(Phase::Rebuilds, late.loosened.iter().fold(step, |step, name| step.loosening(name)));
    // A key of the table to itself would take along what is deleted to be copied again, so it comes behind.
    let early = to.foreign_keys.iter().filter(|key| is_early(planner, to, key, &late));
    let (own, others): (Vec<_>, Vec<_>) = early.partition(|key| key.table == *name);
    for key in others {
        let why = "what the deletion of a parent does is done to the new table too from here on";
        planner.push(Phase::Rebuilds, Step::ddl(add_foreign_key(&new.name, key), why));
    }
    let why = "rows that were deleted or changed meanwhile go";
    planner.push(Phase::Rebuilds, Step::backfill(copy.delete(), why));
    let why = "rows that were inserted or changed meanwhile come";
    planner.push(Phase::Rebuilds, Step::backfill(copy.insert(&copy.leaving, false), why));
    for key in own {
        let key = ForeignKey { table: new.name.clone(), ..key.clone() };
        let why = "the key binds new rows from the moment on when the table has its name";
        planner.push(Phase::Rebuilds, Step::ddl(add_foreign_key(&new.name, &key), why));
    }
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
    finish(planner, copy, &late);
}

/// What waits for the old table to be gone: names, keys to tables that were not there, comments.
fn finish(planner: &mut Planner<'_>, copy: &Copy<'_>, late: &Late<'_>) {
    let to = copy.to;
    let name = &to.name;
    let why = "it has its name once the old one is gone";
    let constraints =
        to.primary_key.iter().map(|key| &key.name).chain(to.uniques.iter().map(|unique| &unique.name));
    for constraint in constraints.filter(|name| !late.is_among(name)) {
        let sql = rename_constraint(name, &arriving(constraint), constraint);
        planner.push(Phase::Rebuilds, Step::ddl(sql, why));
    }
    for index in to.indexes.iter().filter(|index| !late.is_among(&index.name)) {
        let sql = rename_index(name, &arriving(&index.name), &index.name);
        planner.push(Phase::Rebuilds, Step::ddl(sql, why));
    }
    for check in to.checks.iter().filter(|check| late.is_among(&check.name)) {
        check_steps(name, check, &check.name)
            .into_iter()
            .for_each(|step| planner.push(Phase::Rebuilds, step));
    }
    for unique in to.uniques.iter().filter(|unique| late.is_among(&unique.name)) {
        let steps = unique_steps(name, unique, &unique.name);
        steps.into_iter().for_each(|step| planner.push(Phase::Rebuilds, step));
    }
    for index in to.indexes.iter().filter(|index| late.is_among(&index.name)) {
        planner.push(Phase::Rebuilds, index_step(name, index, &index.name));
    }
    for key in &to.foreign_keys {
        if is_early(planner, to, key, late) {
            let why = format!("{} is then known to hold for every row", quoted(&key.name));
            planner.push(Phase::ForeignKeysIn, Step::validation(validate(name, &key.name), why));
        } else {
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

/// What rows of the old table may break, by name: it comes when the new one is in use.
struct Late<'a> {
    names: BTreeSet<&'a str>,
    /// Those that held in another form until then.
    loosened: Vec<&'a str>,
    /// Columns that nothing keeps apart before.
    apart: Vec<&'a [String]>,
}

impl<'a> Late<'a> {
    fn of(planner: &Planner<'a>, copy: &Copy<'a>) -> Self {
        let mut late = Self { names: BTreeSet::new(), loosened: Vec::new(), apart: Vec::new() };
        for change in &planner.altered[&copy.to.name] {
            let (name, is_changed) = match change {
                TableChange::AddCheck(check) | TableChange::ValidateCheck(check) => (&check.name, false),
                TableChange::ChangeCheck { to, .. } => (&to.name, true),
                TableChange::AddUnique(to) | TableChange::ChangeUnique { to, .. } => {
                    late.apart.push(&to.columns);
                    (&to.name, matches!(change, TableChange::ChangeUnique { .. }))
                }
                TableChange::CreateIndex(index) | TableChange::RebuildIndex(index) if index.unique => {
                    (&index.name, false)
                }
                TableChange::ChangeIndex { from, to } if to.unique => (&to.name, from.unique),
                TableChange::AddForeignKey(key) | TableChange::ValidateForeignKey(key) => (&key.name, false),
                // Rows fulfil one that only acts in another way.
                TableChange::ChangeForeignKey { from, to } if !is_same_reference(from, to) => {
                    (&to.name, true)
                }
                _ => continue,
            };
            late.names.insert(name);
            late.loosened.extend(is_changed.then_some(name.as_str()));
        }
        late
    }

    fn is_among(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

fn is_same_reference(one: &ForeignKey, other: &ForeignKey) -> bool {
    (&one.columns, &one.table, &one.references) == (&other.columns, &other.table, &other.references)
}

/// Whether a key can be there before the table has its name: one to what changes waits for that.
fn is_early(planner: &Planner<'_>, to: &Table, key: &ForeignKey, late: &Late<'_>) -> bool {
    let stands =
        key.table != to.name || !late.apart.iter().any(|columns| is_same_set(columns, &key.references));
    !late.is_among(&key.name) && stands && (key.table == to.name || !planner.altered.contains_key(&key.table))
}

/// The new table under names that are free.
fn as_arriving(copy: &Copy<'_>, late: &Late<'_>) -> Table {
    let mut table = copy.to.clone();
    table.checks.retain(|check| !late.is_among(&check.name));
    table.uniques.retain(|unique| !late.is_among(&unique.name));
    table.name = copy.arriving.clone();
    if let Some(key) = &mut table.primary_key {
        key.name = arriving(&key.name);
    }
    for unique in &mut table.uniques {
        unique.name = arriving(&unique.name);
    }
    table
}

/// Columns that take no NULL where rows may have none: nothing fills them, or they took NULL until now.
fn needy(planner: &Planner<'_>, copy: &Copy<'_>) -> Vec<String> {
    let given: BTreeSet<&str> = copy.values.iter().map(|(column, _, _)| column.as_str()).collect();
    let was_nullable = |column: &Column| {
        planner.altered[&copy.to.name]
            .iter()
            .any(|change| matches!(change, TableChange::SetNotNull(to) if to.name == column.name))
    };
    let columns = copy.to.columns.iter().filter(|column| !column.nullable && column.generated.is_none());
    let needy = columns.filter(|column| match given.contains(&*quoted(&column.name)) {
        true => was_nullable(column),
        false => column.default.is_none() && column.identity.is_none(),
    });
    needy.map(|column| quoted(&column.name)).collect()
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
