//! Schemas, domains, tables and views as wholes: made, renamed and dropped, each after what it needs.

use std::collections::BTreeSet;

use super::phase::Phase;
use super::{HazardKind, Planner, Step};
use crate::diff::{Change, Commented, TableChange};
use crate::snapshot::{Domain, ForeignKey, Name, Table, View};
use crate::sql::{
    add_foreign_key, comment, create_domain, create_index, create_table, create_view, literal, mentions,
    quoted,
};

/// Plans everything but the insides of tables.
pub(super) fn plan(planner: &mut Planner<'_>) {
    let changes = planner.changes;
    for change in changes {
        match change {
            Change::CreateSchema(schema) => {
                let sql = format!("CREATE SCHEMA {}", quoted(&schema.name));
                planner.push(Phase::Schemas, Step::ddl(sql, format!("schema {} is new", schema.name)));
                if schema.comment.is_some() {
                    let on = Commented::Schema(schema.name.clone());
                    self::commented(planner, &on, schema.comment.as_deref());
                }
            }
            Change::DropSchema(schema) => {
                let sql = format!("DROP SCHEMA {}", quoted(&schema.name));
                let why = format!("schema {} is gone; the step fails while anything is in it", schema.name);
                planner.push(Phase::SchemasOut, Step::ddl(sql, why));
            }
            Change::CreateDomain(domain) => {
                let why = format!("domain {} is new", domain.name);
                planner.push(Phase::Domains, Step::ddl(create_domain(domain), why));
            }
            Change::DropDomain(domain) => {
                let sql = format!("DROP DOMAIN {}", domain.name);
                let why = format!("domain {} is gone; the step fails while a column has it", domain.name);
                planner.push(Phase::DomainsOut, Step::ddl(sql, why));
            }
            Change::ChangeDomain { from, to } => change_domain(planner, from, to),
            Change::RenameTable { from, to } => {
                let sql = format!("ALTER TABLE {from} RENAME TO {}", quoted(&to.name));
                let step = Step::ddl(sql, format!("{from} is declared as the former name of {to}"));
                let text = format!("programs that run and say {from} fail from here on");
                planner.push(Phase::Renames, step.hazard(HazardKind::Renames, text));
            }
            Change::Comment { on, text } => commented(planner, on, text.as_deref()),
            _ => {}
        }
    }
    create_tables(planner);
    drop_tables(planner);
    views(planner);
}

fn commented(planner: &mut Planner<'_>, on: &Commented, text: Option<&str>) {
    planner.push(
        Phase::Comments,
        Step::ddl(comment(on, text), "what the struct says of it, for whoever looks at the database"),
    );
}

/// What `ALTER DOMAIN` can do on DSQL (facts, "Other objects": no SET NOT NULL, no ADD CONSTRAINT).
fn change_domain(planner: &mut Planner<'_>, from: &Domain, to: &Domain) {
    let what = format!("change domain {}", to.name);
    let way = "make a domain of another name, and give it to the columns as their type";
    if from.sql_type != to.sql_type {
        planner.refuse(&what, "a domain cannot get another type", way);
    }
    if from.nullable && !to.nullable {
        planner.refuse(&what, "Aurora DSQL refuses ALTER DOMAIN … SET NOT NULL", way);
    }
    let alter = |action: String| format!("ALTER DOMAIN {} {action}", to.name);
    for check in &to.checks {
        let same = |former: &crate::snapshot::Check| {
            former.name == check.name && crate::sql::same(&former.sql, &check.sql)
        };
        if !from.checks.iter().any(same) {
            planner.refuse(&what, "Aurora DSQL refuses ALTER DOMAIN … ADD CONSTRAINT", way);
        }
    }
    for check in from.checks.iter().filter(|check| !to.checks.iter().any(|other| other.name == check.name)) {
        let sql = alter(format!("DROP CONSTRAINT {}", quoted(&check.name)));
        planner.push(Phase::Domains, Step::ddl(sql, "the check is gone"));
    }
    if !from.nullable && to.nullable {
        planner.push(Phase::Domains, Step::ddl(alter("DROP NOT NULL".into()), "the domain takes NULL"));
    }
    if from.default != to.default {
        let action =
            to.default.as_ref().map_or("DROP DEFAULT".into(), |default| format!("SET DEFAULT {default}"));
        planner.push(Phase::Domains, Step::ddl(alter(action), "the default is another one"));
    }
}

