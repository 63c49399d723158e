//! The local DSQL beside the PostgreSQL behind it: what the protocol, the rules and the conflicts cost.
//!
//! PostgreSQL is reached over its own unix socket without TLS, the local DSQL over TCP and TLS as every client does;
//! client library, statements, schema and isolation are the same.

use std::time::{Duration, Instant};

use anyhow::Result;
use mizzle_local::LocalDsql;
use tokio_postgres::{Client, NoTls};

use crate::memory;
use crate::report::{Report, Row, Unit};

/// How long each round lasts, and how many pairs of rounds there are; one more warms up.
const ROUND: Duration = Duration::from_millis(300);
const ROUNDS: usize = 9;

/// How often the start is measured.
const STARTS: usize = 5;

/// A kind of work, with the statements it prepares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Select,
    Insert,
    /// Ten statements in a transaction: five reads, five writes.
    Ten,
}

const ALL: [(&str, Work); 3] =
    [("select by key", Work::Select), ("insert", Work::Insert), ("transaction of ten", Work::Ten)];

/// Operations a second for each kind of work, what part of PostgreSQL's they are, and what a cluster costs at rest.
pub(crate) async fn run() -> Result<Report> {
    let ready = ready().await?;
    let memory = memory::measure().await?;
    let local = LocalDsql::start().await?;
    let config = crate::config(&local)?;
    config.connect().await?.batch_execute("CREATE TABLE t (id bigint PRIMARY KEY, v text)").await?;
    // the same table twice: one of the user's, and one that only PostgreSQL knows of, without any trigger of ours
    direct(&local)
        .await?
        .batch_execute(
            "SET session_replication_role = replica; CREATE SCHEMA direct; \
             CREATE TABLE direct.t (id bigint PRIMARY KEY, v text)",
        )
        .await?;
    let mut rows = Vec::new();
    for clients in [1, 8] {
        let (mut behind, mut in_front) = (Vec::new(), Vec::new());
        for _ in 0..clients {
            let client = direct(&local).await?;
            client
                .batch_execute(
                    "SET search_path = direct; SET default_transaction_isolation = 'repeatable read'",
                )
                .await?;
            behind.push(client);
            in_front.push(config.connect().await?);
        }
        for (name, work) in ALL {
            let (theirs, ours) = compare(&behind, &in_front, work).await?;
            let name = format!("{name}, {clients} client{}", if clients == 1 { "" } else { "s" });
            rows.push(Row { name, medians: vec![Some(theirs), Some(ours)] });
        }
    }
    local.stop().await?;
    let extra = vec![("ready_seconds", ready.as_secs_f64().to_string()), ("memory", memory.to_json())];
    let note = format!("ready after {:.2} s; {memory}", ready.as_secs_f64());
    Ok(Report {
        name: "local",
        unit: Unit::Rate,
        columns: vec!["postgres", "local"],
        rows,
        extra,
        notes: vec![note],
    })
}

/// Medians of both, in turns.
async fn compare(behind: &[Client], in_front: &[Client], work: Work) -> Result<(f64, f64)> {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let pair = (rate(behind, work).await?, rate(in_front, work).await?);
        if round > 0 {
            theirs.push(pair.0);
            ours.push(pair.1);
        }
    }
    Ok((median(theirs), median(ours)))
}

/// How long a cluster takes to accept connections once its template is there.
async fn ready() -> Result<Duration> {
    // The first time makes the template.
    LocalDsql::start().await?.stop().await?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let local = LocalDsql::start().await?;
        times.push(started.elapsed());
        local.stop().await?;
    }
    Ok(crate::median(times))
}

/// A connection past the local DSQL.
async fn direct(local: &LocalDsql) -> Result<Client> {
    let mut config = tokio_postgres::Config::new();
    config
        .host_path(local.postgres_socket().parent().unwrap_or(local.postgres_socket()))
        .user("mizzle")
        .dbname("postgres");
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Operations a second of all clients together.
async fn rate(clients: &[Client], work: Work) -> Result<f64> {
    let started = Instant::now();
    let each = clients.iter().enumerate().map(|(at, client)| repeat(client, at as i64, work, started));
    let done: u64 = futures_util::future::try_join_all(each).await?.iter().sum();
    Ok(done as f64 / started.elapsed().as_secs_f64())
}

async fn repeat(client: &Client, at: i64, work: Work, started: Instant) -> Result<u64> {
    let select = client.prepare("SELECT v FROM t WHERE id = $1").await?;
    let insert = client.prepare("INSERT INTO t VALUES ($1, $2)").await?;
    let update = client.prepare("UPDATE t SET v = $2 WHERE id = $1").await?;
    // no two clients meet in a row
    let own = -1 - at;
    client.execute("INSERT INTO t VALUES ($1, 'x') ON CONFLICT DO NOTHING", &[&own]).await?;
    let mut done = 0;
    while started.elapsed() < ROUND {
        match work {
            Work::Select => {
                client.query_one(&select, &[&own]).await?;
            }
            Work::Insert => {
                let id: i64 = (rand::random::<u64>() >> 1) as i64;
                client.execute(&insert, &[&id, &"value"]).await?;
            }
            Work::Ten => {
                client.batch_execute("BEGIN").await?;
                for _ in 0..5 {
                    client.query_one(&select, &[&own]).await?;
                    client.execute(&update, &[&own, &"other"]).await?;
                }
                client.batch_execute("COMMIT").await?;
            }
        }
        done += 1;
    }
    Ok(done)
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
