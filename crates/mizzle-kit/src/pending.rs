//! Which statements of a folder are still to be applied, or why its history does not fit the database's.

use std::collections::BTreeMap;

use crate::journal::{Record, State};
use crate::{Error, Folder, Migration};

/// A migration and the ordinal of its first statement that is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending<'a> {
    pub(crate) migration: &'a Migration,
    pub(crate) from: usize,
    /// What an earlier run wrote of that statement and did not bring to its end.
    pub(crate) open: Option<Record>,
}

/// Compares a folder with what is recorded.
///
/// Statements are applied strictly in order, so the records must be a beginning of the folder: whole migrations, then
/// at most one in part. Anything else was changed behind our back, and nobody can say what it should mean.
pub(crate) fn pending<'a>(folder: &'a Folder, records: &[Record]) -> Result<Vec<Pending<'a>>, Error> {
    let mut recorded: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    for record in records {
        recorded.entry(&record.migration).or_default().push(record);
    }

    let mut pending: Vec<Pending<'a>> = Vec::new();
    for migration in folder.migrations() {
        let records = recorded.remove(migration.name.as_str()).unwrap_or_default();
        if let (Some(first), false) = (pending.first(), records.is_empty()) {
            return Err(Error::out_of_order(first.migration, &migration.name));
        }
        let (records, open): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| record.state == State::Applied);
        let from = applied(migration, records)?;
        let open = open_at(migration, from, &open)?;
        if from < migration.statements.len() {
            pending.push(Pending { migration, from, open });
        }
    }
    match recorded.into_keys().next() {
        Some(name) => Err(Error::missing_migration(name)),
        None => Ok(pending),
    }
}

/// The statement that an earlier run left, which can only be the next one.
fn open_at(migration: &Migration, from: usize, open: &[&Record]) -> Result<Option<Record>, Error> {
    if let Some(record) = open.iter().find(|record| record.ordinal != from) {
        // One that was never applied may have been taken out of the file, with all behind it.
        return if record.state == State::Failed {
            Ok(None)
        } else {
            Err(Error::missing_record(migration, from))
        };
    }
    let Some(record) = open.first() else { return Ok(None) };
    match migration.statements.get(from) {
        Some(statement) if record.state != State::Failed && statement.sha256.to_string() != record.sha256 => {
            Err(Error::changed_while_open(migration, statement))
        }
        None if record.state != State::Failed => Err(Error::removed_statement(migration, from)),
        _ => Ok(Some((*record).clone())),
    }
}

