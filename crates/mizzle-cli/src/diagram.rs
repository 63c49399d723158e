//! `mizzle diagram`: tables and who refers to whom, as a picture.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use mizzle_kit::diagram::{mermaid, svg};

use crate::failure::Failure;
use crate::migrations::{Place, Target, say};
use crate::pull::write;
use crate::source::Source;

/// Draw the tables and who refers to whom.
///
/// Lines are foreign keys; dashed ones are relations that the structs declare and the database knows nothing of.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle diagram --out schema.svg              the structs, for a browser
  mizzle diagram --format mermaid              for a README: GitHub and others draw it
  mizzle diagram --database --out now.svg      what the cluster has
  mizzle diagram --json                        what is drawn, as data

Exit codes: 0 drawn, 1 the structs are wrong, 2 wrong usage, 3 an obstacle.")]
pub(crate) struct Options {
    /// Kind of picture; by the ending of the file, else svg
    #[arg(long, value_enum, conflicts_with = "json")]
    format: Option<Format>,

    /// File to write, also over an older one; standard output by default
    #[arg(short, long, value_name = "FILE", conflicts_with = "json")]
    out: Option<PathBuf>,

    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    source: Source,
}

/// What a picture is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A drawing
    Svg,
    /// The text that Mermaid draws
    Mermaid,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let declared = options.source.read(&options.place, &options.target).await?;
    if options.place.json {
        say(declared.to_json().trim_end());
        return Ok(());
    }
    let text = match options.format.unwrap_or_else(|| by_ending(options.out.as_deref())) {
        Format::Svg => svg(&declared.snapshot, &declared.relations),
        Format::Mermaid => mermaid(&declared.snapshot, &declared.relations),
    };
    match &options.out {
        Some(path) => {
            write(path, &text, true)?;
            say(format!("Wrote {}", path.display()));
        }
        None => say(text.trim_end()),
    }
    Ok(())
}

fn by_ending(path: Option<&std::path::Path>) -> Format {
    match path.and_then(|path| path.extension()).and_then(|ending| ending.to_str()) {
        Some("mmd" | "mermaid" | "md") => Format::Mermaid,
        _ => Format::Svg,
    }
}
