//! Writes what a person has decided about a statement that nobody else can know of.

use tokio_postgres::Client;

use crate::journal::{Journal, Record, State};
use crate::lease::{Attempt, Lease, Stop};
use crate::{Error, Folder, Migration, Options, lease};

/// What a person has decided. A statement is named as `0001_pets:2`, and all of a migration as `0001_pets`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It has happened: record it as applied.
    Applied(String),
    /// It has not happened: forget that it was begun, so that it runs again.
    Again(String),
    /// Its text was changed after it was applied and the change is right: record the new sums.
    Accept(String),
    /// The run that holds the lease is dead: let the next one in at once.
    Unlock,
}

/// Writes a decision, and says how many statements it was about. Nothing of the folder is run.
///
/// # Errors
/// When there is no such statement, a run is at work, or the server cannot be asked.
pub async fn repair(
    client: &Client,
    folder: &Folder,
    options: &Options,
    decision: &Decision,
) -> Result<usize, Error> {
    let journal = Journal { client, options };
    let failed = |source| Error::journal(journal, source);
    journal.prepare().await.map_err(failed)?;
    if *decision == Decision::Unlock {
        let held = lease::current(journal).await.map_err(failed)?.is_some();
        lease::force(journal).await.map_err(failed)?;
        return Ok(usize::from(held));
    }
    match Lease::take(journal).await.map_err(failed)? {
        Attempt::Taken { runner, .. } => Err(Error::at_work(&runner)),
        Attempt::Got(lease) => {
            let done = write(journal, &lease, folder, decision).await;
            lease.release().await;
            done
        }
    }
}

async fn write(
    journal: Journal<'_>,
    lease: &Lease<'_>,
    folder: &Folder,
    decision: &Decision,
) -> Result<usize, Error> {
    let records = journal.records().await.map_err(|source| Error::journal(journal, source))?.rows;
    let statements: Vec<String> = match decision {
        Decision::Applied(name) => {
            let chosen = chosen(folder, name)?;
            let open: Vec<_> = chosen
                .into_iter()
                .filter(|(migration, ordinal)| !is_applied(&records, migration, *ordinal))
                .collect();
            if open.is_empty() { vec![] } else { vec![journal.adopted(&open, "recorded by a person")] }
        }
        Decision::Again(name) => chosen(folder, name)?
            .into_iter()
            .map(|(migration, ordinal)| journal.forget(migration, ordinal))
            .collect(),
        Decision::Accept(name) => {
            let chosen = chosen(folder, name)?;
            let applied =
                chosen.into_iter().filter(|(migration, ordinal)| is_applied(&records, migration, *ordinal));
            let applied: Vec<_> = applied.collect();
            let Some((migration, _)) = applied.first() else { return Ok(0) };
            vec![journal.adopted(&applied, "accepted by a person"), journal.shorten(migration)]
        }
        Decision::Unlock => vec![],
    };
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let counts = lease.transaction(&statements).await.map_err(|stop| match stop {
        Stop::Lost => Error::at_work("another run"),
        Stop::Refused { source, .. } => Error::journal(journal, source),
    })?;
    Ok(counts.iter().sum::<u64>() as usize)
}

fn is_applied(records: &[Record], migration: &Migration, ordinal: usize) -> bool {
    let is = |record: &&Record| record.migration == migration.name && record.ordinal == ordinal;
    records.iter().find(is).is_some_and(|record| record.state == State::Applied)
}

/// The statements of a name.
fn chosen<'a>(folder: &'a Folder, name: &str) -> Result<Vec<(&'a Migration, usize)>, Error> {
    let (migration, number) = match name.rsplit_once(':') {
        Some((migration, number)) => (migration, Some(number)),
        None => (name, None),
    };
    let migration = folder.migration(migration).ok_or_else(|| Error::no_such_migration(name))?;
    let count = migration.statements.len();
    let Some(number) = number else { return Ok((0..count).map(|ordinal| (migration, ordinal)).collect()) };
    match number.parse::<usize>() {
        Ok(number) if (1..=count).contains(&number) => Ok(vec![(migration, number - 1)]),
        _ => Err(Error::no_such_migration(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_by_its_migration_and_number() {
        let folder = Folder::embedded(&[("0_a", "A\n--> statement-breakpoint\nB")]).expect("a good folder");
        let ordinals = |name| {
            let chosen = chosen(&folder, name).map_err(|error| error.to_string());
            chosen.map(|chosen| chosen.into_iter().map(|(_, ordinal)| ordinal).collect::<Vec<_>>())
        };
        assert_eq!((ordinals("0_a"), ordinals("0_a:2")), (Ok(vec![0, 1]), Ok(vec![1])));
        for name in ["0_a:0", "0_a:3", "0_a:x", "0_b", ""] {
            assert_eq!(ordinals(name), Err(format!("there is no migration {name:?} in the folder")));
        }
    }
}
