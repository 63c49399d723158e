//! `mizzle local` as a process: its env file, its errors, and its end, however that comes.

use std::collections::HashMap;
use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A `mizzle local` that runs, and what it told through its env file.
struct Running {
    child: Child,
    env_file: PathBuf,
    environment: HashMap<String, String>,
    /// The first line it said.
    ready: String,
    server: PathBuf,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Running {
        Running::with(&[])
    }

    fn with(more: &[&str]) -> Running {
        let folder = tempfile::tempdir().expect("a folder");
        let env_file = folder.path().join("local.env");
        let mut child =
            mizzle(&["local", "--port", "0", "--env-file", env_file.to_str().expect("a plain path")])
                .args(more)
                .stdout(Stdio::piped())
                .spawn()
                .expect("mizzle runs");
        // The banner comes last: everything is ready then.
        let mut banner = String::new();
        let output = child.stdout.take().expect("the output is a pipe");
        std::io::BufReader::new(output).read_line(&mut banner).expect("a banner");
        let expected = if more.contains(&"--json") { "{\"port\":" } else { "Aurora DSQL on this machine" };
        assert!(banner.starts_with(expected), "{banner:?} {:?}", child.try_wait());
        let text = std::fs::read_to_string(&env_file).expect("an env file");
        let environment: HashMap<String, String> = text
            .lines()
            .map(|line| line.split_once('=').expect("KEY=VALUE"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let pid_file = run_folder(&environment).join("data/postmaster.pid");
        let pid = std::fs::read_to_string(pid_file).expect("a pid file");
        let server = PathBuf::from(pid.lines().next().expect("a pid"));
        Running { child, env_file, environment, ready: banner, server, _folder: folder }
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
    fails_with(3, arguments)
}

fn fails_with(code: i32, arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = mizzle(arguments).output().expect("mizzle runs");
    let said = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(code), "{said}");
    said
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
    let folder = data_folder();
    let file = folder.path().join("file").display().to_string();
    std::fs::write(&file, "").expect("a file");
    let below = format!("{file}/below");
    for (option, value, expect) in [
        ("--data-dir", &file, "is there and is no folder\nhint: name a folder"),
        (
            "--data-dir",
            &below,
            "Not a directory (os error 20)\nhint: name a data folder that you may write to",
        ),
        ("--control", &file, "is there and is no socket\nhint: choose another path"),
        ("--env-file", &below, "hint: name a file in a folder that is there and that you may write to"),
    ] {
        let said = fails(&["local", "--port", "0", option, value]);
        assert!(said.starts_with("error: ") && said.contains(expect), "{option} {value}: {said}");
    }
    let said = fails(&["local", "--port", "0", "--pg-bin", "/nonexistent"]);
    assert!(said.starts_with("error: no PostgreSQL 15 or newer in /nonexistent"), "{said}");
    assert!(said.contains("\nhint: install it (apt install postgresql"), "{said}");
    let said = fails_with(2, &["local", "--port", "0", "--endpoint", "localhost"]);
    assert!(said.starts_with("error: \"localhost\" is not a cluster endpoint\nhint: "), "{said}");
}

/// Runs a command of ours in the environment of a running cluster.
fn ours(running: &Running, arguments: &[&str]) -> (String, String) {
    let output = mizzle(arguments).envs(&running.environment).output().expect("mizzle runs");
    let text = |bytes| String::from_utf8(bytes).expect("text").trim_end().to_owned();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn one_line_of_json_says_where_it_is() {
    let running = Running::with(&["--json"]);
    let line = running.ready.trim_end();
    assert!(
        line.starts_with(&format!("{{\"port\":{},", running.environment["PGPORT"])) && line.ends_with('}'),
        "{line}"
    );
    for (field, variable) in [
        ("endpoint", "PGHOST"),
        ("address", "PGHOSTADDR"),
        ("ca_file", "PGSSLROOTCERT"),
        ("region", "AWS_REGION"),
        ("access_key_id", "AWS_ACCESS_KEY_ID"),
        ("secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ] {
        assert!(
            line.contains(&format!("\"{field}\":\"{}\"", running.environment[variable])),
            "{field} in {line}"
        );
    }
}

#[test]
fn psql_opens_with_a_fresh_token_and_limits_are_lowered() {
    let running = Running::with(&["--limits", "rows=2,transaction_age=10s", "--job-delay", "1ms"]);
    let psql = |sql: &str| ours(&running, &["psql", "--", "--no-psqlrc", "-Atc", sql]);
    assert_eq!(psql("select current_user"), ("admin".to_owned(), String::new()));
    assert_eq!(psql("create table t (id int)").0, "CREATE TABLE");
    assert_eq!(psql("insert into t values (1), (2), (3)").1, "ERROR:  transaction row limit exceeded");
    let (said, _) = ours(&running, &["token", "--user", "app", "--expires-in", "1min"]);
    for part in [
        &running.environment["CLUSTER_ENDPOINT"],
        "/?Action=DbConnect&",
        "X-Amz-Expires=60",
        "X-Amz-Signature=",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn a_principal_of_ones_own_comes_in() {
    let arn = "arn:aws:iam::123456789012:role/app";
    let running = Running::with(&["--principal", &format!("app:AKIAAPP:secret:{arn}")]);
    let psql = |sql: &str| ours(&running, &["psql", "--", "--no-psqlrc", "-Atc", sql]);
    assert_eq!(psql("create role app with login").0, "CREATE ROLE");
    assert_eq!(psql(&format!("aws iam grant app to '{arn}'")), ("AWS IAM GRANT".to_owned(), String::new()));
    let output = mizzle(&["psql", "--user", "app", "--", "--no-psqlrc", "-Atc", "select current_user"])
        .envs(&running.environment)
        .env("AWS_ACCESS_KEY_ID", "AKIAAPP")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output()
        .expect("mizzle runs");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "app\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn temporary_credentials_and_a_policy_are_for_principals_too() {
    let arn = "arn:aws:iam::123456789012:role/app";
    let principal = format!("app:ASIAAPP:secret:{arn},session-token=tok/en+==,actions=DbConnect");
    let running = Running::with(&["--principal", &principal]);
    let psql = |user: &str, token: &str| {
        let output = mizzle(&["psql", "--user", user, "--", "--no-psqlrc", "-Atc", "select current_user"])
            .envs(&running.environment)
            .env("AWS_ACCESS_KEY_ID", "ASIAAPP")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_SESSION_TOKEN", token)
            .output()
            .expect("mizzle runs");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let admin = |sql: &str| ours(&running, &["psql", "--", "--no-psqlrc", "-Atc", sql]).0;
    assert_eq!(admin("create role app with login"), "CREATE ROLE");
    assert_eq!(admin(&format!("aws iam grant app to '{arn}'")), "AWS IAM GRANT");
    assert_eq!(psql("app", "tok/en+=="), "app\n");
    assert!(psql("app", "another").contains("The security token included in the request is invalid."));
    assert!(psql("admin", "tok/en+==").contains("is not authorized to perform: dsql:DbConnectAdmin"));
}

#[test]
fn a_control_endpoint_is_named_and_answers() {
    for address in ["0", "./control.sock"] {
        let folder = tempfile::tempdir().expect("a folder");
        let address = if address == "0" {
            address.to_owned()
        } else {
            folder.path().join(address).display().to_string()
        };
        let running =
            Running::with(&["--json", "--control", &address, "--fault", "oc001@9", "--fault-seed", "5"]);
        let control = &running.environment["MIZZLE_CONTROL"];
        assert!(running.ready.contains(&format!("\"control\":\"{control}\"")), "{}", running.ready);
        assert!(running.ready.contains("\"fault_seed\":5,"), "{}", running.ready);
        let mut heard = String::new();
        let request = b"GET /faults HTTP/1.1\r\nHost: localhost\r\n\r\n";
        match control.strip_prefix("http://") {
            Some(address) => {
                let mut stream = std::net::TcpStream::connect(address).expect("a connection");
                stream
                    .write_all(request)
                    .and_then(|()| stream.read_to_string(&mut heard))
                    .expect("an answer");
            }
            None => {
                let path = control.strip_prefix("unix:").expect("a socket");
                let mut stream = std::os::unix::net::UnixStream::connect(path).expect("a connection");
                stream
                    .write_all(request)
                    .and_then(|()| stream.read_to_string(&mut heard))
                    .expect("an answer");
            }
        }
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && heard.contains("\"oc001@9\""), "{heard}");
    }
}

#[test]
fn what_is_written_wrong_is_explained() {
    for (option, value, expect) in [
        ("--limits", "lines=3", "there is no limit \"lines\"\nhint: the limits are rows, "),
        ("--limits", "rows", "\"rows\" is no limit\nhint: write name=size"),
        ("--fault", "rain@2", "there is no fault \"rain\"\nhint: the faults are oc000, "),
        ("--fault", "oc000@x", "\"@x\" does not say when a fault strikes\nhint: write @3 for the third"),
        ("--principal", "app", "\"app\" is no principal\nhint: write name:access-key:secret:arn"),
        ("--control", "here", "\"here\" is no place for a control endpoint\nhint: write a port such as"),
    ] {
        let said = fails_with(2, &["local", "--port", "0", option, value]);
        assert!(said.starts_with(&format!("error: {expect}")), "{said}");
    }
    let said = fails_with(2, &["local", "--job-delay", "soon"]);
    assert!(said.starts_with("error: invalid value 'soon' for '--job-delay"), "{said}");
}

#[test]
fn help_teaches() {
    for (command, part) in [
        ("local", "--env-file dsql.env"),
        ("token", "PGPASSWORD=$(mizzle token)"),
        ("psql", "everything behind --"),
    ] {
        let output = mizzle(&[command, "--help"]).output().expect("mizzle runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("Examples:") && text.contains(part), "{text}");
    }
    let output = mizzle(&["local", "--help"]).output().expect("mizzle runs");
    let text = String::from_utf8_lossy(&output.stdout).replace('\n', " ");
    for limit in mizzle_local::Limits::NAMES {
        assert!(text.contains(limit), "{limit} is not in the help");
    }
    for fault in mizzle_local::Fault::names() {
        assert!(text.contains(&format!("  {fault}")), "{fault} is not in the help");
    }
}

/// A data folder that PostgreSQL's account can reach also when these tests run as root.
fn data_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/tmp").expect("a folder");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("a folder that may be entered");
    folder
}

async fn connect(environment: &HashMap<String, String>) -> tokio_postgres::Client {
    let config = mizzle_connect::Config::from_vars(|name| environment.get(name).cloned()).expect("settings");
    config.connect().await.expect("a connection")
}

/// Writes pairs of rows, each pair in a transaction, until the server is gone; the pairs whose commit was answered.
async fn write(environment: &HashMap<String, String>, first: i64, acknowledged: &AtomicUsize) -> Vec<i64> {
    let client = connect(environment).await;
    let mut done = Vec::new();
    for pair in first.. {
        let sql =
            format!("begin; insert into t values ({pair}, 1); insert into t values ({pair}, 2); commit");
        if client.batch_execute(&sql).await.is_err() {
            break;
        }
        done.push(pair);
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn no_commit_that_was_answered_is_lost_when_it_is_killed() {
    let folder = data_folder();
    let path = folder.path().join("cluster").display().to_string();
    let mut expected = std::collections::BTreeSet::new();
    for round in 0..4_i64 {
        let mut running = Running::with(&["--data-dir", &path]);
        let environment = running.environment.clone();
        if round == 0 {
            let client = connect(&environment).await;
            client
                .batch_execute("create table t (pair bigint, half int, primary key (pair, half))")
                .await
                .unwrap();
        }
        let acknowledged = AtomicUsize::new(0);
        let firsts = [0, 1, 2, 3].map(|writer| (round * 4 + writer) * 1_000_000);
        let writers = futures(firsts.map(|first| write(&environment, first, &acknowledged)));
        let kill = async {
            while acknowledged.load(Ordering::SeqCst) < 40 {
                tokio::task::yield_now().await;
            }
            // Every other time PostgreSQL goes as well, and has to recover.
            if round % 2 == 1 {
                let pid = running.server.display().to_string();
                assert!(Command::new("kill").args(["-9", &pid]).status().expect("kill runs").success());
            }
            running.child.kill().expect("killed");
            running.child.wait().expect("it ends");
        };
        let (done, ()) = tokio::join!(writers, kill);
        expected.extend(done.into_iter().flatten());
        let running = Running::with(&["--data-dir", &path]);
        let client = connect(&running.environment).await;
        let rows = client.query("select pair, count(*) from t group by pair", &[]).await.expect("rows");
        let found: HashMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let lost: Vec<&i64> = expected.iter().filter(|pair| !found.contains_key(pair)).collect();
        assert!(lost.is_empty() && expected.len() >= 40, "{lost:?} of {}", expected.len());
        assert!(found.values().all(|halves| *halves == 2), "a transaction is whole or not there");
    }
}

async fn futures<F: Future<Output = Vec<i64>>>(writers: [F; 4]) -> [Vec<i64>; 4] {
    let [one, two, three, four] = writers;
    tokio::join!(one, two, three, four).into()
}

#[test]
fn a_job_goes_on_after_a_kill() {
    let folder = data_folder();
    let path = folder.path().join("cluster").display().to_string();
    let psql = |running: &Running, sql: &str| ours(running, &["psql", "--", "--no-psqlrc", "-Atc", sql]).0;
    let status = "select status from sys.jobs where job_type = 'INDEX_BUILD'";
    let mut running = Running::with(&["--data-dir", &path, "--job-delay", "1h"]);
    psql(&running, "create table t (id int primary key, v int)");
    let job = psql(&running, "create unique index async t_v on t (v)");
    assert_eq!(psql(&running, status), "submitted");
    running.child.kill().expect("killed");
    running.child.wait().expect("it ends");
    let running = Running::with(&["--data-dir", &path, "--job-delay", "1ms"]);
    assert_eq!(
        psql(&running, &format!("call sys.wait_for_job('{}')", job.lines().next().expect("a job"))),
        "t"
    );
    assert_eq!(psql(&running, status), "completed");
    assert_eq!(psql(&running, "select indisvalid from pg_index where indexrelid = 't_v'::regclass"), "t");
}

#[test]
fn a_data_folder_serves_one_at_a_time() {
    let folder = data_folder();
    let path = folder.path().join("cluster").display().to_string();
    let running = Running::with(&["--data-dir", &path]);
    let said = fails(&["local", "--port", "0", "--data-dir", &path]);
    let expect =
        format!("error: the data folder {path} is in use by process {}\nhint: stop that", running.child.id());
    assert!(said.starts_with(&expect), "{said}");
}
