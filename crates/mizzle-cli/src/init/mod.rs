//! `mizzle init`: a new application that builds, runs and has its first migration.

use std::path::{Path, PathBuf};

use clap::Args;
use mizzle_kit::plan::plan;
use mizzle_kit::snapshot::Snapshot;
use mizzle_kit::{Declaration, Folder};

use crate::failure::Failure;
use crate::migrations::say;

/// The tables of the new application, here as well: what is declared is known without compiling it.
#[allow(dead_code, unreachable_pub)]
#[path = "template/src/schema.rs"]
mod schema;

/// What the application is called in the template.
const NAME: &str = "newcomer";

/// Where each file goes, and its text.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("template/Cargo.toml.txt")),
    ("build.rs", include_str!("template/build.rs")),
    ("src/lib.rs", include_str!("template/src/lib.rs")),
    ("src/main.rs", include_str!("template/src/main.rs")),
    ("src/schema.rs", include_str!("template/src/schema.rs")),
    ("src/bin/schema.rs", include_str!("template/src/bin/schema.rs")),
    ("README.md", include_str!("template/README.md")),
    (".gitignore", include_str!("template/gitignore.txt")),
];

/// Where this command was built from.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Make a new application: two tables, their first migration, and a program that runs at once.
///
/// It connects to the cluster that CLUSTER_ENDPOINT names, else to an Aurora DSQL that it starts on this machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle init clinic
  cd clinic && cargo run
then change a struct in src/schema.rs, and
  mizzle generate && cargo run

The crates are those of the checkout that this command was built from, if it is still there, else those of its version.

Exit codes: 0 made, 1 something is there already, 2 wrong usage, 3 an obstacle.")]
pub(crate) struct Options {
    /// Folder to make; its last part is the name
    #[arg(value_name = "NAME")]
    path: PathBuf,

    /// Checkout of Mizzle to take the crates from
    #[arg(long, value_name = "DIR")]
    mizzle_path: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let path = &options.path;
    let name = name(path)?;
    let checkout = checkout(options.mizzle_path.as_deref())?;
    is_free(path)?;
    for (file, text) in FILES {
        write(&path.join(file), &filled(text, &name, checkout.as_deref()))?;
    }
    if is_in_workspace(path) {
        let manifest = filled(FILES[0].1, &name, checkout.as_deref());
        write(
            &path.join("Cargo.toml"),
            &format!("{manifest}\n# Stands for itself in the workspace around it.\n[workspace]\n"),
        )?;
    }
    if let Some(checkout) = &checkout {
        // The versions that Mizzle is tested with; cargo takes out what is not needed.
        let lock = std::fs::read_to_string(checkout.join("Cargo.lock")).unwrap_or_default();
        write(&path.join("Cargo.lock"), &lock)?;
    }
    migrate(path)?;
    let shown = path.display();
    say(format!(
        "Made {shown}\n\n  cd {shown}\n  cargo run          on an Aurora DSQL that starts on this machine\n\n\
         then change a struct in src/schema.rs, and\n\n  mizzle generate && cargo run"
    ));
    Ok(())
}

/// The first migration, as `mizzle generate` makes it.
fn migrate(path: &Path) -> Result<(), Failure> {
    let declared = Declaration::of(schema::TABLES)?;
    let plan =
        plan(&Snapshot::default(), &declared.snapshot).map_err(|refused| Failure::new(refused, None))?;
    let mut folder = Folder::read_or_new(path.join("migrations"))?;
    folder.write("init", &plan.to_sql(), Some(&plan.snapshot.to_json()))?;
    Ok(())
}

/// The last part of the path, as cargo takes it for a name.
fn name(path: &Path) -> Result<String, Failure> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    // Names of crates that it uses.
    let taken = ["mizzle", "mizzle-kit", "mizzle-local", "tokio", "uuid", "test", "std", "core"];
    if letters && begins && !taken.contains(&name) {
        return Ok(name.to_owned());
    }
    let what = format!("{name:?} cannot be the name of a package");
    let hint =
        "begin with a letter, go on with letters, digits, - and _, and take no name of a crate that it uses";
    Err(Failure::new(what, Some(hint.to_owned())).usage())
}

fn checkout(given: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let found =
        |path: &Path| path.canonicalize().ok().filter(|path| path.join("crates/mizzle/Cargo.toml").is_file());
    match given {
        None => Ok(found(Path::new(CHECKOUT))),
        Some(path) => found(path).map(Some).ok_or_else(|| {
            let what = format!("{} is no checkout of Mizzle", path.display());
            Failure::new(what, Some("name the folder that holds crates/mizzle".to_owned())).usage()
        }),
    }
}

fn is_free(path: &Path) -> Result<(), Failure> {
    let is_empty = std::fs::read_dir(path).map(|mut entries| entries.next().is_none());
    if !path.exists() || is_empty.unwrap_or(false) {
        return Ok(());
    }
    let what = format!("{} is there already", path.display());
    Err(Failure::new(what, Some("name a folder that is yet to be made, or is empty".to_owned())).finding())
}

/// Whether cargo would take the folder for a part of a workspace that does not know of it.
fn is_in_workspace(path: &Path) -> bool {
    let path = path.canonicalize().unwrap_or_default();
    path.ancestors().skip(1).any(|folder| {
        let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
    })
}

/// A text of the template with this application's name, and with where its crates come from.
fn filled(text: &str, name: &str, checkout: Option<&Path>) -> String {
    let dependency = |krate: &str| match checkout {
        Some(checkout) => {
            format!("{{ path = {:?} }}", checkout.join("crates").join(krate).display().to_string())
        }
        None => format!("{:?}", env!("CARGO_PKG_VERSION")),
    };
    let mut pieces = text.split(NAME);
    let mut named = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // A path of Rust has the name as the compiler takes it.
        named += &if piece.starts_with("::") { name.replace('-', "_") } else { name.to_owned() };
        named += piece;
    }
    named
        .replace("= MIZZLE", &format!("= {}", dependency("mizzle")))
        .replace("= KIT", &format!("= {}", dependency("mizzle-kit")))
        .replace("= LOCAL", &format!("= {}", dependency("mizzle-local")))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text));
    written.map_err(|error| {
        let what = format!("cannot write {}: {error}", path.display());
        Failure::new(what, Some("check the permissions of the folder around it".to_owned()))
    })
}
