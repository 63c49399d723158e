//! `mizzle local`: Aurora DSQL on this machine until Ctrl-C.

use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use mizzle_local::{Limits, LocalDsql, Principal};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Run Aurora DSQL on this machine until Ctrl-C.
///
/// A real PostgreSQL (15 or newer) runs behind and is found on PATH or in the usual places. Clients come in over TLS
/// with a signed token, as they do on AWS; `--env-file` writes everything they need.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle local --env-file dsql.env                 then: (set -a; . ./dsql.env; psql)
  mizzle local --port 0 --json                     one line of JSON once it is ready, for scripts
  mizzle local --limits rows=10,transaction_age=2s reach the limits in a test
  mizzle local --fault oc000@3                     the third COMMIT loses a conflict
  mizzle local --job-delay 5s                      watch an index being built in sys.jobs
  mizzle local --principal app:AKIAAPP:secret:arn:aws:iam::123456789012:role/app
                                                   then: AWS IAM GRANT role TO 'arn:aws:iam::123456789012:role/app'
  mizzle local -v                                  every statement, as it comes

Limits: rows, transaction_bytes, transaction_age, connection_age, connections, connection_rate, connection_burst,
message, row_bytes, key_bytes, value_bytes, char_bytes, varchar_bytes, columns, key_columns, indexes, statistics,
schemas, tables, views, view_bytes, sequences.")]
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

    /// Limits to lower, as name=size: rows=10, transaction_bytes=1MiB, transaction_age=2s
    #[arg(long, value_name = "K=V,…", value_delimiter = ',')]
    limits: Vec<String>,

    /// One more principal, as name:access-key:secret:arn; may be given again
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Vec<String>,

    /// Let the nth COMMIT or connection fail, as name@nth: oc000, oc001, unavailable, drop-before-commit,
    /// drop-after-commit, refuse; may be given again
    #[arg(long, value_name = "FAULT@N")]
    fault: Vec<String>,

    /// How long a background job takes, half of it submitted, half of it processing
    #[arg(long, value_name = "TIME", default_value = "20ms", value_parser = crate::size::duration)]
    job_delay: Duration,

    /// Print one line of JSON when ready, instead of the banner
    #[arg(long)]
    json: bool,

    /// Show every statement; twice for what goes on inside
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(options.verbose);
    // Listen for the end first: a signal while starting stops us as well.
    let mut end = End::listen()?;

    let mut limits = Limits::default();
    for limit in &options.limits {
        let (name, size) = limit.split_once('=').ok_or_else(|| {
            Failure::new(
                format!("{limit:?} is no limit"),
                Some("write name=size, such as rows=10".to_owned()),
            )
        })?;
        limits.set(name.trim(), size)?;
    }
    let mut builder = LocalDsql::builder()
        .host(options.host)
        .port(options.port)
        .limits(limits)
        .job_delay(options.job_delay);
    for principal in &options.principal {
        builder = builder.principal(read_principal(principal)?);
    }
    for text in &options.fault {
        let (name, nth) = text.split_once('@').unwrap_or((text, "1"));
        let nth = nth
            .parse()
            .map_err(|_| Failure::new(format!("{nth:?} is no number"), Some("such as oc000@3".to_owned())))?;
        builder = builder.fault(nth, name.parse()?);
    }
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
    let path = env_file.as_ref().map(|file| file.0.as_path());
    let ready = if options.json { json(&local, path) } else { banner(&local, path) };
    let _ = writeln!(std::io::stdout(), "{ready}");
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

/// `name:access-key:secret:arn`; the ARN has colons of its own.
fn read_principal(text: &str) -> Result<Principal, Failure> {
    let parts: Vec<&str> = text.splitn(4, ':').collect();
    match parts[..] {
        [name, key, secret, arn] if arn.starts_with("arn:") && !name.is_empty() && !key.is_empty() => {
            Ok(Principal::new(name, key, secret, arn))
        }
        _ => Err(Failure::new(
            "a principal is name:access-key:secret:arn",
            Some("such as app:AKIAAPP:secret:arn:aws:iam::123456789012:role/app".to_owned()),
        )),
    }
}

/// One line with everything a script needs.
fn json(local: &LocalDsql, env_file: Option<&Path>) -> String {
    let mut fields = vec![
        ("endpoint", local.endpoint().to_owned()),
        ("address", local.address().ip().to_string()),
        ("region", local.region().to_owned()),
        ("ca_file", local.ca_file().display().to_string()),
        ("principal", local.principal_arn().to_owned()),
        ("access_key_id", local.access_key_id().to_owned()),
        ("secret_access_key", local.secret_access_key().to_owned()),
    ];
    fields.extend(env_file.map(|file| ("env_file", file.display().to_string())));
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("\"{name}\":{}", json_text(value))).collect();
    format!("{{\"port\":{},{}}}", local.address().port(), fields.join(","))
}

fn json_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

fn banner(local: &LocalDsql, env_file: Option<&Path>) -> String {
    let (load, quoted) = match env_file {
        Some(file) => (format!("set -a; . {}; set +a", shell_word(file)), String::new()),
        None => {
            let variables: Vec<String> =
                local.environment().into_iter().map(|(name, value)| format!("{name}='{value}'")).collect();
            (format!("export {}", variables.join(" ")), " (or start with --env-file FILE)".to_owned())
        }
    };
    format!(
        "Aurora DSQL on this machine (a development tool, not for production)\n\n\
         \x20 endpoint  {}\n\
         \x20 address   {}\n\
         \x20 CA        {}\n\
         \x20 principal {}\n\n\
         Once in a shell{quoted}:\n\n\
         \x20 {load}\n\n\
         Then:\n\n\
         \x20 psql      psql          (or: mizzle psql)\n\
         \x20 Rust      let client = mizzle_connect::Config::from_env()?.connect().await?;\n\
         \x20 Node      const client = new pg.Client({{ host: process.env.PGHOSTADDR, ssl: {{\n\
         \x20             ca: fs.readFileSync(process.env.PGSSLROOTCERT), servername: process.env.PGHOST }} }})\n\
         \x20 Python    connection = psycopg.connect()\n\n\
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
