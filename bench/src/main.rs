//! Benchmarks beside peers, in turns in one run: the ratio counts, the machine's noise hits both.

mod bulk;
mod local;
mod network;
mod typed;

use std::time::Duration;

use mizzle::connect::Config;
use mizzle_local::LocalDsql;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => {
            typed::run().await?;
            println!();
            bulk::run().await?;
            println!();
            local::run().await
        }
        Some("typed") => typed::run().await,
        Some("bulk") => bulk::run().await,
        Some("local") => local::run().await,
        Some(other) => anyhow::bail!("no benchmark is called {other}: typed, bulk, local"),
    }
}

/// How a client connects to this server as `admin`.
fn config(local: &LocalDsql) -> Result<Config, mizzle::connect::Error> {
    Config::from_vars(|name| local.variable(name))
}

fn head(theirs: &str, ours: &str) {
    println!("{:<42} {theirs:>10} {ours:>10} {:>7}", "median, in turns", "ratio");
}

fn line(name: &str, theirs: Duration, ours: Duration) {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!("{name:<42} {:>8.2}ms {:>8.2}ms {ratio:>7.2}", milliseconds(theirs), milliseconds(ours));
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
