//! The typed layer beside raw tokio-postgres and its peers, on one local DSQL, near and 2 ms away.

use std::time::Duration;

use anyhow::{Context, Result};
use mizzle::connect::{RetryPolicy, retry};
use mizzle_local::LocalDsql;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::case::{CASES, Case, INDEXES, NEW, OWNERS, PETS, TABLES, VISITS};
use crate::peer::{LIBRARIES, Server};
use crate::race::{Rounds, Tally, connect, race};
use crate::report::{Report, Unit};

/// How long a round trip takes to the server that is not near.
const FAR: Duration = Duration::from_millis(2);

/// How often everybody connects anew: a connection is fast or slow for its life, by where its processes came to run.
const HEATS: usize = 10;

/// The fewest rounds that warm up: PostgreSQL settles on a plan for a prepared statement after five.
const WARM: usize = 10;

/// The most rows that a transaction may change.
const MOST: usize = 3_000;

/// Microseconds for each kind of work.
pub(crate) async fn run() -> Result<Report> {
    let local = LocalDsql::start().await?;
    let client = crate::config(&local)?.connect().await?;
    fill(&client).await?;
    let mut report = Report {
        name: "typed",
        unit: Unit::Microseconds,
        columns: LIBRARIES.iter().map(|(name, _)| *name).collect(),
        rows: Vec::new(),
        extra: Vec::new(),
        notes: Vec::new(),
    };
    let key = client.query_one("SELECT id FROM owner ORDER BY id LIMIT 1 OFFSET 500", &[]).await?.get(0);
    let near = Server { key, ..Server::of(&local)? };
    let far = near.clone().by_port(crate::network::delayed(local.address(), FAR)?);
    for (place, server) in [("", near), (", 2 ms away", far)] {
        let mut tallies = CASES.map(|(_, name, _)| Some(Tally::new(format!("{name}{place}"))));
        for _ in 0..HEATS {
            let mut runners = connect(&server, &mut report.notes).await;
            for ((case, _, counted), slot) in CASES.into_iter().zip(&mut tallies) {
                let Some(tally) = slot.take() else { continue };
                let rounds = Rounds { warm: WARM, counted: counted / HEATS };
                let (tally, back) = race(tally, runners, rounds, move || case).await?;
                (*slot, runners) = (Some(tally), back);
                if case == Case::Insert {
                    tidy(&client).await?;
                }
            }
        }
        for (row, notes) in tallies.into_iter().flatten().map(Tally::into_row) {
            report.rows.push(row);
            report.notes.extend(notes);
        }
    }
    local.stop().await?;
    Ok(report)
}

/// Owners, pets and visits, no more at a time than a transaction may change.
async fn fill(client: &Client) -> Result<()> {
    for table in TABLES {
        write(client, table).await?;
    }
    for index in INDEXES {
        let created = client.simple_query(index).await?;
        let job = created.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let job = job.context("no job builds the index")?;
        // one that ends later would be a conflict for whoever is measured then
        client.batch_execute(&format!("CALL sys.wait_for_job('{job}')")).await?;
    }
    let owners = format!(
        "INSERT INTO owner (name, city) SELECT 'owner ' || n, 'Anytown' FROM generate_series(1, {OWNERS}) n"
    );
    write(client, &owners).await?;
    children(client, "pet (name, owner_id)", "'pet ' || n", "owner", OWNERS, PETS).await?;
    children(client, "visit (description, pet_id)", "'visit ' || n", "pet", OWNERS * PETS, VISITS).await?;
    for table in ["owner", "pet", "visit"] {
        // else it comes when it likes, and whoever planned before it has other plans
        write(client, &format!("ANALYZE {table}")).await?;
    }
    Ok(())
}

/// One statement, again while the end of a job is in its way.
async fn write(client: &Client, statement: &str) -> Result<()> {
    retry(&RetryPolicy::default(), async || client.batch_execute(statement).await).await?;
    Ok(())
}

/// So many rows for each of the parents.
async fn children(
    client: &Client,
    into: &str,
    name: &str,
    parent: &str,
    parents: usize,
    each: usize,
) -> Result<()> {
    let step = MOST / each;
    for offset in (0..parents).step_by(step) {
        let insert = format!(
            "INSERT INTO {into} SELECT {name}, parent.id \
             FROM (SELECT id FROM {parent} ORDER BY id LIMIT {step} OFFSET {offset}) parent, \
             generate_series(1, {each}) n"
        );
        write(client, &insert).await?;
    }
    Ok(())
}

/// Takes away what the inserts left, so that the owners are the same for what comes after.
async fn tidy(client: &Client) -> Result<()> {
    let delete =
        format!("DELETE FROM owner WHERE id IN (SELECT id FROM owner WHERE city = '{}' LIMIT {MOST})", NEW.1);
    while retry(&RetryPolicy::default(), async || client.execute(&delete, &[]).await).await? > 0 {}
    Ok(())
}
