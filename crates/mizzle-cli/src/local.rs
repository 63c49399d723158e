//! `mizzle local`: Aurora DSQL on this machine until Ctrl-C.

use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use mizzle_local::LocalDsql;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Run Aurora DSQL on this machine until Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Port to listen on; 0 takes any free one
    #[arg(long, value_name = "P", default_value_t = 5432)]
    port: u16,

    /// Address to listen on
    #[arg(long, value_name = "H", default_value = "127.0.0.1")]
    host: IpAddr,

    /// Folder that keeps the cluster; without it the cluster goes when it stops
    #[arg(long, value_name = "D")]
    data_dir: Option<PathBuf>,

    /// Folder of PostgreSQL's programs
    #[arg(long, value_name = "B", env = "MIZZLE_PG_BIN")]
    pg_bin: Option<PathBuf>,

    /// File that gets the variables clients need, as KEY=VALUE lines; it goes when the cluster stops
    #[arg(long, value_name = "F")]
    env_file: Option<PathBuf>,

    /// Endpoint of the cluster; a new one by default
    #[arg(long, value_name = "E")]
    endpoint: Option<String>,

    /// Show what goes on inside; twice for more
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(options.verbose);
    // Listen for the end first: a signal while starting stops us as well.
    let mut end = End::listen()?;

    let mut builder = LocalDsql::builder().host(options.host).port(options.port);
    if let Some(folder) = options.data_dir {
        builder = builder.data_dir(folder);
    }
    if let Some(folder) = options.pg_bin {
        builder = builder.pg_bin(folder);
    }
    if let Some(endpoint) = options.endpoint {
        builder = builder.endpoint(endpoint);
    }
    let local = tokio::select! {
        started = builder.start() => started?,
        () = end.come() => return Ok(()),
    };
    let env_file = options.env_file.map(|path| EnvFile::write(path, &local)).transpose()?;
    // Nobody has to read it.
    let _ = writeln!(std::io::stdout(), "{}", banner(&local, env_file.as_ref().map(|file| file.0.as_path())));
    end.come().await;
    drop(env_file);
    local.stop().await?;
    Ok(())
}

/// Ctrl-C, `kill`, or a terminal that is closed.
struct End([Signal; 3]);

impl End {
    fn listen() -> Result<End, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::new(error, None));
        Ok(End([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    async fn come(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// A file of KEY=VALUE lines that goes when this value does.
struct EnvFile(PathBuf);

impl EnvFile {
    /// Writes beside the file and renames: whoever sees the file sees all of it. Only its owner may read it.
    fn write(path: PathBuf, local: &LocalDsql) -> Result<EnvFile, Failure> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
            for (name, value) in local.environment() {
                writeln!(file, "{name}={value}")?;
            }
            file.persist(&path).map_err(|error| error.error)
        });
        match written {
            Ok(_) => Ok(EnvFile(path)),
            Err(error) => Err(Failure::new(format!("cannot write {}: {error}", path.display()), None)),
        }
    }
}

impl Drop for EnvFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn banner(local: &LocalDsql, env_file: Option<&Path>) -> String {
    let connect = match env_file {
        // The values are not quoted, as most readers of such files want it; a token holds `&`, so no `source`.
        Some(file) => format!("env $(cat {}) psql", shell_word(file)),
        None => {
            let variables: Vec<String> = local
                .environment()
                .into_iter()
                .filter(|(name, _)| name.starts_with("PG"))
                .map(|(name, value)| format!("{name}='{value}'"))
                .collect();
            format!("{} psql", variables.join(" "))
        }
    };
    format!(
        "Aurora DSQL on this machine (a development tool, not for production)\n\n\
         \x20 endpoint  {}\n\
         \x20 address   {}\n\
         \x20 CA        {}\n\
         \x20 principal {}\n\n\
         Connect:\n\n\
         \x20 {connect}\n\n\
         Ctrl-C stops it.",
        local.endpoint(),
        local.address(),
        local.ca_file().display(),
        local.principal_arn(),
    )
}

fn shell_word(file: &Path) -> String {
    format!("'{}'", file.display().to_string().replace('\'', r"'\''"))
}