/// How many statements of a migration are applied.
fn applied(migration: &Migration, mut records: Vec<&Record>) -> Result<usize, Error> {
    records.sort_by_key(|record| record.ordinal);
    // A migration that was complete must not grow; one that was not may, since its rest never ran.
    let was_complete = records.last().is_some_and(|last| last.ordinal + 1 == last.statements);
    for (ordinal, record) in records.iter().enumerate() {
        if record.ordinal != ordinal {
            return Err(Error::missing_record(migration, ordinal));
        }
        match migration.statements.get(ordinal) {
            None => return Err(Error::removed_statement(migration, ordinal)),
            Some(statement) if statement.sha256.to_string() != record.sha256 => {
                let applied = if was_complete { migration.statements.len() } else { records.len() };
                return Err(Error::changed_statement(migration, statement, applied));
            }
            Some(_) => {}
        }
    }
    match migration.statements.get(records.len()) {
        Some(added) if was_complete => Err(Error::added_statement(migration, added)),
        _ => Ok(records.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Checksum;

    /// A folder as `name: statement; statement` lines.
    fn folder(text: &str) -> Folder {
        let migrations: Vec<_> = text
            .lines()
            .map(|line| line.split_once(": ").expect("name: statements"))
            .map(|(name, statements)| (name, statements.replace("; ", "\n--> statement-breakpoint\n")))
            .collect();
        let migrations: Vec<_> = migrations.iter().map(|(name, text)| (*name, text.as_str())).collect();
        Folder::embedded(&migrations).expect("a good folder")
    }

    /// What a run over a folder would have recorded, up to `count` statements of the last migration.
    fn records(text: &str, count: usize) -> Vec<Record> {
        let folder = folder(text);
        let last = folder.migrations().last().map(|migration| migration.name.clone());
        let mut records = Vec::new();
        for migration in folder.migrations() {
            let count = if Some(&migration.name) == last.as_ref() { count } else { usize::MAX };
            for (ordinal, statement) in migration.statements.iter().enumerate().take(count) {
                records.push(Record {
                    migration: migration.name.clone(),
                    ordinal,
                    sha256: Checksum::of(&statement.sql).to_string(),
                    statements: migration.statements.len(),
                    ..Record::default()
                });
            }
        }
        records
    }

    #[track_caller]
    fn check(text: &str, records: &[Record], expect: &str) {
        let got = match pending(&folder(text), records) {
            Ok(pending) => pending
                .iter()
                .map(|pending| format!("{} from {}", pending.migration.name, pending.from))
                .collect::<Vec<_>>()
                .join(", "),
            Err(error) => {
                assert!(error.hint().is_some(), "{error}");
                error.to_string()
            }
        };
        assert_eq!(got, expect);
    }

    const TWO: &str = "0000_init: A; B\n0001_pets: C; D";

    #[test]
    fn a_run_continues_where_the_last_one_ended() {
        check(TWO, &[], "0000_init from 0, 0001_pets from 0");
        check(TWO, &records("0000_init: A; B", 1), "0000_init from 1, 0001_pets from 0");
        check(TWO, &records("0000_init: A; B", 2), "0001_pets from 0");
        check(TWO, &records(TWO, 2), "");
        check("", &[], "");
    }

    #[test]
    fn the_rest_of_a_migration_that_stopped_may_be_corrected() {
        check("0000_init: A; X; Y", &records("0000_init: A; B", 1), "0000_init from 1");
    }

    #[test]
    fn an_applied_statement_may_not_change() {
        let applied = records(TWO, 2);
        check(
            "0000_init: A; X\n0001_pets: C; D",
            &applied,
            "0000_init/migration.sql:3:1: the statement was changed after it was applied",
        );
        check(
            "0000_init: A\n0001_pets: C; D",
            &applied,
            "0000_init/migration.sql: statement 2 was removed after it was applied",
        );
        check(
            "0000_init: A; B; X\n0001_pets: C; D",
            &applied,
            "0000_init/migration.sql:5:1: the statement was added after the migration was applied",
        );
    }

    #[test]
    fn an_applied_migration_may_not_vanish_or_be_overtaken() {
        let applied = records(TWO, 2);
        check("0000_init: A; B", &applied, "migration 0001_pets is applied but missing from the folder");
        check(
            "0000_init: A; B\n0000001_pets: C; D\n0002_new: E",
            &applied,
            "migration 0001_pets is applied but missing from the folder",
        );
        check(
            "0000_early: Z\n0001_pets: C; D",
            &records("0001_pets: C; D", 2),
            "migration 0000_early comes before 0001_pets, which is already applied",
        );
        check(
            TWO,
            &[&records("0000_init: A; B", 1)[..], &records("0001_pets: C; D", 1)[..]].concat(),
            "migration 0000_init comes before 0001_pets, which is already applied",
        );
    }

    #[test]
    fn a_gap_in_the_records_is_named() {
        check(
            TWO,
            &records(TWO, 2)[1..],
            "0000_init/migration.sql: statement 1 has no record, though later ones have",
        );
    }

    #[test]
    fn a_statement_that_was_begun_is_the_next_one() {
        let mut records = records("0000_init: A; B", 2);
        records[1].state = State::Running;
        let folder = folder(TWO);
        let pending = pending(&folder, &records).expect("they fit");
        assert_eq!((pending.len(), pending[0].from, pending[0].open.as_ref()), (2, 1, Some(&records[1])));

        let refused = "0000_init/migration.sql:3:1: the statement was changed while nobody knows whether it was applied";
        check("0000_init: A; X", &records, refused);
        records[1].state = State::Failed;
        check("0000_init: A; X", &records, "0000_init from 1");
        check("0000_init: A", &records, "");
    }
}
