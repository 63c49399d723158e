//! How long a plan takes between two schemas of 1,000 tables with 20 columns each: no database, no file.

use std::hint::black_box;
use std::time::Instant;

use mizzle_kit::plan::plan;
use mizzle_kit::snapshot::{
    Action, Check, Column, Deferrable, ForeignKey, Index, Key, KeyValue, Name, PUBLIC, PrimaryKey, Snapshot,
    Table, Unique,
};

use crate::median;
use crate::report::{Report, Row, Unit};

const TABLES: usize = 1_000;
const COLUMNS: usize = 20;
const ROUNDS: usize = 21;

/// What a plan may take, in milliseconds: a person who saves a file does not notice it.
const BUDGET: f64 = 100.0;

pub(crate) fn run() -> anyhow::Result<Report> {
    let old = schema(0);
    let cases = [
        ("nothing differs", old.clone(), old.clone()),
        ("every table is new", Snapshot::default(), old.clone()),
        ("a column comes in every tenth table", old.clone(), schema(10)),
        ("a column comes in every table", old, schema(1)),
    ];
    let mut rows = Vec::new();
    for (name, from, to) in &cases {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let since = Instant::now();
            let planned = plan(black_box(from), black_box(to))?;
            times.push(since.elapsed());
            black_box(planned);
        }
        rows.push(Row { name: (*name).to_owned(), medians: vec![Some(median(times).as_secs_f64() * 1e6)] });
    }
    let slowest = rows.iter().filter_map(|row| row.medians[0]).fold(0.0, f64::max) / 1e3;
    let verdict = if slowest <= BUDGET { "within" } else { "over" };
    Ok(Report {
        name: "plan",
        unit: Unit::Microseconds,
        columns: vec!["diff + plan"],
        rows,
        extra: vec![("budget_ms", BUDGET.to_string())],
        notes: vec![format!(
            "{TABLES} tables of {COLUMNS} columns; the slowest takes {slowest:.1} ms, {verdict} the {BUDGET} ms it may take"
        )],
    })
}

/// A schema in which every so manieth table has one column more; none for 0.
fn schema(every: usize) -> Snapshot {
    let tables = (0..TABLES).map(|number| table(number, every > 0 && number.is_multiple_of(every))).collect();
    let mut snapshot = Snapshot { tables, ..Snapshot::default() };
    snapshot.normalise();
    snapshot
}

fn table(number: usize, more: bool) -> Table {
    let name = format!("table_{number}");
    let mut columns: Vec<Column> = (0..COLUMNS).map(|at| column(&format!("column_{at}"), at)).collect();
    if more {
        columns.push(column("more", 4));
    }
    let key = |column: &str| Key { value: KeyValue::Column(column.to_owned()), nulls_first: false };
    let near = name.clone();
    let foreign_key = move |far: usize| ForeignKey {
        name: format!("{near}_column_0_fkey"),
        columns: vec!["column_0".to_owned()],
        table: Name::new(PUBLIC, format!("table_{far}")),
        references: vec!["column_0".to_owned()],
        on_delete: Action::Cascade,
        on_update: Action::NoAction,
        deferrable: Deferrable::No,
        valid: true,
    };
    Table {
        renamed_from: None,
        comment: Some("What a table is about.".to_owned()),
        columns,
        primary_key: Some(PrimaryKey { name: format!("{name}_pkey"), columns: vec!["column_0".to_owned()] }),
        uniques: vec![Unique {
            name: format!("{name}_column_1_key"),
            columns: vec!["column_1".to_owned()],
            include: Vec::new(),
            nulls_not_distinct: false,
        }],
        checks: vec![Check {
            name: format!("{name}_column_2_check"),
            sql: "column_2 IN ('one', 'two', 'three')".to_owned(),
            valid: true,
        }],
        foreign_keys: number.checked_sub(1).map(foreign_key).into_iter().collect(),
        indexes: (3..5)
            .map(|at| Index {
                name: format!("{name}_column_{at}_idx"),
                keys: vec![key(&format!("column_{at}"))],
                unique: false,
                include: Vec::new(),
                condition: (at == 4).then(|| "column_5 IS NOT NULL".to_owned()),
                nulls_not_distinct: false,
                valid: true,
            })
            .collect(),
        name: Name::new(PUBLIC, name),
    }
}

fn column(name: &str, at: usize) -> Column {
    Column {
        name: name.to_owned(),
        renamed_from: None,
        sql_type: if at == 0 { "uuid" } else { "text" }.to_owned(),
        nullable: at > 3,
        not_null: None,
        default: at.is_multiple_of(4).then(|| if at == 0 { "gen_random_uuid()" } else { "'x'" }.to_owned()),
        identity: None,
        generated: None,
        comment: at.is_multiple_of(5).then(|| "What it holds.".to_owned()),
    }
}
