//! One running PostgreSQL: private, behind a unix socket, and gone when its owner is gone.
//!
//! ```text
//! owner ──pipe──▶ /bin/sh supervise.sh ──▶ postgres ──▶ backends
//! ```
//!
//! The owner only holds the pipe. When it stops, drops, crashes or is killed, the pipe ends; the supervisor then
//! stops PostgreSQL and removes the run folder. A signal on parent death would be tied to the thread that
//! spawned the child, which for us may be any worker of the runtime; a pipe is tied to the process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::backend::{Backend, ConnectError};
use super::template::Template;
use super::{Account, Binaries, Cache, Folder, OWNER};
use crate::Error;

/// What PostgreSQL says when processes of an earlier one have its memory.
const LEFTOVER: &str = "pre-existing shared memory block";

const SUPERVISOR: &str = include_str!("supervise.sh");

/// How long PostgreSQL may take to answer; recovery after a crash is the slow case.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a start is tried again that finds what is left of a PostgreSQL that was killed.
const ATTEMPTS: usize = 100;

/// How often a starting server is asked whether it is ready.
const POLL: Duration = Duration::from_millis(4);

/// How one server is run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where the data stays; none for data that goes with the server.
    pub(crate) folder: Option<Folder>,
    /// What its own functions must know.
    pub(crate) own: Vec<(&'static str, String)>,
}

/// A server that accepts connections.
#[derive(Debug)]
pub(crate) struct Server {
    run: PathBuf,
    supervisor: Child,
    /// Given back when the supervisor has ended.
    kept: Option<Folder>,
}

impl Server {
    /// Starts PostgreSQL and waits until it answers; the connection that proved it is handed over.
    ///
    /// # Errors
    /// When it does not come up: the end of its log is in the message.
    pub(crate) async fn start(
        binaries: &Binaries,
        cache: &Cache,
        settings: Settings,
    ) -> Result<(Server, Backend), Error> {
        // The first time takes a second of waiting for other programs.
        let template = match &settings.folder {
            Some(folder) if folder.is_complete() => None,
            _ => {
                let (waiting, programs) = (cache.clone(), binaries.clone());
                let made = tokio::task::spawn_blocking(move || waiting.template(&programs)).await;
                Some(made.map_err(|error| {
                    Error::new("the making of the template was cut off").with_source(error)
                })??)
            }
        };
        let mut attempts = 0;
        let (mut server, control) = loop {
            attempts += 1;
            let mut server = Server::spawn(cache.account(), binaries, template.as_ref(), &settings)?;
            match server.ready().await {
                Ok(control) => break (server, control),
                // Its backends end a moment after a PostgreSQL that was killed.
                Err(error) if attempts < ATTEMPTS && error.to_string().contains(LEFTOVER) => {
                    server.stop().await?;
                    tokio::time::sleep(POLL * 10).await;
                }
                Err(error) => return Err(error),
            }
        };
        server.kept = settings.folder;
        Ok((server, control))
    }

    fn spawn(
        account: Account,
        binaries: &Binaries,
        template: Option<&Template>,
        settings: &Settings,
    ) -> Result<Server, Error> {
        let run = run_folder(account)?;
        let data = settings.folder.as_ref().map_or_else(|| run.join("data"), Folder::data);
        let signal = if settings.folder.is_some() { "INT" } else { "QUIT" };
        let lock = settings.folder.as_ref().map(Folder::to_stdio).transpose()?;
        let mut command = account.command("/bin/sh");
        command
            .args(["-c", SUPERVISOR, "mizzle-local"])
            .arg(&run)
            .arg(signal)
            .arg(&data)
            .arg(template.map_or(Path::new(""), Template::path))
            .arg(binaries.program("postgres"))
            .args(arguments(binaries, &run, &data, settings))
            .stdin(Stdio::piped())
            .stdout(lock.unwrap_or_else(Stdio::null))
            .stderr(Stdio::null());
        // A group of its own: Ctrl-C in the terminal is for the owner, who then closes the pipe.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let supervisor = Command::from(command)
            .spawn()
            .map_err(|error| Error::file("run", Path::new("/bin/sh"), error))?;
        Ok(Server { run, supervisor, kept: None })
    }

