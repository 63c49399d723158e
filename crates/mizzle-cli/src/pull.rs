//! `mizzle pull`: a database as Rust structs.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use mizzle_kit::pull;
use serde_json::json;

use crate::failure::Failure;
use crate::migrations::{Target, counted, say};
use crate::source::database;

/// Write the structs of a database that is there.
///
/// They compile, and `mizzle plan` finds nothing between them and the database. What no declaration can say stands above the
/// struct as a comment.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle pull                                  prints them
  mizzle pull --out src/schema.rs              writes a file
  mizzle pull --schema clinic --out src/schema.rs

A database that is to be kept by migrations from now on:
  mizzle pull --out src/schema.rs
  mizzle generate init                         a migration that makes all of it
  mizzle repair --applied <its name>           recorded as applied, for it is all there

Exit codes: 0 written, 1 the file is there already, 2 wrong usage, 3 an obstacle.")]
pub(crate) struct Options {
    /// File to write, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,

    /// Print one JSON document instead
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let client = options.target.connect().await?;
    let snapshot = database(&client, &options.target).await?;
    let text = pull(&snapshot);
    if let Some(path) = &options.out {
        write(path, &text, options.force)?;
    }
    let tables = snapshot.tables.len() + snapshot.views.len();
    let file = options.out.as_ref().map(|path| path.display().to_string());
    match (file, options.json) {
        (file, true) => say(json!({ "file": file, "tables": tables, "source": text })),
        (Some(file), false) => say(format!("Wrote {file}: {}", counted(tables, "struct"))),
        (None, false) => say(text.trim_end()),
    }
    Ok(())
}

/// Writes a file, and over one only when told so.
pub(crate) fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if !force {
        options.create_new(true);
    }
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let hint = "name another file, or write over it with --force";
            Failure::new(format!("{} is there already", path.display()), Some(hint.to_owned())).finding()
        }
        _ => {
            let what = format!("cannot write {}: {error}", path.display());
            Failure::new(what, Some("make the folder, or check its permissions".to_owned()))
        }
    })
}
