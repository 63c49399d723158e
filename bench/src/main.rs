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
mod typed;

use std::time::Duration;

use mizzle::connect::Config;
use mizzle_local::LocalDsql;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let before = arguments.len();
    arguments.retain(|argument| argument != "--json");
    let json = arguments.len() < before;
    let reports = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => vec![typed::run().await?, bulk::run().await?, local::run().await?, plan::run()?],
        ["typed"] => vec![typed::run().await?],
        ["bulk"] => vec![bulk::run().await?],
        ["local"] => vec![local::run().await?],
        ["plan"] => vec![plan::run()?],
        ["serve"] => return memory::serve().await,
        _ => {
            anyhow::bail!("no benchmark is called {}: typed, bulk, local, plan; --json", arguments.join(" "))
        }
    };
    match (json, &reports[..]) {
        (true, [report]) => println!("{}", report.to_json()),
        (true, _) => {
            let members: Vec<String> =
                reports.iter().map(|report| format!("\"{}\": {}", report.name, report.to_json())).collect();
            println!("{{{}}}", members.join(",\n"));
        }
        (false, _) => {
            let tables: Vec<String> = reports.iter().map(report::Report::to_table).collect();
            print!("{}", tables.join("\n"));
        }
    }
    Ok(())
}

/// How a client connects to this server as `admin`.
fn config(local: &LocalDsql) -> Result<Config, mizzle::connect::Error> {
    Config::from_vars(|name| local.variable(name))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
