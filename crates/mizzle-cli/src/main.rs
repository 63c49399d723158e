//! The `mizzle` command.

mod failure;
mod lint;
mod local;
mod migrate;
mod principal;
mod psql;
mod size;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Tools for Amazon Aurora DSQL.
#[derive(Debug, Parser)]
#[command(name = "mizzle", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Lint(lint::Options),
    Local(local::Options),
    Migrate(migrate::Options),
    Token(token::Options),
    Psql(psql::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Lint(options) => return lint::run(&options),
        Command::Local(options) => local::run(options).await,
        Command::Migrate(options) => migrate::run(options).await,
        Command::Token(options) => token::run(options).await,
        Command::Psql(options) => psql::run(options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprint!("{failure}");
            failure.exit_code().into()
        }
    }
}

/// Shows what goes on inside; `RUST_LOG` says it more exactly.
fn trace(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let level = match verbose {
        0 => "warn",
        1 => "mizzle_local=info",
        _ => "mizzle_local=debug",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

impl From<mizzle_local::Error> for Failure {
    fn from(error: mizzle_local::Error) -> Failure {
        let hint = error.hint().map(str::to_owned);
        let is_usage = error.is_bad_setting();
        let failure = Failure::new(error, hint);
        if is_usage { failure.usage() } else { failure }
    }
}
