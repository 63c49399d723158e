//! `vetclinic`: a veterinary clinic on Aurora DSQL, on a cluster or on this machine.

mod cluster;
mod command;
mod failure;
mod sample;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::cluster::Cluster;

/// A veterinary clinic on Amazon Aurora DSQL.
///
/// With CLUSTER_ENDPOINT set, the clinic is on that cluster, as CLUSTER_USER (`admin` if unset). Without it, an Aurora DSQL is
/// started on this machine for the time of the command.
#[derive(Debug, Parser)]
#[command(name = "vetclinic", version)]
struct Arguments {
    /// The schema of the clinic's tables [default: public for admin, myschema for any other user]
    #[arg(long, env = "VETCLINIC_SCHEMA", global = true)]
    schema: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill the clinic, query it and clean up again (the default)
    Sample,
    /// Bring the clinic's tables up to date
    Migrate,
    /// Drop the clinic's tables, with everything in them
    Clean,
    /// Owners
    #[command(subcommand)]
    Owner(command::Owner),
    /// Pets
    #[command(subcommand)]
    Pet(command::Pet),
    /// Veterinarians
    #[command(subcommand)]
    Vet(command::Vet),
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            failure::print(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let cluster = Cluster::open(arguments.schema).await?;
    let command = arguments.command.unwrap_or(Command::Sample);
    let done = tokio::select! {
        done = execute(&cluster, command) => done,
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    cluster.close().await;
    done
}

async fn execute(cluster: &Cluster, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Sample => {
            println!("Starting Mizzle DSQL Example...");
            println!("Running migrations...");
            cluster.migrate(|line| println!("{line}")).await?;
            sample::run(&cluster.db).await?;
            println!("Example completed successfully!");
            Ok(())
        }
        Command::Migrate => cluster.migrate(|line| println!("{line}")).await,
        Command::Clean => cluster.clean().await,
        Command::Owner(command) => command.run(cluster).await,
        Command::Pet(command) => command.run(cluster).await,
        Command::Vet(command) => command.run(cluster).await,
    }
}
