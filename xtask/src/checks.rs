//! The concurrency checks: other people's drivers against `mizzle local`, counted.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cargo;

const SCRIPTS: &str = "crates/mizzle-local/tests/checks";

/// How long `mizzle local` may take to start; the first time it makes its template.
const PATIENCE: Duration = Duration::from_secs(60);

/// What has passed and what has not.
#[derive(Default)]
struct Count {
    passed: u32,
    failed: u32,
}

/// A running `mizzle local`, ended with this value.
struct Local {
    child: Child,
    variables: HashMap<String, String>,
}

pub(crate) fn run(long: bool) -> Result<(), String> {
    crate::run(&mut cargo(&["build", "--package", "mizzle-cli"]))?;
    run_built(long)
}

/// With the `mizzle` that is in `target/debug`.
pub(crate) fn run_built(long: bool) -> Result<(), String> {
    let python = match python() {
        Ok(python) => python,
        Err(error) => {
            println!("skipped: Python's drivers cannot be installed: {error}");
            return Ok(());
        }
    };
    let local = Local::start()?;
    let mut count = Count::default();
    let mut check = |script: &str, arguments: &[&str]| local.check(&python, script, arguments, &mut count);
    check("matrix.py", &["simple"])?;
    check("matrix.py", &["ext"])?;
    check("proto.py", &[])?;
    let seeds = if long { 20 } else { 2 };
    for seed in 1..=seeds {
        let (seed, histories) = (seed.to_string(), if long { "40" } else { "10" });
        check("fuzz_rows.py", &[&seed, histories, "60"])?;
        check("fuzz_keys.py", &[&seed, histories, "60"])?;
    }
    for threads in ["4", "12", "24"] {
        check("stress.py", &[threads, if long { "30" } else { "4" }])?;
    }
    drop(local);
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed == 0 { Ok(()) } else { Err("some checks failed".to_owned()) }
}

/// A Python with the drivers, in a folder of its own.
fn python() -> Result<PathBuf, String> {
    let folder = Path::new("target/checks");
    let python = folder.join("bin/python");
    let has = |python: &Path| {
        let mut command = Command::new(python);
        command.args(["-c", "import psycopg, asyncpg"]).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !has(&python) {
        crate::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        crate::run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "psycopg[binary]==3.3.9",
            "asyncpg==0.32.0",
        ]))?;
    }
    Ok(python)
}

impl Local {
    fn start() -> Result<Local, String> {
        let file = Path::new("target/checks/env");
        let _ = std::fs::remove_file(file);
        let mut child = Command::new("target/debug/mizzle")
            .args(["local", "--port", "0", "--env-file"])
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("mizzle local: {error}"))?;
        let deadline = Instant::now() + PATIENCE;
        // Its banner comes once it accepts connections, and after the file.
        let mut banner = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        while !file.exists() {
            line.clear();
            let read = banner.read_line(&mut line).map_err(|error| error.to_string())?;
            if read == 0 || Instant::now() > deadline {
                return Err("mizzle local does not start".to_owned());
            }
        }
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Local { child, variables: text.lines().filter_map(pair).collect() })
    }

    /// Runs a script; every line that begins with `ok` or `FAIL` is one check, and so is a script that ends badly.
    fn check(
        &self,
        python: &Path,
        script: &str,
        arguments: &[&str],
        count: &mut Count,
    ) -> Result<(), String> {
        let name = format!("{script} {}", arguments.join(" "));
        let started = Instant::now();
        let output = Command::new(python)
            .arg(Path::new(SCRIPTS).join(script))
            .args(arguments)
            .envs(&self.variables)
            .output()
            .map_err(|error| format!("{name}: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let (mut passed, mut failed) = (0, 0);
        for line in said.lines() {
            passed += u32::from(line.starts_with("ok"));
            failed += u32::from(line.starts_with("FAIL"));
        }
        if failed == 0 && (!output.status.success() || passed == 0) {
            failed = 1;
        }
        println!("{name}: {passed} ok, {failed} failed, {:.1} s", started.elapsed().as_secs_f64());
        if failed > 0 {
            println!("{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        count.passed += passed;
        count.failed += failed;
        Ok(())
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // Asked politely, it takes its env file along.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
