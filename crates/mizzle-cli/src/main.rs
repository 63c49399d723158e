//! The `mizzle` command.

mod application;
mod check;
mod compare;
mod completions;
mod diagram;
mod export;
mod failure;
mod generate;
mod init;
mod lint;
mod local;
mod migrate;
mod migrations;
mod plan;
mod principal;
mod progress;
mod psql;
mod pull;
mod push;
mod repair;
mod size;
mod source;
mod status;
mod token;
mod undo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Tools for Amazon Aurora DSQL.
///
/// The cluster is the one that CLUSTER_ENDPOINT names, the credentials are found as AWS's own tools find them; the env file
/// of `mizzle local` sets everything for a cluster on this machine.
#[derive(Debug, Parser)]
#[command(name = "mizzle", version, propagate_version = true)]
#[command(after_help = "\
Exit codes: 0 done, 1 something was found or a migration is wrong, 2 wrong usage, 3 an obstacle on the way.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Options),
    // SQL and migrations: what writes them stands before what applies them.
    Generate(generate::Options),
    Lint(lint::Options),
    Check(check::Options),
    Undo(undo::Options),
    Migrate(migrate::Options),
    Status(status::Options),
    Repair(repair::Options),
    // A database beside the structs.
    Plan(plan::Options),
    Push(push::Options),
    Pull(pull::Options),
    Export(export::Options),
    Diagram(diagram::Options),
    // A cluster.
    Local(local::Options),
    Token(token::Options),
    Psql(psql::Options),
    // The command itself.
    Completions(completions::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Lint(options) => return lint::run(&options),
        Command::Init(options) => init::run(&options),
        Command::Generate(options) => generate::run(options).await,
        Command::Plan(options) => plan::run(options).await,
        Command::Push(options) => push::run(options).await,
        Command::Pull(options) => pull::run(options).await,
        Command::Export(options) => export::run(options).await,
        Command::Diagram(options) => diagram::run(options).await,
        Command::Check(options) => check::run(options).await,
        Command::Undo(options) => undo::run(options).await,
        Command::Migrate(options) => migrate::run(options).await,
        Command::Status(options) => status::run(options).await,
        Command::Repair(options) => repair::run(options).await,
        Command::Local(options) => local::run(options).await,
        Command::Token(options) => token::run(options).await,
        Command::Psql(options) => psql::run(options).await,
        Command::Completions(options) => completions::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // It means the same in every command; behind `--` stands what is another program's.
            let json = std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json");
            failure.print(json);
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
