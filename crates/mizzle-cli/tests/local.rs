//! `mizzle local` as a process: its env file, its errors, and its end, however that comes.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A `mizzle local` that runs, and what it told through its env file.
struct Running {
    child: Child,
    env_file: PathBuf,
    environment: HashMap<String, String>,
    server: PathBuf,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Running {
        let folder = tempfile::tempdir().expect("a folder");
        let env_file = folder.path().join("local.env");
        let mut child =
            mizzle(&["local", "--port", "0", "--env-file", env_file.to_str().expect("a plain path")])
                .stdout(Stdio::piped())
                .spawn()
                .expect("mizzle runs");
        // The banner comes last: everything is ready then.
        let mut banner = String::new();
        let output = child.stdout.take().expect("the output is a pipe");
        std::io::BufReader::new(output).read_line(&mut banner).expect("a banner");
        assert!(banner.starts_with("Aurora DSQL on this machine"), "{banner:?} {:?}", child.try_wait());
        let text = std::fs::read_to_string(&env_file).expect("an env file");
        let environment: HashMap<String, String> = text
            .lines()
            .map(|line| line.split_once('=').expect("KEY=VALUE"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let pid_file = run_folder(&environment).join("data/postmaster.pid");
        let pid = std::fs::read_to_string(pid_file).expect("a pid file");
        let server = PathBuf::from(pid.lines().next().expect("a pid"));
        Running { child, env_file, environment, server, _folder: folder }
    }

    fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    fn server_is_alive(&self) -> bool {
        let pid = self.server.display().to_string();
        let asked = Command::new("kill").args(["-0", &pid]).stderr(Stdio::null()).status();
        asked.expect("kill runs").success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mizzle(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mizzle"));
    command.args(arguments).env_remove("MIZZLE_PG_BIN");
    command
}

fn run_folder(environment: &HashMap<String, String>) -> PathBuf {
    Path::new(&environment["PGSSLROOTCERT"]).parent().expect("a folder").to_owned()
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "in a minute: {what}");
        std::thread::yield_now();
    }
}

fn fails(arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = mizzle(arguments).output().expect("mizzle runs");
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).expect("text")
}

#[test]
fn the_env_file_lets_psql_in() {
    let running = Running::start();
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&running.env_file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    for name in
        ["CLUSTER_ENDPOINT", "CLUSTER_USER", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    {
        assert!(!running.environment[name].is_empty(), "{name}");
    }
    // read by a shell, and as plain lines
    let sourced = format!(
        "set -a; . '{}'; exec psql --no-psqlrc -Atc 'select current_user'",
        running.env_file.display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &sourced]);
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "-Atc", "select current_user"]).envs(&running.environment);
    for mut client in [shell, psql] {
        let output = client.output().expect("psql runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "admin\n");
    }
}

#[test]
fn signals_stop_it_cleanly() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let mut running = Running::start();
        running.signal(signal);
        assert!(running.child.wait().expect("it ends").success(), "{signal}");
        assert!(!running.env_file.exists() && !run_folder(&running.environment).exists(), "{signal}");
        assert!(!running.server_is_alive(), "{signal}");
    }
}

#[test]
fn being_killed_leaves_no_process_and_no_data() {
    let mut running = Running::start();
    assert!(running.server_is_alive());
    running.child.kill().expect("killed");
    running.child.wait().expect("it ends");
    wait_until("PostgreSQL is gone", || !running.server_is_alive());
    wait_until("its data is gone", || !run_folder(&running.environment).exists());
}

#[test]
fn being_killed_while_starting_leaves_nothing_either() {
    // What appears in the run folder as the start goes on; the first is the folder itself.
    for stage in [
        "",
        "data/PG_VERSION",
        "data/mizzle.complete",
        "postgres.log",
        "data/postmaster.pid",
        ".s.PGSQL.5432",
    ] {
        let temporary = tempfile::tempdir_in("/tmp").expect("a folder");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(temporary.path(), open).expect("a folder for everybody");
        let runs = || -> Vec<PathBuf> {
            let entries = std::fs::read_dir(temporary.path()).expect("a folder");
            entries.flatten().map(|entry| entry.path()).collect()
        };
        let mut child = mizzle(&["local", "--port", "0"])
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("mizzle runs");
        wait_until(stage, || runs().iter().any(|run| run.join(stage).exists()));
        child.kill().expect("killed");
        child.wait().expect("it ends");
        // The supervisor removes the folder once PostgreSQL has ended, and not before.
        wait_until(&format!("nothing is left after {stage:?}"), || runs().is_empty());
    }
}

#[test]
fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let said = fails(&["local", "--port", &port]);
    assert!(said.starts_with(&format!("error: port {port} on 127.0.0.1 is already in use")), "{said}");
    assert!(said.contains("\nhint: choose another port"), "{said}");
}

#[test]
fn errors_come_with_hints() {
    let said = fails(&["local", "--port", "0", "--pg-bin", "/nonexistent"]);
    assert!(said.starts_with("error: no PostgreSQL 15 or newer in /nonexistent"), "{said}");
    assert!(said.contains("\nhint: install it (apt install postgresql"), "{said}");
    let said = fails(&["local", "--port", "0", "--endpoint", "localhost"]);
    assert!(said.starts_with("error: \"localhost\" is not a cluster endpoint\nhint: "), "{said}");
}