    /// The folder that lives as long as the server.
    pub(crate) fn folder(&self) -> &Path {
        &self.run
    }

    /// The socket of the server.
    pub(crate) fn socket(&self) -> PathBuf {
        self.run.join(".s.PGSQL.5432")
    }

    /// Stops PostgreSQL and waits until its processes and its run folder are gone.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        drop(self.supervisor.stdin.take());
        self.supervisor
            .wait()
            .await
            .map(drop)
            .map_err(|error| Error::new("cannot wait for PostgreSQL to stop").with_source(error))
    }

    async fn ready(&mut self) -> Result<Backend, Error> {
        let deadline = Instant::now() + PATIENCE;
        // Names of types come out with their schema.
        let settings = [("search_path".to_owned(), "pg_catalog".to_owned())];
        loop {
            match Backend::connect(&self.socket(), OWNER, &settings).await {
                Ok(backend) => return Ok(backend),
                Err(ConnectError::Server(fields)) if fields.state() != "57P03" => {
                    return Err(Error::new(format!("PostgreSQL refuses us: {}", fields.message())));
                }
                Err(_) => {}
            }
            let gone = self.supervisor.try_wait().is_ok_and(|status| status.is_some());
            if gone || self.run.join("stopped").exists() {
                return Err(self.failure("PostgreSQL stopped while starting"));
            }
            if Instant::now() > deadline {
                return Err(self.failure("PostgreSQL does not answer"));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn failure(&self, what: &str) -> Error {
        let log = std::fs::read_to_string(self.run.join("postgres.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        if let Some((_, rest)) = log.split_once("Is another postmaster (PID ") {
            let process: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return Error::new(format!(
                "a PostgreSQL that nobody looks after still has the data folder: process {process}"
            ))
            .with_hint(format!("end it: kill -INT {process}"));
        }
        let tail = lines[lines.len().saturating_sub(8)..].join("\n  ");
        Error::new(format!("{what}; the end of its log:\n  {tail}"))
    }
}

/// A short path (a socket's is limited to about 100 bytes) that does not exist yet: the supervisor makes it.
fn run_folder(account: Account) -> Result<PathBuf, Error> {
    let temporary = std::env::temp_dir();
    let fits = temporary.as_os_str().len() <= 60 && account.reaches(&temporary);
    let parent = if fits { temporary } else { PathBuf::from("/tmp") };
    let parent = parent.canonicalize().map_err(|error| Error::file("find", &parent, error))?;
    Ok(parent.join(format!("mizzle-{:016x}", rand::random::<u64>())))
}

fn arguments(binaries: &Binaries, run: &Path, data: &Path, settings: &Settings) -> Vec<String> {
    let mut arguments = vec!["-D".to_owned(), data.display().to_string()];
    let mut set = |name: &str, value: &str| arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
    set("listen_addresses", "");
    set("unix_socket_directories", &run.display().to_string());
    set("unix_socket_permissions", "0700");
    set("max_connections", "200");
    set("shared_buffers", "32MB");
    set("dynamic_shared_memory_type", "mmap");
    set("wal_level", "minimal");
    set("max_wal_senders", "0");
    set("min_wal_size", "8MB");
    set("max_wal_size", "256MB");
    set("autovacuum_naptime", "20s");
    set("max_logical_replication_workers", "0");
    set("jit", "off");
    set("max_parallel_workers_per_gather", "0");
    set("timezone", "UTC");
    set("log_timezone", "UTC");
    set("default_transaction_isolation", "repeatable read");
    // Crossed locks are ours to clear; PostgreSQL finds what we do not see.
    set("deadlock_timeout", "30ms");
    // What the capturing trigger keeps for us; it must be there to be read.
    set("mizzle.captured", "");
    for (name, value) in &settings.own {
        set(name, value);
    }
    let major = binaries.version().major;
    if major >= 16 {
        // Whoever makes a role may act as it: `admin` may become any role.
        set("createrole_self_grant", "set, inherit");
    }
    if major >= 18 {
        // Input and output without three more processes.
        set("io_method", "sync");
    }
    if settings.folder.is_none() {
        set("fsync", "off");
        set("synchronous_commit", "off");
        set("full_page_writes", "off");
    }
    arguments
}
