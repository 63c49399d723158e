//! What a program pays for its connection: crates and bytes, beside AWS's connector for sqlx.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo;

/// A program that connects and asks one question.
struct Program {
    name: &'static str,
    dependencies: &'static str,
    main: &'static str,
}

const OURS: &str = "
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = mizzle_connect::Config::from_env()?.connect().await?;
    println!(\"{}\", client.query_one(\"SELECT 1\", &[]).await?.get::<_, i32>(0));
    Ok(())
}
";

const TOKIO: &str = "tokio = { version = \"1\", default-features = false, features = [\"macros\", \"rt\", \"time\", \"net\"] }";

const PROGRAMS: &[Program] = &[
    Program {
        name: "tokio-postgres alone",
        dependencies: "tokio-postgres = { version = \"0.7.18\", default-features = false, features = [\"runtime\"] }",
        main: "
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, connection) = tokio_postgres::connect(&std::env::var(\"URL\")?, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    println!(\"{}\", client.query_one(\"SELECT 1\", &[]).await?.get::<_, i32>(0));
    Ok(())
}
",
    },
    Program {
        name: "mizzle-connect, no default features",
        dependencies: "mizzle-connect = { path = \"@/crates/mizzle-connect\", default-features = false }",
        main: OURS,
    },
    Program {
        name: "mizzle-connect",
        dependencies: "mizzle-connect = { path = \"@/crates/mizzle-connect\" }",
        main: OURS,
    },
    Program {
        name: "aurora-dsql-sqlx-connector",
        dependencies: "aurora-dsql-sqlx-connector = { version = \"=0.2.2\", default-features = false, features = [\"occ\", \"pool\"] }
sqlx = { version = \"=0.9.0\", default-features = false, features = [\"postgres\", \"runtime-tokio\", \"tls-rustls-ring\"] }",
        main: "
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = aurora_dsql_sqlx_connector::pool::connect(&std::env::var(\"URL\")?).await?;
    println!(\"{}\", sqlx::query_scalar::<_, i32>(\"SELECT 1\").fetch_one(&pool).await?);
    Ok(())
}
",
    },
];

/// The most crates that ours may add to tokio-postgres without AWS's configuration.
const ALLOWED: usize = 30;

pub(crate) fn run(sizes: bool) -> Result<(), String> {
    println!("| program | crates | more than tokio-postgres | stripped |");
    println!("|---|--:|--:|--:|");
    let mut alone = BTreeSet::new();
    let mut added = 0;
    for (at, program) in PROGRAMS.iter().enumerate() {
        let folder = program.write(at)?;
        let crates = crates(&folder)?;
        if at == 0 {
            alone = crates.clone();
        }
        let more = crates.difference(&alone).count();
        if at == 1 {
            added = more;
        }
        let size =
            if sizes { format!("{:.1} MB", size(&folder, at)? as f64 / 1e6) } else { "–".to_owned() };
        println!("| {} | {} | {more} | {size} |", program.name, crates.len());
    }
    if added > ALLOWED {
        return Err(format!("mizzle-connect adds {added} crates to tokio-postgres, of {ALLOWED} allowed"));
    }
    Ok(())
}

impl Program {
    /// A project of its own, outside of the workspace.
    fn write(&self, at: usize) -> Result<PathBuf, String> {
        let root = std::env::current_dir().map_err(|error| error.to_string())?;
        let folder = root.join(format!("target/weight/program{at}"));
        let manifest = format!(
            "[package]\nname = \"program{at}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{TOKIO}\n{}\n\n\
             [profile.release]\nstrip = true\n\n[workspace]\n",
            self.dependencies.replace('@', &root.display().to_string())
        );
        let write = |path: &Path, text: &str| std::fs::write(path, text).map_err(|error| error.to_string());
        std::fs::create_dir_all(folder.join("src")).map_err(|error| error.to_string())?;
        write(&folder.join("Cargo.toml"), &manifest)?;
        write(&folder.join("src/main.rs"), self.main)?;
        Ok(folder)
    }
}

/// What is linked or run to build it: names without versions, itself left out.
fn crates(folder: &Path) -> Result<BTreeSet<String>, String> {
    let mut tree = cargo(&["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let output = tree
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{tree:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{tree:?}: {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty());
    Ok(names.map(str::to_owned).filter(|name| !name.starts_with("program")).collect())
}

fn size(folder: &Path, at: usize) -> Result<u64, String> {
    let target = folder.parent().ok_or("a folder in target/weight")?.join("target");
    let mut build: Command = cargo(&["build", "--release", "--quiet"]);
    crate::run(build.current_dir(folder).env("CARGO_TARGET_DIR", &target))?;
    let program = target.join(format!("release/program{at}"));
    std::fs::metadata(&program)
        .map(|found| found.len())
        .map_err(|error| format!("{}: {error}", program.display()))
}