/// New tables, each after those its foreign keys refer to; where they refer in a circle, the last key is added behind.
fn create_tables(planner: &mut Planner<'_>) {
    let tables: Vec<&Table> = planner
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::CreateTable(table) => Some(table),
            _ => None,
        })
        .collect();
    let order = ordered(&tables, |table| table.foreign_keys.iter().map(|key| &key.table).collect());
    let new: BTreeSet<&Name> = tables.iter().map(|table| &table.name).collect();
    // What a key refers to may only have its constraint later.
    let altered: BTreeSet<&Name> = planner.altered.keys().copied().collect();
    let mut made: BTreeSet<&Name> = BTreeSet::new();
    for table in order {
        made.insert(&table.name);
        let inline = |key: &ForeignKey| {
            if new.contains(&key.table) { made.contains(&key.table) } else { !altered.contains(&key.table) }
        };
        let sql = create_table(table, inline);
        planner.push(Phase::Tables, Step::ddl(sql, format!("table {} is new", table.name)));
        for key in table.foreign_keys.iter().filter(|key| !inline(key)) {
            let why = format!("{} refers to a table that is made, or gets its key, later", quoted(&key.name));
            planner.push(Phase::ForeignKeysIn, Step::ddl(add_foreign_key(&table.name, key), why));
            let sql = super::constraint::validate(&table.name, &key.name);
            let why = format!("{} is then known to hold for every row", quoted(&key.name));
            planner.push(Phase::ForeignKeysIn, Step::validation(sql, why));
        }
        for index in &table.indexes {
            let sql = create_index(&table.name, index);
            planner.push(Phase::Tables, Step::index(sql, "DSQL builds every index in the background"));
        }
        if table.comment.is_some() {
            commented(planner, &Commented::Table(table.name.clone()), table.comment.as_deref());
        }
        for column in table.columns.iter().filter(|column| column.comment.is_some()) {
            let on = Commented::Column(table.name.clone(), column.name.clone());
            commented(planner, &on, column.comment.as_deref());
        }
    }
}

/// Tables that go, each before those it refers to; where they refer in a circle, the key goes first.
fn drop_tables(planner: &mut Planner<'_>) {
    let tables: Vec<&Table> = planner
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::DropTable(table) => Some(table),
            _ => None,
        })
        .collect();
    let mut order = ordered(&tables, |table| table.foreign_keys.iter().map(|key| &key.table).collect());
    order.reverse();
    // What stays and changes must not be held on to meanwhile.
    let changing: BTreeSet<&Name> = planner.altered.keys().map(|name| planner.former_name(name)).collect();
    for table in &order {
        for key in table.foreign_keys.iter().filter(|key| changing.contains(&key.table)) {
            let sql = super::constraint::drop(&table.name, &key.name);
            let why = format!("{} changes before {} goes", key.table, table.name);
            planner.push(Phase::ForeignKeysOut, Step::ddl(sql, why));
        }
    }
    let mut gone: BTreeSet<&Name> = BTreeSet::new();
    for table in &order {
        gone.insert(&table.name);
        let held = order.iter().filter(|other| !gone.contains(&other.name));
        for (other, key) in held.flat_map(|other| other.foreign_keys.iter().map(move |key| (other, key))) {
            if key.table == table.name {
                let sql = super::constraint::drop(&other.name, &key.name);
                planner.push(
                    Phase::ForeignKeysOut,
                    Step::ddl(sql, "the tables that go refer to each other in a circle"),
                );
            }
        }
    }
    // If a name of one is needed, all go early: the order among them stays.
    let taken = order.iter().any(|table| {
        let schema = &table.name.schema;
        planner.is_needed(schema, &table.name.name)
            || table.relations().any(|name| planner.is_needed(schema, name))
    });
    let viewed = planner.new.views.iter().any(|view| order.iter().any(|table| table.name == view.name));
    let phase = if taken || viewed { Phase::NamesFree } else { Phase::TablesOut };
    for table in order {
        let step = Step::ddl(format!("DROP TABLE {}", table.name), format!("table {} is gone", table.name));
        let text = format!("every row of {} is lost", table.name);
        planner.push(phase, step.hazard(HazardKind::DropsTable, text));
    }
}

