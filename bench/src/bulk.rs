//! 100,000 rows inserted: `insert_all` beside raw tokio-postgres that sends the same chunks one after the other.

use std::time::{Duration, Instant};

use anyhow::Result;
use mizzle::prelude::*;
use mizzle_local::LocalDsql;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::report::{Report, Row, Unit};

#[table]
struct Reading {
    #[column(primary_key)]
    id: i64,
    station: String,
    height: i64,
}

const TABLE: &str =
    "CREATE TABLE reading (id bigint PRIMARY KEY, station text NOT NULL, height bigint NOT NULL)";
const ROWS: i64 = 100_000;
const CHUNK: i64 = 1_000;
const ROUNDS: usize = 3;

/// The time of all rows, beside each way to write by hand.
pub(crate) async fn run() -> Result<Report> {
    let local = LocalDsql::start().await?;
    let config = crate::config(&local)?;
    let raw = config.connect().await?;
    let db = Db::connect(config).await?;
    raw.batch_execute(TABLE).await?;
    let (mut values, mut arrays, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    let mut from = 0;
    let mut next = || {
        from += ROWS;
        from - ROWS
    };
    for _ in 0..ROUNDS {
        values.push(by_values(&raw, next()).await?);
        arrays.push(by_arrays(&raw, next()).await?);
        ours.push(by_mizzle(&db, next()).await?);
    }
    local.stop().await?;
    let shown = |times| Some(crate::median(times).as_secs_f64() * 1e6);
    Ok(Report {
        name: "bulk",
        unit: Unit::Microseconds,
        columns: vec!["raw VALUES", "raw arrays", "mizzle"],
        rows: vec![Row {
            name: "bulk insert of 100,000 rows".to_owned(),
            medians: vec![shown(values), shown(arrays), shown(ours)],
        }],
        extra: Vec::new(),
        notes: Vec::new(),
    })
}

async fn by_mizzle(db: &Db, from: i64) -> Result<Duration> {
    let started = Instant::now();
    let rows = (from..from + ROWS).map(|id| NewReading::new(id, station(id), id));
    let report = db.insert_all(rows).chunk_rows(CHUNK as usize).await?;
    anyhow::ensure!(report.rows == ROWS as u64, "{} rows", report.rows);
    Ok(started.elapsed())
}

/// `VALUES ($1, $2, $3), …`, prepared once.
async fn by_values(raw: &Client, from: i64) -> Result<Duration> {
    let started = Instant::now();
    let rows: Vec<String> =
        (0..CHUNK).map(|at| format!("(${}, ${}, ${})", 3 * at + 1, 3 * at + 2, 3 * at + 3)).collect();
    let insert = raw.prepare(&format!("INSERT INTO reading VALUES {}", rows.join(", "))).await?;
    for chunk in (from..from + ROWS).step_by(CHUNK as usize) {
        let rows: Vec<(i64, String)> = (chunk..chunk + CHUNK).map(|id| (id, station(id))).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> =
            rows.iter().flat_map(|(id, station)| [id as &(dyn ToSql + Sync), station, id]).collect();
        raw.batch_execute("BEGIN").await?;
        raw.execute(&insert, &parameters).await?;
        raw.batch_execute("COMMIT").await?;
    }
    Ok(started.elapsed())
}

/// `SELECT * FROM unnest($1, $2, $3)`, prepared once.
async fn by_arrays(raw: &Client, from: i64) -> Result<Duration> {
    let started = Instant::now();
    let insert = "INSERT INTO reading SELECT * FROM unnest($1::int8[], $2::text[], $3::int8[])";
    let insert = raw.prepare(insert).await?;
    for chunk in (from..from + ROWS).step_by(CHUNK as usize) {
        let ids: Vec<i64> = (chunk..chunk + CHUNK).collect();
        let stations: Vec<String> = ids.iter().map(|id| station(*id)).collect();
        raw.batch_execute("BEGIN").await?;
        raw.execute(&insert, &[&ids, &stations, &ids]).await?;
        raw.batch_execute("COMMIT").await?;
    }
    Ok(started.elapsed())
}

fn station(id: i64) -> String {
    format!("station {}", id % 100)
}
