//! Other people's clients against the local DSQL, each as its own program over verified TLS.
//!
//! Their packages come from the registries into `target/tmp/clients`, once. Where they cannot be had, the test says so and what it
//! tried; everything else is a failure.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mizzle_local::LocalDsql;

/// What is installed, and how.
struct Kit {
    folder: PathBuf,
    steps: Vec<Command>,
}

impl Kit {
    /// Runs the steps, unless they were run for this very list before.
    fn install(mut self, list: &Path) -> Result<PathBuf, String> {
        let wanted = std::fs::read_to_string(list).unwrap();
        let done = self.folder.join("installed");
        if std::fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
            return Ok(self.folder);
        }
        for step in &mut self.steps {
            let output = step.output().map_err(|error| format!("{step:?}: {error}"))?;
            if !output.status.success() {
                return Err(format!("{step:?}: {}", text(&output)));
            }
        }
        std::fs::write(&done, wanted).unwrap();
        Ok(self.folder)
    }
}

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Runs a client's program with the server's environment; it prints one line for each check.
async fn run(client: Command, checks: usize) {
    run_at(LocalDsql::start().await.unwrap(), client, checks).await;
}

async fn run_at(local: LocalDsql, mut client: Command, checks: usize) {
    let output = client.envs(local.environment()).output().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), checks, "{said}");
    println!("{said}");
    local.stop().await.unwrap();
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn python_psycopg_asyncpg_and_boto3() {
    let (folder, list) = (folder("python"), clients().join("requirements.txt"));
    let environment = folder.join("venv");
    let python = environment.join("bin/python");
    let mut install =
        command(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(&list);
    let mut make = command("python3", &["-m", "venv"]);
    make.arg(&environment);
    match (Kit { folder, steps: vec![make, install] }).install(&list) {
        Ok(_) => {
            run(command(&python, &[clients().join("clinic.py").to_str().unwrap()]), 8).await;
            let local = LocalDsql::builder().copy(true).start().await.unwrap();
            run_at(local, command(&python, &[clients().join("copying.py").to_str().unwrap()]), 3).await;
        }
        Err(error) => println!("skipped: Python's clients cannot be installed: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_urllib_at_the_control_endpoint() {
    let local = LocalDsql::builder().control(0).start().await.unwrap();
    run_at(local, command("python3", &[clients().join("control.py").to_str().unwrap()]), 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_postgres_the_aws_connector_and_drizzle() {
    let (folder, list) = (folder("node"), clients().join("package.json"));
    for name in ["package.json", "clinic.mjs"] {
        std::fs::copy(clients().join(name), folder.join(name)).unwrap();
    }
    let program = folder.join("clinic.mjs");
    let mut install =
        command("npm", &["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]);
    install.current_dir(&folder);
    match (Kit { folder, steps: vec![install] }).install(&list) {
        Ok(_) => run(command("node", &[program.to_str().unwrap()]), 5).await,
        Err(error) => println!("skipped: Node's clients cannot be installed: {error}"),
    }
}

/// Fetching may fail where there is no registry; building what was fetched may not.
#[tokio::test(flavor = "multi_thread")]
async fn sqlx_with_the_aws_connector() {
    let (folder, project) = (folder("sqlx"), clients().join("sqlx"));
    let cargo = |arguments: &[&str]| {
        let mut cargo = command(env!("CARGO"), arguments);
        cargo.current_dir(&project).env("CARGO_TARGET_DIR", &folder);
        cargo
    };
    let fetched = cargo(&["fetch", "--locked", "--quiet"]).output().unwrap();
    if !fetched.status.success() {
        println!("skipped: sqlx and its connector cannot be installed: {}", text(&fetched));
        return;
    }
    let built = cargo(&["build", "--locked", "--offline", "--quiet"]).output().unwrap();
    assert!(built.status.success(), "{}", text(&built));
    run(Command::new(folder.join("debug/mizzle-client-sqlx")), 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn psql_and_its_backslash_commands() {
    let local = LocalDsql::start().await.unwrap();
    let psql = |script: &str| {
        let mut psql = command("psql", &["--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-At", "-c"]);
        let output = psql
            .args(script.split('|').flat_map(|part| ["-c", part.trim()]).skip(1))
            .envs(local.environment())
            .output();
        text(&output.expect("psql runs: install PostgreSQL's client"))
    };
    assert_eq!(
        psql("create table t (id uuid primary key default gen_random_uuid(), v text)"),
        "CREATE TABLE\n"
    );
    assert!(psql("create index async t_v on t (v)").lines().next().is_some_and(|job| job.len() == 26));
    assert_eq!(psql(r"\dt"), "public|t|table|admin\n");
    assert_eq!(psql(r"\di"), "public|t_pkey|index|admin|t\npublic|t_v|index|admin|t\n");
    let described = psql(r"\d t");
    assert!(described.starts_with("id|uuid||not null|gen_random_uuid()\nv|text|||\n"), "{described}");
    assert!(!described.contains("rigger"), "{described}");
    let roles = psql(r"\du");
    assert!(roles.starts_with("admin|"), "{roles}");
    local.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn psql_copies_where_that_is_allowed() {
    let local = LocalDsql::builder().copy(true).start().await.unwrap();
    let folder = folder("psql");
    let (input, output) = (folder.join("in.csv"), folder.join("out.csv"));
    std::fs::write(&input, "1,one\n2,\"t,wo\"\n").unwrap();
    let mut psql = command("psql", &["--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-At"]);
    psql.args(["-c", "create table t (id int primary key, v text)"])
        .args(["-c", &format!("\\copy t from '{}' csv", input.display())])
        .args(["-c", &format!("\\copy (select v, id from t order by id) to '{}' csv", output.display())])
        .args(["-c", "copy t to stdout"]);
    let said = psql.envs(local.environment()).output().expect("psql runs: install PostgreSQL's client");
    assert_eq!(text(&said), "CREATE TABLE\nCOPY 2\nCOPY 2\n1\tone\n2\tt,wo\n");
    assert_eq!(std::fs::read_to_string(output).unwrap(), "one,1\n\"t,wo\",2\n");
    local.stop().await.unwrap();
}
