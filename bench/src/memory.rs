//! What the local DSQL keeps in memory: a process of its own, looked at from outside.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use mizzle::connect::Config;
use mizzle_local::LocalDsql;
use tokio_postgres::Client;

/// How many sessions are open in the end.
const SESSIONS: usize = 100;

/// Resident bytes of the process that serves; PostgreSQL's processes are not in it.
pub(crate) struct Memory {
    empty: u64,
    full: u64,
}

/// Serves a cluster until standard input ends, for a parent that looks at this process.
pub(crate) async fn serve() -> Result<()> {
    let local = LocalDsql::start().await?;
    for (name, value) in local.environment() {
        println!("{name}={value}");
    }
    println!();
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    local.stop().await?;
    Ok(())
}

/// Opens sessions one after the other; each prepares, reads, writes and commits before the next comes.
pub(crate) async fn measure() -> Result<Memory> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("a second process of this benchmark")?;
    let measured = sessions(&mut child).await;
    drop(child.stdin.take());
    child.wait()?;
    measured
}

async fn sessions(child: &mut Child) -> Result<Memory> {
    let output = BufReader::new(child.stdout.take().context("the output is a pipe")?);
    let mut variables = Vec::new();
    for line in output.lines() {
        match line?.split_once('=') {
            Some((name, value)) => variables.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let config = Config::from_vars(|name| {
        variables.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    })?;
    config.connect().await?.batch_execute("CREATE TABLE t (id bigint PRIMARY KEY, v text)").await?;
    let empty = resident(child.id())?;
    let mut open = Vec::new();
    for at in 0..SESSIONS {
        let client = config.connect().await?;
        work(&client, at as i64).await?;
        open.push(client);
    }
    Ok(Memory { empty, full: resident(child.id())? })
}

async fn work(client: &Client, at: i64) -> Result<()> {
    let insert = client.prepare("INSERT INTO t VALUES ($1, $2)").await?;
    let select = client.prepare("SELECT v FROM t WHERE id = $1").await?;
    client.execute(&insert, &[&at, &"value"]).await?;
    client.query_one(&select, &[&at]).await?;
    client.batch_execute("BEGIN").await?;
    client.execute("UPDATE t SET v = $2 WHERE id = $1", &[&at, &"other"]).await?;
    client.batch_execute("COMMIT").await?;
    Ok(())
}

/// Resident bytes of a process, as Linux counts them.
fn resident(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes << 10)
}

impl Memory {
    pub(crate) fn to_json(&self) -> String {
        format!("{{\"sessions_0\": {}, \"sessions_{SESSIONS}\": {}}}", self.empty, self.full)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        write!(
            f,
            "memory {:.1} MB with no session, {:.1} MB with {SESSIONS}",
            megabytes(self.empty),
            megabytes(self.full)
        )
    }
}
