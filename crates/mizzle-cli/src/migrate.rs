//! `mizzle migrate`: applies a folder of migrations to the cluster that the environment names.

use std::path::PathBuf;

use clap::Args;
use mizzle_connect::Config;
use mizzle_kit::Folder;

use crate::failure::Failure;

/// Apply pending migrations to the cluster that CLUSTER_ENDPOINT names.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Folder of the migrations
    #[arg(long, value_name = "D", default_value = "migrations")]
    dir: PathBuf,

    /// Schema of the tracking table, and of every name in a migration that names no schema
    #[arg(long, value_name = "S", default_value = "public")]
    schema: String,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let folder = Folder::read(&options.dir)?;
    let client = Config::from_env()?.search_path(quoted(&options.schema)).connect().await?;
    let settings = mizzle_kit::Options::new(options.schema);
    let applied = mizzle_kit::apply(&client, &folder, &settings, |event| println!("{event}")).await;
    match applied {
        Ok(report) => {
            println!("{report}");
            Ok(())
        }
        Err(error) => {
            if !error.report().is_empty() {
                println!("{}", error.report());
            }
            Err(error.into())
        }
    }
}

fn quoted(schema: &str) -> String {
    format!("\"{}\"", schema.replace('"', "\"\""))
}

impl From<mizzle_connect::Error> for Failure {
    fn from(error: mizzle_connect::Error) -> Failure {
        let hint = error.hint().map(str::to_owned);
        // A server's refusal is quoted in the error's own text; its sources would say it again.
        if error.sql_state().is_some() {
            Failure::new(error.to_string(), hint)
        } else {
            Failure::new(error, hint)
        }
    }
}

impl From<mizzle_kit::Error> for Failure {
    fn from(error: mizzle_kit::Error) -> Failure {
        let hint = error.hint().map(str::to_owned);
        if error.sql_state().is_some() {
            Failure::new(error.to_string(), hint)
        } else {
            Failure::new(error, hint)
        }
    }
}
