//! Benchmarks beside peers, in turns in one run: the ratio counts, the machine's noise hits both.

mod bulk;
mod case;
mod local;
mod memory;
mod network;
mod peer;
mod plan;
mod race;
mod report;
#[cfg(feature = "retry")]
mod retry;
mod typed;

use std::time::Duration;

use mizzle::connect::Config;
use mizzle_local::LocalDsql;

/// In the order in which they run when none is named.
const BENCHMARKS: [&str; 5] = ["typed", "bulk", "local", "plan", "retry"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let before = arguments.len();
    arguments.retain(|argument| argument != "--json");
    let json = arguments.len() < before;
    let names = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => BENCHMARKS.to_vec(),
        ["serve"] => return memory::serve().await,
        [name] if BENCHMARKS.contains(&name) => vec![name],
        _ => {
            anyhow::bail!("no benchmark is called {}: {}; --json", arguments.join(" "), BENCHMARKS.join(", "))
        }
    };
    let mut printed = Vec::new();
    for name in names {
        printed.push(run(name, json).await?);
    }
    match (json, &printed[..]) {
        (true, [(_, json)]) => println!("{json}"),
        (true, _) => {
            let members = printed.iter().map(|(name, json)| format!("\"{name}\": {json}"));
            println!("{{{}}}", members.collect::<Vec<_>>().join(",\n"));
        }
        (false, _) => {
            let tables = printed.into_iter().map(|(_, table)| table);
            print!("{}", tables.collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(())
}

/// One benchmark's name, and what it found as a table or as JSON.
async fn run(name: &str, json: bool) -> anyhow::Result<(&'static str, String)> {
    let report = match name {
        "typed" => typed::run().await?,
        "bulk" => bulk::run().await?,
        "local" => local::run().await?,
        "retry" => return Ok(("retry", contention(json).await?)),
        _ => plan::run()?,
    };
    Ok((report.name, if json { report.to_json() } else { report.to_table() }))
}

#[cfg(feature = "retry")]
async fn contention(json: bool) -> anyhow::Result<String> {
    let found = retry::run().await?;
    Ok(if json { found.to_json() } else { found.to_table() })
}

#[cfg(not(feature = "retry"))]
async fn contention(_json: bool) -> anyhow::Result<String> {
    anyhow::bail!("`retry` is built with the feature of its name, as `cargo xtask bench retry` does")
}

/// How a client connects to this server as `admin`.
fn config(local: &LocalDsql) -> Result<Config, mizzle::connect::Error> {
    Config::from_vars(|name| local.variable(name))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
