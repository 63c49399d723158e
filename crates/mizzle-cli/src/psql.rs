//! `mizzle psql`: PostgreSQL's own client, connected to the cluster that the environment names.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use mizzle_connect::Config;

use crate::failure::Failure;

/// Where distributions put psql when it is not on PATH.
const USUAL: &[&str] =
    &["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt/libpq", "/usr/local/opt/libpq"];

/// Open psql on the cluster that CLUSTER_ENDPOINT names.
///
/// The password is a fresh token, made as `mizzle token` makes it; TLS is verified. What PGHOSTADDR, PGPORT and
/// PGSSLROOTCERT say is kept, so the env file of `mizzle local` works as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle psql                          a session as admin
  mizzle psql -- -c 'select 1'         everything behind -- is psql's
  mizzle psql --user app -- -f file.sql

With a local cluster:
  mizzle local --env-file dsql.env
  (set -a; . ./dsql.env; mizzle psql)")]
pub(crate) struct Options {
    /// Database role; CLUSTER_USER or admin by default
    #[arg(short, long, value_name = "U")]
    user: Option<String>,

    /// The psql to run, instead of the one on PATH or in the usual places
    #[arg(long, value_name = "FILE", env = "MIZZLE_PSQL")]
    program: Option<PathBuf>,

    /// Arguments for psql
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let mut config = Config::from_env()?;
    if let Some(user) = options.user {
        config = config.user(user);
    }
    let program = options.program.unwrap_or_else(find);
    let mut command = Command::new(&program);
    command
        .env("PGHOST", config.endpoint())
        .env("PGUSER", config.user_name())
        .env("PGDATABASE", "postgres")
        .env("PGPASSWORD", config.token().await?)
        .env("PGSSLMODE", "verify-full");
    if std::env::var_os("PGSSLROOTCERT").is_none() {
        command.env("PGSSLROOTCERT", "system");
    }
    // psql takes our place: the terminal, its signals and the exit status are its own.
    let error = command.args(options.arguments).exec();
    let hint = "install it (apt install postgresql-client), or name it with --program";
    Err(Failure::new(format!("cannot run {}: {error}", program.display()), Some(hint.to_owned())))
}

/// `psql`, from a usual place when PATH has none.
fn find() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("psql"));
    let usual = USUAL.iter().flat_map(|folder| {
        let versions = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin/psql")).collect();
        found.push(PathBuf::from(folder).join("bin/psql"));
        found.sort();
        found.into_iter().rev()
    });
    on_path.chain(usual).find(|file| file.is_file()).unwrap_or_else(|| PathBuf::from("psql"))
}
