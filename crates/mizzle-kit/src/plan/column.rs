//! Columns of tables that stay, one statement at a time.
//!
//! DSQL adds a column bare, and changes no type. So a new column is added, gets its default, is filled and bound by
//! steps; and another type is another column:
//!
//! ```text
//! ADD COLUMN c__new ─▶ fill it from c, each row once ─▶ c → c__old ─▶ fill what was written meanwhile ─▶ c__new → c
//!                                                       └──────────── c is missing here ────────────┘
//! then: indexes, checks and unique constraints on c again ─▶ DROP COLUMN c__old
//! ```
//!
//! Between the two renames nobody can write `c`, so nothing that was written before is lost: no statement that says `c`
//! reaches the old column after the second filling began. An `INSERT` that names no columns does, by their order; the
//! hazard says so. The first filling has no condition: one that writers break again and again would never end.

use std::collections::{BTreeMap, BTreeSet};

use super::constraint::{
    INDEXES, check_steps, drop, drop_index, index_step, on_any, rename_constraint, rename_index, retyped,
    stands_on_columns, unique_steps, validate,
};
use super::name::{arriving, leaving, not_null};
use super::phase::Phase;
use super::{HazardKind, Planner, Step};
use crate::diff::TableChange;
use crate::snapshot::{Check, Column, Identity, Name, NotNull, Table, Unique};
use crate::sql::{comment, identity, is_wider, literal, quoted};

/// Plans the columns of tables that stay.
pub(super) fn plan(planner: &mut Planner<'_>) {
    for (table, changes) in planner.altered() {
        let retyped = retyped(planner, table);
        for change in changes {
            self::change(planner, table, change, &retyped);
        }
        if !retyped.is_empty() {
            retype(planner, table, &retyped);
        }
    }
}

fn change(planner: &mut Planner<'_>, table: &Name, change: &TableChange, retyped: &BTreeSet<&str>) {
    let is_new_type = |column: &str| retyped.contains(column);
    let alter = |column: &str, action: String| {
        format!("ALTER TABLE {table} ALTER COLUMN {} {action}", quoted(column))
    };
    match change {
        TableChange::RenameColumn { from, to } => {
            planner.push(Phase::Renames, rename_step(table, from, to));
        }
        TableChange::AddColumn(column) => add(planner, table, column),
        TableChange::DropColumn(column) => {
            let sql = format!("ALTER TABLE {table} DROP COLUMN {}", quoted(&column.name));
            let step = Step::ddl(sql, format!("column {} is gone", quoted(&column.name)));
            let text = format!("every value of {table}.{} is lost", quoted(&column.name));
            // What a plan that did not come to its end has left is in the way of the next.
            let is_left = retyped.iter().any(|name| [arriving(name), leaving(name)].contains(&column.name));
            let phase = if is_left { Phase::NamesFree } else { Phase::ColumnsOut };
            planner.push(phase, step.hazard(HazardKind::DropsColumn, text));
        }
        TableChange::SetNotNull(column) if !is_new_type(&column.name) => {
            if let Some(default) = column.default.as_deref() {
                fill(planner, table, column, default);
            }
            let name = bind(planner, table, column);
            let made = NotNull { name, valid: true };
            planner.not_null.insert((table.clone(), column.name.clone()), Some(made));
        }
        TableChange::DropNotNull(column) if !is_new_type(&column.name) => {
            let sql = match &column.not_null {
                Some(check) => drop(table, &check.name),
                None => alter(&column.name, "DROP NOT NULL".into()),
            };
            planner.push(Phase::Columns, Step::ddl(sql, format!("{} takes NULL", quoted(&column.name))));
        }
        TableChange::ValidateNotNull(column) if !is_new_type(&column.name) => {
            if let Some(check) = &column.not_null {
                let why = format!("{} was added NOT VALID and never validated", quoted(&check.name));
                planner.push(Phase::Columns, Step::validation(validate(table, &check.name), why));
            }
        }
        TableChange::SetDefault { column, to } if !is_new_type(column) => {
            let sql = alter(column, format!("SET DEFAULT {to}"));
            planner.push(Phase::Columns, Step::ddl(sql, "rows that are inserted from here on have it"));
        }
        TableChange::DropDefault { column } if !is_new_type(column) => {
            let sql = alter(column, "DROP DEFAULT".into());
            planner.push(Phase::Columns, Step::ddl(sql, "the default is gone"));
        }
        TableChange::AddIdentity(column) => {
            if let Some(new) = &column.identity {
                add_identity(planner, table, column, new);
            }
        }
        TableChange::ChangeIdentity { column, from, to } => {
            let sql = alter(column, identity_options(from, to));
            planner.push(Phase::Columns, Step::ddl(sql, "numbers are given out in another way from here on"));
        }
        TableChange::DropIdentity { column } => {
            let sql = alter(column, "DROP IDENTITY".into());
            planner.push(Phase::Columns, Step::ddl(sql, "the database counts the column up no more"));
        }
        TableChange::DropGenerated { column } if !is_new_type(column) => {
            let sql = alter(column, "DROP EXPRESSION".into());
            planner.push(
                Phase::Columns,
                Step::ddl(sql, "the column keeps its values and is written like others"),
            );
        }
        _ => {}
    }
}