/// Views that go, change, or stand on something that is changed under them; each before what it stands on when it goes,
/// and behind it when it comes.
fn views(planner: &mut Planner<'_>) {
    let mut out: BTreeSet<Name> = BTreeSet::new();
    let mut fresh: BTreeSet<Name> = BTreeSet::new();
    let mut former: Vec<(&Name, &Name)> = Vec::new();
    let changes = planner.changes;
    for change in changes {
        match change {
            Change::CreateView(view) => {
                fresh.insert(view.name.clone());
            }
            Change::DropView(view) => {
                out.insert(view.name.clone());
            }
            Change::ChangeView { to, .. } => {
                fresh.insert(to.name.clone());
            }
            Change::RenameView { from, to } => former.push((from, to)),
            _ => {}
        }
    }
    let renamed = |name: &Name| former.iter().find(|(from, _)| *from == name).map(|(_, to)| (*to).clone());
    let target = |view: &View| renamed(&view.name).unwrap_or_else(|| view.name.clone());
    // A view on a view that goes has to go as well.
    loop {
        let before = out.len();
        for view in &planner.old.views {
            let stands = is_undermined(planner, view)
                || planner
                    .old
                    .views
                    .iter()
                    .any(|under| out.contains(&under.name) && stands_on(view, &under.name));
            if stands || fresh.contains(&target(view)) {
                out.insert(view.name.clone());
            }
        }
        if out.len() == before {
            break;
        }
    }
    let old: Vec<&View> = planner.old.views.iter().filter(|view| out.contains(&view.name)).collect();
    let under = |view: &View, all: &[&View]| -> Vec<Name> {
        all.iter().filter(|other| stands_on(view, &other.name)).map(|other| other.name.clone()).collect()
    };
    let mut order = sorted(&old, |view| view.name.clone(), |view| under(view, &old));
    order.reverse();
    for view in &order {
        let stays = planner.new.view(&target(view)).is_some();
        if stays {
            fresh.insert(target(view));
        }
        let why = match stays {
            true => format!("view {} is made again behind what changes under it", view.name),
            false => format!("view {} is gone", view.name),
        };
        let text = format!("{} is missing until it is made again, and privileges on it are lost", view.name);
        let text = if stays { text } else { format!("queries of {} fail from here on", view.name) };
        let step = Step::ddl(format!("DROP VIEW {}", view.name), why);
        planner.push(Phase::ViewsOut, step.hazard(HazardKind::DropsView, text));
    }
    for (from, to) in former.iter().filter(|(from, _)| !out.contains(*from)) {
        let sql = format!("ALTER VIEW {from} RENAME TO {}", quoted(&to.name));
        let step = Step::ddl(sql, format!("{from} is declared as the former name of {to}"));
        let text = format!("programs that run and say {from} fail from here on");
        planner.push(Phase::Renames, step.hazard(HazardKind::Renames, text));
    }
    let new: Vec<&View> = planner.new.views.iter().filter(|view| fresh.contains(&view.name)).collect();
    for view in sorted(&new, |view| view.name.clone(), |view| under(view, &new)) {
        let why = format!("view {} stands on what is there by now", view.name);
        planner.push(Phase::ViewsIn, Step::ddl(create_view(view), why));
        if let Some(text) = &view.comment {
            let sql = format!("COMMENT ON VIEW {} IS {}", view.name, literal(text).trim());
            planner.push(Phase::ViewsIn, Step::ddl(sql, "a view that is made again has lost its comment"));
        }
    }
}

/// Whether something under the view goes, or is replaced by something of the same name.
fn is_undermined(planner: &Planner<'_>, view: &View) -> bool {
    planner.changes.iter().any(|change| match change {
        Change::DropTable(table) => stands_on(view, &table.name),
        Change::AlterTable { table, change } if stands_on(view, planner.former_name(table)) => {
            let whole = view.query.contains('*');
            planner.rebuilt.contains(table)
                || match change {
                    TableChange::DropColumn(column) => whole || mentions(&view.query, &column.name),
                    TableChange::ChangeType { from, to } => {
                        whole || mentions(&view.query, &from.name) || mentions(&view.query, &to.name)
                    }
                    _ => false,
                }
        }
        _ => false,
    })
}

fn stands_on(view: &View, name: &Name) -> bool {
    view.name != *name && mentions(&view.query, &name.name)
}

fn ordered<'t>(tables: &[&'t Table], needs: impl Fn(&'t Table) -> Vec<&'t Name>) -> Vec<&'t Table> {
    sorted(tables, |table| table.name.clone(), |table| needs(table).into_iter().cloned().collect())
}

/// The things in an order in which each stands behind what it needs; otherwise as they were. Of a circle, the first one
/// comes first.
fn sorted<'t, T>(
    things: &[&'t T],
    name: impl Fn(&'t T) -> Name,
    needs: impl Fn(&'t T) -> Vec<Name>,
) -> Vec<&'t T> {
    fn visit<'t, T>(
        at: usize,
        things: &[&'t T],
        edges: &[Vec<usize>],
        seen: &mut [bool],
        order: &mut Vec<&'t T>,
    ) {
        if std::mem::replace(&mut seen[at], true) {
            return;
        }
        edges[at].iter().for_each(|&need| visit(need, things, edges, seen, order));
        order.push(things[at]);
    }
    let places: std::collections::BTreeMap<Name, usize> =
        things.iter().enumerate().map(|(at, thing)| (name(thing), at)).collect();
    let edges: Vec<Vec<usize>> = things
        .iter()
        .map(|thing| needs(thing).iter().filter_map(|need| places.get(need).copied()).collect())
        .collect();
    let mut seen = vec![false; things.len()];
    let mut order = Vec::new();
    (0..things.len()).for_each(|at| visit(at, things, &edges, &mut seen, &mut order));
    order
}
