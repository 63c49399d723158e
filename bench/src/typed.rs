//! The typed layer beside raw tokio-postgres and its peers, on one local DSQL, near and 2 ms away.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mizzle::connect::{RetryPolicy, retry};
use mizzle_local::LocalDsql;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::case::{CASES, Case, INDEXES, NEW, OWNERS, PETS, TABLES, VISITS};
use crate::peer::{LIBRARIES, Library, Server, Tls};
use crate::report::{Report, Row, Unit};

/// How long a round trip takes to the server that is not near.
const FAR: Duration = Duration::from_millis(2);

/// The fewest rounds that warm up: PostgreSQL settles on a plan for a prepared statement after five.
const WARM: usize = 10;

/// The most rows that a transaction may change.
const MOST: usize = 3_000;

/// A library in the race, or out of it for the rest of a case.
struct Runner {
    name: &'static str,
    library: Option<Box<dyn Library>>,
}

/// Microseconds for each kind of work.
pub(crate) async fn run() -> Result<Report> {
    let local = LocalDsql::start().await?;
    let near = crate::config(&local)?;
    let client = near.connect().await?;
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
    let tls = Tls {
        port: local.address().port(),
        root_certificate: local.ca_file().to_owned(),
        token: local.token("admin", Duration::from_secs(3_600)),
    };
    let far = crate::network::delayed(local.address(), FAR)?;
    let servers = [
        ("", Server { config: near.clone(), tls: tls.clone(), key }),
        (", 2 ms away", Server { config: near.port(far), tls: Tls { port: far, ..tls }, key }),
    ];
    for (place, server) in servers {
        let mut runners = connect(&server, &mut report.notes).await;
        for (case, name, rounds) in CASES {
            let name = format!("{name}{place}");
            let medians = race(case, &name, rounds, &mut runners, &mut report.notes).await?;
            report.rows.push(Row { name, medians });
            if case == Case::Insert {
                tidy(&client).await?;
            }
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
    children(client, "visit (description, pet_id)", "'visit ' || n", "pet", OWNERS * PETS, VISITS).await
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

async fn connect(server: &Server, notes: &mut Vec<String>) -> Vec<Runner> {
    let mut runners = Vec::new();
    for (name, connect) in LIBRARIES {
        let library = match connect(server.clone()).await {
            Ok(library) => Some(library),
            Err(error) => {
                notes.push(format!("{name} is left out, it does not connect: {error:#}"));
                None
            }
        };
        runners.push(Runner { name, library });
    }
    runners
}

/// Everybody in turns, another one first in each round; who fails or finds other rows than raw is out of this case.
async fn race(
    case: Case,
    name: &str,
    rounds: usize,
    runners: &mut [Runner],
    notes: &mut Vec<String>,
) -> Result<Vec<Option<f64>>> {
    let raw = runners[0].library.as_mut().context("raw does not connect")?;
    let expected = raw.run(case).await?;
    let mut times: Vec<Option<Vec<Duration>>> = Vec::new();
    for runner in &*runners {
        times.push(runner.library.is_some().then(Vec::new));
    }
    for round in 0..WARM + rounds {
        for at in 0..runners.len() {
            let at = (at + round) % runners.len();
            let (Some(library), Some(taken)) = (&mut runners[at].library, &mut times[at]) else { continue };
            let started = Instant::now();
            let found = library.run(case).await;
            let time = started.elapsed();
            match found {
                Ok(found) if found == expected && round >= WARM => taken.push(time),
                Ok(found) if found == expected => {}
                found => {
                    let why = found.map_or_else(
                        |error| format!("{error:#}"),
                        |found| format!("{found} rows instead of {expected}"),
                    );
                    notes.push(format!("{} is left out of “{name}”: {why}", runners[at].name));
                    times[at] = None;
                }
            }
        }
    }
    let microseconds = |times| crate::median(times).as_secs_f64() * 1e6;
    Ok(times.into_iter().map(|times| times.map(microseconds)).collect())
}