/// A column under its new name, as declared.
pub(super) fn rename_step(table: &Name, from: &str, to: &str) -> Step {
    let step = Step::ddl(
        rename(table, from, to),
        format!("{} is declared as the former name of {}", quoted(from), quoted(to)),
    );
    let text = format!("programs that run and say {table}.{} fail from here on", quoted(from));
    step.hazard(HazardKind::Renames, text)
}

fn rename(table: &Name, from: &str, to: &str) -> String {
    format!("ALTER TABLE {table} RENAME COLUMN {} TO {}", quoted(from), quoted(to))
}

fn add(planner: &mut Planner<'_>, table: &Name, column: &Column) {
    let name = quoted(&column.name);
    let sql = format!("ALTER TABLE {table} ADD COLUMN {name} {}", column.sql_type);
    let why = format!("column {name} is new; DSQL adds it without default and NOT NULL");
    planner.push(Phase::Columns, Step::ddl(sql, why));
    if let Some(default) = column.default.as_deref() {
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default}");
        planner.push(Phase::Columns, Step::ddl(sql, "rows that are inserted from here on have it"));
        fill(planner, table, column, default);
    }
    if !column.nullable {
        let made = NotNull { name: bind(planner, table, column), valid: true };
        planner.not_null.insert((table.clone(), column.name.clone()), Some(made));
    }
}

/// Rows that are there get the default where they have nothing.
fn fill(planner: &mut Planner<'_>, table: &Name, column: &Column, default: &str) {
    let name = quoted(&column.name);
    let what = format!("fill {name} of {table}");
    if !has_key(planner, table, &what) {
        return;
    }
    // Nothing would ever end there.
    if default.eq_ignore_ascii_case("null") {
        return;
    }
    let sql = format!("UPDATE {table} SET {name} = {default} WHERE {name} IS NULL");
    let why = format!("rows that are there, or get NULL meanwhile, get the default of {name}");
    planner.push(Phase::Columns, Step::backfill(sql, why));
}

/// Whether the rows of a table can be taken in chunks: along its primary key.
fn has_key(planner: &mut Planner<'_>, table: &Name, what: &str) -> bool {
    let found = planner.new.table(table).is_some_and(|table| table.primary_key.is_some());
    if !found {
        planner.refuse(
            what,
            "the table has no primary key along which its rows could be taken in chunks",
            "make a table with a primary key, copy the rows, and rename it",
        );
    }
    found
}

/// Keeps NULL out of a column that was made to take it; answers the check's name.
fn bind(planner: &mut Planner<'_>, table: &Name, column: &Column) -> String {
    let name = not_null(&table.name, &column.name);
    let sql = format!("{} IS NOT NULL", quoted(&column.name));
    let [add, proof] = check_steps(table, &Check { name: name.clone(), sql, valid: false }, &name);
    let add = Step { why: "DSQL has no SET NOT NULL: a check keeps NULL out instead".into(), ..add };
    let add = if column.default.is_none() {
        let text = format!(
            "rows of {table} that have NULL in {} make the validation fail: write an UPDATE above it that fills them",
            quoted(&column.name)
        );
        add.hazard(HazardKind::NeedsValues, text)
    } else {
        add
    };
    planner.push(Phase::Columns, add);
    planner.push(Phase::Columns, proof);
    name
}

