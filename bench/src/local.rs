//! The local DSQL beside the PostgreSQL behind it: what the protocol, the rules and the conflicts cost.

use std::time::{Duration, Instant};

use anyhow::Result;
use mizzle_local::LocalDsql;
use tokio_postgres::{Client, NoTls};

/// How long each pair of rounds lasts, and how many there are.
const ROUND: Duration = Duration::from_millis(300);
const ROUNDS: usize = 7;

/// A kind of work, with the statements it prepares.
#[derive(Clone, Copy)]
enum Work {
    Select,
    Insert,
    /// Ten statements in a transaction: five reads, five writes.
    Ten,
}

/// Measures, and prints a line for each kind of work: operations a second, and what part of PostgreSQL's they are.
pub(crate) async fn run() -> Result<()> {
    let started = Instant::now();
    let local = LocalDsql::start().await?;
    let ready = started.elapsed();
    let config = crate::config(&local)?;
    config.connect().await?.batch_execute("CREATE TABLE t (id bigint PRIMARY KEY, v text)").await?;
    // the same table twice: one of the user's, and one that only PostgreSQL knows of
    direct(&local)
        .await?
        .batch_execute("CREATE SCHEMA direct; CREATE TABLE direct.t (id bigint PRIMARY KEY, v text)")
        .await?;
    println!(
        "{:<42} {:>10} {:>10} {:>7}",
        "median operations a second, in turns", "postgres", "local", "ratio"
    );
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
        for (name, work) in
            [("select by key", Work::Select), ("insert", Work::Insert), ("transaction of ten", Work::Ten)]
        {
            let (mut theirs, mut ours) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                theirs.push(rate(&behind, work).await?);
                ours.push(rate(&in_front, work).await?);
            }
            let (theirs, ours) = (median(theirs), median(ours));
            let name = format!("{name}, {clients} client{}", if clients == 1 { "" } else { "s" });
            println!("{name:<42} {theirs:>10.0} {ours:>10.0} {:>7.2}", ours / theirs);
        }
    }
    println!(
        "ready after {:.2} s; memory of this process, server and benchmark: {} MB",
        ready.as_secs_f64(),
        memory() >> 20
    );
    local.stop().await?;
    Ok(())
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

/// Resident memory in bytes, where the system tells it.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or_default() * 4096
}
