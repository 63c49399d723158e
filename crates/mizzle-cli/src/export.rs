//! `mizzle export`: a whole schema as SQL.

use clap::Args;
use mizzle_kit::plan::export;

use crate::compare::refused;
use crate::failure::Failure;
use crate::generate::refused_document;
use crate::migrations::{Place, Target, say};
use crate::source::Source;

/// Print the whole schema as SQL that Aurora DSQL accepts, from the structs, the folder or a database.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  mizzle export > schema.sql            the structs
  mizzle export --folder                what the newest migration leads to; nothing is compiled
  mizzle export --database              what the cluster has
  mizzle export --json                  the same as data: what snapshot.json holds

Exit codes: 0 printed, 1 Aurora DSQL has no place for something, or the structs are wrong, 2 wrong usage, 3 an obstacle.")]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    source: Source,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    crate::trace(0);
    let declared = options.source.read(&options.place, &options.target).await?;
    match export(&declared.snapshot) {
        Ok(_) if options.place.json => say(declared.snapshot.to_json().trim_end()),
        Ok(sql) => say(sql.trim_end()),
        Err(refusals) if options.place.json => {
            say(refused_document(&refusals));
            return Err(Failure::shown());
        }
        Err(refusals) => return Err(refused(&refusals)),
    }
    Ok(())
}