fn add_identity(planner: &mut Planner<'_>, table: &Name, column: &Column, new: &Identity) {
    let name = quoted(&column.name);
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {name} ADD {}", identity(new));
    planner.push(Phase::Columns, Step::ddl(sql, format!("the database counts {name} up from here on")));
    let step = Step::statement(
        count_on(table, &column.name, new),
        "the next number comes behind those that are there",
    );
    planner.push(Phase::Columns, step);
}

/// Sets the sequence of a column behind the values that it has; nothing happens if there are none.
pub(super) fn count_on(table: &Name, column: &str, identity: &Identity) -> String {
    let last = if identity.increment < 0 { "min" } else { "max" };
    let (table_text, column_text) = (literal(&table.to_string()), literal(column));
    format!(
        "SELECT setval(pg_get_serial_sequence({}, {}), {last}({column})) FROM {table}",
        table_text.trim(),
        column_text.trim(),
        column = quoted(column),
    )
}

fn identity_options(from: &Identity, to: &Identity) -> String {
    let mut options = Vec::new();
    if from.always != to.always {
        options.push(format!("SET GENERATED {}", if to.always { "ALWAYS" } else { "BY DEFAULT" }));
    }
    if from.cache != to.cache {
        options.push(format!("SET CACHE {}", to.cache));
    }
    if from.start != to.start {
        options.push(format!("SET START WITH {}", to.start));
    }
    if from.increment != to.increment {
        options.push(format!("SET INCREMENT BY {}", to.increment));
    }
    options.join(" ")
}

/// Other types: new columns beside the old ones, then their names, then what stands on them.
fn retype(planner: &mut Planner<'_>, table: &Name, columns: &BTreeSet<&str>) {
    let (Some(from), Some(to)) = (planner.before(table), planner.new.table(table)) else { return };
    let changes = planner.altered[table].clone();
    let pairs: Vec<(&Column, &Column)> = changes
        .iter()
        .filter_map(|change| match change {
            TableChange::ChangeType { from, to } => Some((from, to)),
            _ => None,
        })
        .collect();
    for (former, column) in &pairs {
        arrive(planner, table, former, column);
    }
    for check in from.checks.iter().filter(|check| on_any(&renamed_back(&check.sql, &changes), columns)) {
        let why =
            format!("{} speaks of the old column; it is added again behind the change", quoted(&check.name));
        let step = Step::ddl(drop(table, &check.name), why);
        let step = match to.checks.iter().any(|kept| kept.name == check.name) {
            true => step.loosening(&check.name),
            false => step,
        };
        planner.push(Phase::Types, step);
    }
    for (former, column) in &pairs {
        let loosened = to.uniques.iter().filter(|unique| unique.columns.contains(&column.name));
        let mut loosened: Vec<&str> = loosened.map(|unique| unique.name.as_str()).collect();
        let of_column = BTreeSet::from([column.name.as_str()]);
        let indexes = to.indexes.iter().filter(|index| index.unique && stands_on_columns(index, &of_column));
        loosened.extend(indexes.map(|index| index.name.as_str()));
        loosened.retain(|name| from.relations().any(|former| former == *name));
        swap(planner, table, former, column, &loosened);
    }
    let again = again(planner, table, to, columns);
    for (former, _) in &pairs {
        let sql = format!("ALTER TABLE {table} DROP COLUMN {}", quoted(&leaving(&former.name)));
        let why = "its values are in the new column; what stood on it goes with it";
        planner.push(Phase::Types, Step::ddl(sql, why));
    }
    for step in again {
        planner.push(Phase::Types, step);
    }
}

/// A text of the old snapshot in the names that columns have once they are renamed.
fn renamed_back(sql: &str, changes: &[&TableChange]) -> String {
    changes.iter().fold(sql.to_owned(), |sql, change| match change {
        TableChange::RenameColumn { from, to } => crate::sql::renamed(&sql, from, to),
        _ => sql,
    })
}

