//! What the commands on migrations share: the folder, the cluster, and how an answer is printed.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use mizzle_connect::Config;
use mizzle_kit::Folder;
use mizzle_kit::plan::HazardKind;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Where the migrations are.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Folder of the migrations
    #[arg(long, value_name = "D", default_value = "migrations", env = "MIZZLE_MIGRATIONS")]
    pub(crate) dir: PathBuf,

    /// Print one JSON document instead of lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the database is that they are for.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Schema of the tracking table, and of every name in a migration that names no schema
    #[arg(long, value_name = "S", default_value = "public", env = "MIZZLE_SCHEMA")]
    schema: String,
}

impl Place {
    pub(crate) fn folder(&self) -> Result<Folder, Failure> {
        // A folder that is not there was named wrongly.
        let usage = |failure: Failure| if self.dir.exists() { failure } else { failure.usage() };
        Folder::read(&self.dir).map_err(|error| usage(error.into()))
    }
}

impl Target {
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    pub(crate) fn options(&self) -> mizzle_kit::Options {
        mizzle_kit::Options::new(&self.schema)
    }

    pub(crate) async fn connect(&self) -> Result<tokio_postgres::Client, Failure> {
        let schema = format!("\"{}\"", self.schema.replace('"', "\"\""));
        Ok(Config::from_env()?.search_path(schema).connect().await?)
    }
}

/// Reads the name of a hazard.
pub(crate) fn hazard(name: &str) -> Result<HazardKind, String> {
    HazardKind::of(name).ok_or_else(|| {
        let names: Vec<String> = HazardKind::ALL.iter().map(ToString::to_string).collect();
        format!("there is no such hazard; there are {}", names.join(", "))
    })
}

/// `1 step`, `2 steps`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Prints a line; nobody has to read it.
pub(crate) fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Whether somebody looks on as things happen.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}

/// An error as data: what, where, and the cure.
pub(crate) fn error(error: &mizzle_kit::Error) -> Value {
    json!({
        "message": error.to_string(),
        "hint": error.hint(),
        "file": error.file().map(|file| file.display().to_string()),
        "line": error.line(),
        "sql_state": error.sql_state(),
        "undecided": error.is_undecided(),
        "outcome_unknown": error.is_outcome_unknown(),
    })
}
