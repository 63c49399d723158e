//! A live database beside what is wanted of it.

use mizzle_kit::Declaration;
use mizzle_kit::introspect::{introspect, settle};
use mizzle_kit::plan::{Plan, Refused, plan};
use mizzle_kit::snapshot::{Name, Snapshot};
use tokio_postgres::Client;

use crate::failure::Failure;
use crate::migrations::say;

/// What the wanted schema is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Structs,
    /// A snapshot, which does not say which views somebody else makes: every view that it does not have.
    Folder,
}

/// The way of the database to what is wanted. Only schemas are looked at that the structs speak of: `schema`, in which
/// those stand that name none, and those that are named.
pub(crate) async fn compare(
    client: &Client,
    wanted: &Declaration,
    origin: Origin,
    schema: &str,
) -> Result<Result<Plan, Refused>, Failure> {
    let mut wanted = wanted.in_schema(schema);
    let mut found = introspect(client).await?;
    found.keep_schemas_of(&wanted.snapshot, schema);
    if origin == Origin::Folder {
        wanted.elsewhere = unknown_views(&found, &wanted.snapshot);
    }
    let wanted = wanted.beside(&found);
    settle(client, &mut found, &wanted).await?;
    Ok(plan(&found, &wanted))
}

fn unknown_views(found: &Snapshot, wanted: &Snapshot) -> Vec<Name> {
    let names = found.views.iter().map(|view| &view.name);
    names.filter(|name| wanted.view(name).is_none()).cloned().collect()
}

/// Everything that no plan can do, each with the nearest way.
pub(crate) fn refused(refused: &Refused) -> Failure {
    for refusal in &refused.refusals {
        say(format!("refused: {}: {}\nhint: {}", refusal.what, refusal.reason, refusal.way));
    }
    Failure::shown()
}