/// The new column, filled from the old one while that is in use.
fn arrive(planner: &mut Planner<'_>, table: &Name, former: &Column, column: &Column) {
    let new = quoted(&arriving(&column.name));
    let sql = format!("ALTER TABLE {table} ADD COLUMN {new} {}", column.sql_type);
    let why = format!("DSQL changes no type: a column of {} takes the place of the old one", column.sql_type);
    planner.push(Phase::Types, Step::ddl(sql, why));
    if let Some(default) = &column.default {
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {new} SET DEFAULT {default}");
        planner.push(Phase::Types, Step::ddl(sql, "the default is there before the column is in use"));
    }
    let what = format!("change type of {table}.{}", quoted(&column.name));
    if !has_key(planner, table, &what) {
        return;
    }
    let value = cast(&quoted(&former.name), &former.sql_type, &column.sql_type);
    let why = "the values are carried over, each row's once, while the old column is in use";
    let step = Step::backfill(format!("UPDATE {table} SET {new} = {value}"), why);
    planner.push(Phase::Types, lossy(step, table, former, column));
}

/// What was written to the old column since is carried over, once nobody writes it any more.
fn even_out(planner: &mut Planner<'_>, table: &Name, former: &Column, column: &Column) {
    let new = quoted(&arriving(&column.name));
    let value = cast(&quoted(&leaving(&column.name)), &former.sql_type, &column.sql_type);
    let pending = format!(
        "{} IS DISTINCT FROM {}",
        comparable(&new, &column.sql_type),
        comparable(&value, &column.sql_type)
    );
    let sql = format!("UPDATE {table} SET {new} = {value} WHERE ({pending})");
    let step = Step::backfill(sql, "what was written since the first filling is carried over");
    planner.push(Phase::Types, lossy(step, table, former, column));
}

fn lossy(step: Step, table: &Name, former: &Column, column: &Column) -> Step {
    match is_wider(&former.sql_type, &column.sql_type) {
        true => step,
        false => {
            let text = format!(
                "values of {table}.{} may lose something as {}, or the step fails at one that is none",
                quoted(&column.name),
                column.sql_type
            );
            step.hazard(HazardKind::LossyCast, text)
        }
    }
}

/// A value as one of another type; what has no cast goes over text.
pub(super) fn cast(value: &str, from: &str, to: &str) -> String {
    if from == to {
        return value.to_owned();
    }
    let name = |sql: &str| sql.split('(').next().unwrap_or(sql).to_owned();
    let (from, kind) = (name(from), name(to));
    let texts = ["text", "varchar", "char", "bpchar"];
    let numbers = ["smallint", "integer", "bigint", "real", "double precision", "numeric"];
    let times = ["date", "time", "timestamp", "timestamptz", "timetz"];
    let direct = texts.contains(&kind.as_str())
        || texts.contains(&from.as_str())
        || numbers.contains(&from.as_str()) && numbers.contains(&kind.as_str())
        || times.contains(&from.as_str()) && times.contains(&kind.as_str()) && from != "date"
        || from == kind
        || ["json", "jsonb"].contains(&from.as_str()) && ["json", "jsonb"].contains(&kind.as_str())
        || from == "date" && ["timestamp", "timestamptz"].contains(&kind.as_str())
        || from == "boolean" && kind == "integer"
        || from == "integer" && kind == "boolean"
        || from == "time" && kind == "interval"
        || from == "interval" && kind == "time";
    if direct { format!("{value}::{to}") } else { format!("{value}::text::{to}") }
}

/// A value that is equal to itself alone: json has no equality, and that of others takes an update for none (`1 mon` for
/// `30 days`, `0` for `-0`, `1.0` inside of jsonb for `1.00`).
pub(super) fn comparable(value: &str, sql_type: &str) -> String {
    let name = sql_type.split('(').next().unwrap_or(sql_type);
    match name {
        "json" | "jsonb" | "interval" | "real" | "double precision" => format!("({value})::text"),
        _ => value.to_owned(),
    }
}

