//! The application whose structs a command is about: its schema binary, found and run by cargo.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clap::Args;
use mizzle_kit::Declaration;
use serde_json::Value;

use crate::failure::Failure;
use crate::progress::Busy;

/// How the structs are found.
#[derive(Debug, Args)]
pub(crate) struct Application {
    /// Package of the application, where the workspace has several
    #[arg(short, long, value_name = "P", help_heading = "The structs")]
    package: Option<String>,

    /// Its schema binary; `schema`, or the one whose name ends in `-schema`, by default
    #[arg(long, value_name = "B", help_heading = "The structs")]
    bin: Option<String>,

    /// What the schema binary has printed, instead of running it with cargo; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["package", "bin"], help_heading = "The structs")]
    declaration: Option<PathBuf>,
}

/// A binary of a package.
#[derive(Debug, PartialEq, Eq)]
struct Binary {
    package: String,
    /// The package's folder.
    folder: PathBuf,
    name: String,
}

impl Application {
    /// What the structs declare.
    pub(crate) fn declared(&self) -> Result<Declaration, Failure> {
        let text = match &self.declaration {
            Some(path) => read(path)?,
            None => run(&self.binary()?)?,
        };
        Ok(Declaration::from_json(&text)?)
    }

    fn binary(&self) -> Result<Binary, Failure> {
        let mut cargo = cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = finished(&mut cargo, "asking cargo for the packages")?;
        if !output.status.success() {
            let hint = "run the command in the folder of the application, or name what its schema binary prints with --declaration";
            return Err(said(&output, "cargo knows of no package here", hint).usage());
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::new(error, Some("cargo metadata prints something else than JSON".into()))
        })?;
        let here = std::env::current_dir().unwrap_or_default();
        choose(binaries(&metadata), &here, self.package.as_deref(), self.bin.as_deref())
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let read = match path.as_os_str() == "-" {
        true => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
        false => std::fs::read_to_string(path),
    };
    read.map_err(|error| {
        let hint = "name the file that holds what the schema binary has printed, or - for standard input";
        Failure::new(format!("cannot read {}: {error}", path.display()), Some(hint.into())).usage()
    })
}

/// What the binary prints.
fn run(binary: &Binary) -> Result<String, Failure> {
    let Binary { package, name, .. } = binary;
    let mut cargo = cargo();
    cargo.args(["run", "--quiet", "--package", package, "--bin", name]);
    let output = finished(&mut cargo, &format!("compiling the structs of {package}"))?;
    if !output.status.success() {
        let what = format!("the schema binary `{name}` of {package} does not say what its structs are");
        return Err(said(&output, what, "mend what is said above, and run the command again").finding());
    }
    String::from_utf8(output.stdout).map_err(|error| Failure::new(error, None))
}

/// A failure of a command whose own words come first.
fn said(output: &Output, what: impl Into<String>, hint: &str) -> Failure {
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Failure::new(what.into(), Some(hint.to_owned()))
}

/// The cargo that called us, or the one on PATH.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let color = if std::io::stderr().is_terminal() { "always" } else { "never" };
    cargo.env("CARGO_TERM_COLOR", color).stdin(Stdio::null());
    cargo
}

fn finished(command: &mut Command, doing: &str) -> Result<Output, Failure> {
    let _busy = Busy::new(doing);
    command.output().map_err(|error| {
        let what = format!("cannot run {}: {error}", command.get_program().to_string_lossy());
        Failure::new(
            what,
            Some("install Rust, or name what the schema binary prints with --declaration".into()),
        )
    })
}

/// Every binary of the workspace.
fn binaries(metadata: &Value) -> Vec<Binary> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut binaries = Vec::new();
    for package in list(&metadata["packages"]) {
        let folder =
            Path::new(&text(&package["manifest_path"])).parent().map(Path::to_owned).unwrap_or_default();
        let targets = list(&package["targets"]);
        for target in targets.iter().filter(|target| list(&target["kind"]).contains(&"bin".into())) {
            let (package, name) = (text(&package["name"]), text(&target["name"]));
            binaries.push(Binary { package, folder: folder.clone(), name });
        }
    }
    binaries
}

/// The one schema binary: of the package that is named, else of the one whose folder this is, else of the workspace.
fn choose(
    mut binaries: Vec<Binary>,
    here: &Path,
    package: Option<&str>,
    bin: Option<&str>,
) -> Result<Binary, Failure> {
    if let Some(package) = package {
        binaries.retain(|binary| binary.package == package);
    }
    binaries.retain(|binary| match bin {
        Some(bin) => binary.name == bin,
        None => binary.name == "schema" || binary.name.ends_with("-schema"),
    });
    let depth =
        |binary: &Binary| here.starts_with(&binary.folder).then(|| binary.folder.components().count());
    if package.is_none()
        && let Some(deepest) = binaries.iter().filter_map(depth).max()
    {
        binaries.retain(|binary| depth(binary) == Some(deepest));
    }
    match binaries.len() {
        1 => Ok(binaries.remove(0)),
        0 => {
            let what = match (package, bin) {
                (Some(package), Some(bin)) => format!("the package {package} has no binary `{bin}`"),
                (Some(package), None) => format!("the package {package} has no schema binary"),
                (None, Some(bin)) => format!("no package here has a binary `{bin}`"),
                (None, None) => "no package here has a schema binary".to_owned(),
            };
            let hint = "write src/bin/schema.rs: fn main() -> std::process::ExitCode { mizzle_kit::main(mizzle::tables![…]) }";
            Err(Failure::new(what, Some(hint.to_owned())).usage())
        }
        _ => {
            let names: Vec<String> = binaries
                .iter()
                .map(|binary| format!("--package {} --bin {}", binary.package, binary.name))
                .collect();
            let what = "there are several schema binaries";
            Err(Failure::new(what, Some(format!("say which one: {}", names.join("; ")))).usage())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(here: &str, package: Option<&str>, bin: Option<&str>, expect: Result<&str, &str>) {
        let binary = |package: &str, folder: &str, name: &str| Binary {
            package: package.into(),
            folder: folder.into(),
            name: name.into(),
        };
        let binaries = vec![
            binary("shop", "/w/shop", "shop"),
            binary("shop", "/w/shop", "schema"),
            binary("billing", "/w/billing", "billing-schema"),
            binary("billing", "/w/billing", "other"),
            binary("tool", "/w/tool", "tool"),
        ];
        let chosen = choose(binaries, Path::new(here), package, bin);
        let chosen = chosen.map(|chosen| format!("{} {}", chosen.package, chosen.name));
        match (chosen, expect) {
            (Ok(chosen), Ok(expect)) => assert_eq!(chosen, expect),
            (Err(failure), Err(expect)) => {
                assert!(failure.to_string().contains(expect), "{failure}");
                assert_eq!(failure.exit_code(), 2);
            }
            (chosen, expect) => panic!("{chosen:?} is not {expect:?}"),
        }
    }

    #[test]
    fn the_schema_binary_is_that_of_the_package_around_or_the_only_one() {
        check("/w/shop/src", None, None, Ok("shop schema"));
        check("/w/billing", None, None, Ok("billing billing-schema"));
        check("/w", Some("billing"), None, Ok("billing billing-schema"));
        check("/w/shop", Some("billing"), None, Ok("billing billing-schema"));
        check("/w", None, Some("other"), Ok("billing other"));
        check("/w", None, None, Err("say which one: --package shop --bin schema; --package billing"));
        check("/w", Some("tool"), None, Err("the package tool has no schema binary"));
        check("/w", None, Some("none"), Err("no package here has a binary `none`"));
    }
}
