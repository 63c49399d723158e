//! `mizzle local`: Aurora DSQL on this machine until Ctrl-C.

use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use mizzle_local::{Builder, ControlAddress, FaultRule, Limits, LocalDsql};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;
use crate::principal;

/// Run Aurora DSQL on this machine until Ctrl-C.
///
/// A real PostgreSQL (15 or newer) runs behind and is found on PATH or in the usual places. Clients come in over TLS
/// with a signed token, as they do on AWS; `--env-file` writes everything they need.
#[derive(Debug, Args)]
#[command(after_help = include_str!("local.txt"))]
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

    /// One more principal, as name:access-key:secret:arn[,session-token=T][,actions=DbConnect+DbConnectAdmin]; may be
    /// given again
    #[arg(long, value_name = "PRINCIPAL")]
    principal: Vec<String>,

    /// Let commits, connections, tokens or statements fail: see below; may be given again
    #[arg(long, value_name = "FAULT")]
    fault: Vec<String>,

    /// What the probabilities of faults follow from; a new one by default
    #[arg(long, value_name = "N")]
    fault_seed: Option<u64>,

    /// Open a control endpoint for tests in other languages: a port of 127.0.0.1 (0 takes any free one), an
    /// address:port, or the path of a Unix socket
    #[arg(long, value_name = "PORT|PATH")]
    control: Option<String>,

    /// Run COPY … FROM STDIN and TO STDOUT, which the service may not have: public sources disagree
    #[arg(long)]
    allow_copy: bool,

    /// Let clients in that do not name the server in their TLS handshake (SNI), as those given an address; the service
    /// refuses them
    #[arg(long)]
    allow_no_sni: bool,

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

    let builder = builder(&options).map_err(Failure::usage)?;
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

/// What the command line asks for.
fn builder(options: &Options) -> Result<Builder, Failure> {
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
        .job_delay(options.job_delay)
        .require_sni(!options.allow_no_sni)
        .copy(options.allow_copy);
    for text in &options.principal {
        builder = builder.principal(principal::read(text)?);
    }
    for text in &options.fault {
        builder = builder.fault(text.parse::<FaultRule>()?);
    }
    if let Some(seed) = options.fault_seed {
        builder = builder.fault_seed(seed);
    }
    if let Some(address) = &options.control {
        builder = builder.control(address.parse::<ControlAddress>()?);
    }
    if let Some(folder) = &options.data_dir {
        builder = builder.data_dir(folder);
    }
    if let Some(folder) = &options.pg_bin {
        builder = builder.pg_bin(folder);
    }
    if let Some(endpoint) = &options.endpoint {
        builder = builder.endpoint(endpoint);
    }
    Ok(builder)
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
            Err(error) => Err(Failure::new(
                format!("cannot write {}: {error}", path.display()),
                Some("name a file in a folder that is there and that you may write to".to_owned()),
            )),
        }
    }
}

impl Drop for EnvFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
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
    fields.extend(local.control().map(|control| ("control", control.to_string())));
    fields.extend(env_file.map(|file| ("env_file", file.display().to_string())));
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("\"{name}\":{}", json_text(value))).collect();
    let (port, seed) = (local.address().port(), local.fault_seed());
    format!("{{\"port\":{port},\"fault_seed\":{seed},{}}}", fields.join(","))
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
    let mut more = String::new();
    if let Some(control) = local.control() {
        more += &format!("\x20 control   {control}\n");
    }
    if !local.faults().is_empty() {
        more += &format!("\x20 faults    by seed {}\n", local.fault_seed());
    }
    format!(
        "Aurora DSQL on this machine (a development tool, not for production)\n\n\
         \x20 endpoint  {}\n\
         \x20 address   {}\n\
         \x20 CA        {}\n\
         \x20 principal {}\n\
         {more}\n\
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