/// The new column takes the old one's name; what keeps its values apart, by name, does so again once it is built anew.
fn swap(planner: &mut Planner<'_>, table: &Name, former: &Column, column: &Column, unique: &[&str]) {
    let (name, old, new) = (&column.name, leaving(&column.name), arriving(&column.name));
    if !former.nullable {
        let (sql, why) = match &former.not_null {
            Some(check) => (drop(table, &check.name), "the check is about the old column"),
            None => (
                format!("ALTER TABLE {table} ALTER COLUMN {} DROP NOT NULL", quoted(name)),
                "rows that are inserted later do not fill the old column",
            ),
        };
        planner.push(Phase::Types, Step::ddl(sql, why));
    }
    if former.generated.is_some() {
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {} DROP EXPRESSION", quoted(name));
        planner.push(Phase::Types, Step::ddl(sql, "the old column is about to go"));
    }
    let text = format!(
        "{table}.{} is missing until the next rename, which the filling between them delays; an INSERT that names no columns \
         loses its value",
        quoted(name)
    );
    let why = "from here on nobody writes the old column, so nothing is lost";
    let step = Step::ddl(rename(table, name, &old), why)
        .locking("whoever uses the column, until its successor has its name", text);
    planner.push(Phase::Types, unique.iter().fold(step, |step, name| step.loosening(name)));
    even_out(planner, table, former, column);
    planner
        .push(Phase::Types, Step::ddl(rename(table, &new, name), "the new column takes the old one's name"));
    let key = (table.clone(), name.clone());
    if column.nullable {
        planner.not_null.insert(key, None);
    } else {
        let check = not_null(&table.name, name);
        let sql = format!("{} IS NOT NULL", quoted(name));
        for step in check_steps(table, &Check { name: check.clone(), sql, valid: false }, &check) {
            planner.push(Phase::Types, step);
        }
        planner.not_null.insert(key, Some(NotNull { name: check, valid: true }));
    }
    if column.comment.is_some() {
        let on = format!("COLUMN {table}.{}", quoted(name));
        let sql = comment(on, column.comment.as_deref());
        planner.push(Phase::Comments, Step::ddl(sql, "the new column has no comment yet"));
    }
}

/// What stands on columns of another type, made again; answers what comes once the old columns are gone.
fn again(planner: &mut Planner<'_>, table: &Name, to: &Table, columns: &BTreeSet<&str>) -> Vec<Step> {
    let mut behind = Vec::new();
    let changes = planner.altered[table].clone();
    let beside = to.indexes.iter().filter(|index| stands_on_columns(index, columns)).count();
    if to.relations().count() + beside > INDEXES {
        planner.refuse(
            format!("change types in {table}"),
            format!("the new indexes do not fit beside the old ones: a table has at most {INDEXES}"),
            "drop an index before, and make it again behind",
        );
    }
    let among = |unique: &Unique| {
        unique.columns.iter().chain(&unique.include).any(|name| columns.contains(name.as_str()))
    };
    // Of one that changes, either side may stand on such a column; what stood on none is still there.
    let mut former = BTreeMap::new();
    for change in &changes {
        match change {
            TableChange::ChangeCheck { from, to } => former.insert(&to.name, on_any(&from.sql, columns)),
            TableChange::ChangeUnique { from, to } => former.insert(&to.name, among(from)),
            TableChange::ChangeIndex { from, to } => {
                former.insert(&to.name, stands_on_columns(from, columns))
            }
            _ => None,
        };
    }
    let stood = |name: &String| former.get(name).copied();
    for check in &to.checks {
        if !on_any(&check.sql, columns) && stood(&check.name) != Some(true) {
            continue;
        }
        if stood(&check.name) == Some(false) {
            planner.push(
                Phase::Types,
                Step::ddl(drop(table, &check.name), "another check of this name follows"),
            );
        }
        for step in check_steps(table, check, &check.name) {
            planner.push(Phase::Types, step);
        }
    }
    for unique in to.uniques.iter().filter(|unique| among(unique) || stood(&unique.name) == Some(true)) {
        let between = arriving(&unique.name);
        for step in unique_steps(table, unique, &between) {
            planner.push(Phase::Types, step);
        }
        if stood(&unique.name) == Some(false) {
            behind.push(Step::ddl(drop(table, &unique.name), "its successor works already"));
        }
        let sql = rename_constraint(table, &between, &unique.name);
        behind.push(Step::ddl(sql, "the new constraint takes the old one's name"));
    }
    for index in &to.indexes {
        if !stands_on_columns(index, columns) && stood(&index.name) != Some(true) {
            continue;
        }
        let between = arriving(&index.name);
        planner.push(Phase::Types, index_step(table, index, &between));
        if stood(&index.name) == Some(false) {
            behind.push(Step::ddl(drop_index(table, &index.name), "its successor works already"));
        }
        let sql = rename_index(table, &between, &index.name);
        behind.push(Step::ddl(sql, "the new index takes the old one's name"));
    }
    behind
}
