//! What is wrong with a folder, or with its history.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Error, Place};
use crate::check::Breach;
use crate::plan::HazardKind;
use crate::shape::Unnamed;
use crate::{Migration, Statement};

/// What is wrong with a folder.
impl Error {
    pub(crate) fn unreadable(path: &Path, source: std::io::Error) -> Self {
        let hint = match source.kind() {
            std::io::ErrorKind::NotFound if path.ends_with("migration.sql") => {
                "every folder of a migration holds a file migration.sql"
            }
            std::io::ErrorKind::NotFound => "make the folder, or name the one that holds the migrations",
            _ => "check its permissions",
        };
        Self::new(format!("{} cannot be read", path.display())).with_hint(hint).with_source(source)
    }

    pub(crate) fn bad_name(path: &Path, name: &str) -> Self {
        Self::finding(format!("{}: {name:?} is not the name of a migration", path.display())).with_hint(
            "a migration's folder is called <digits>_<name>, such as 20261122101500_init or 0000_init",
        )
    }

    pub(crate) fn loose_file(path: &Path, name: &str) -> Self {
        let stem = name.trim_end_matches(".sql");
        Self::finding(format!("{} is not in a folder of its own", path.display()))
            .with_hint(format!("move it to {stem}/migration.sql"))
    }

    pub(crate) fn not_in_journal(path: &Path) -> Self {
        Self::finding(format!("{} is not in meta/_journal.json", path.display())).with_hint(
            "add its entry to the journal, or remove the file: Drizzle would pass over it without a word",
        )
    }

    pub(crate) fn bad_journal(
        path: &Path,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::finding(format!("{} is no journal of Drizzle's", path.display()))
            .with_hint("restore it from version control")
            .with_source(source)
    }

    pub(crate) fn not_on_disk() -> Self {
        Self::finding("a folder that is part of the program cannot be written to")
            .with_hint("read it from disk with Folder::read")
    }

    pub(crate) fn bad_new_name(name: &str) -> Self {
        Self::finding(format!("{name:?} names no migration"))
            .with_hint("say in a few words what it does, such as add_pets")
    }

    pub(crate) fn no_such_migration(name: &str) -> Self {
        Self::finding(format!("there is no migration {name:?} in the folder"))
            .with_hint("`mizzle status` lists them; a statement is named as <migration>:<number>")
    }

    pub(crate) fn rebase_of_a_snapshot(migration: &Migration) -> Self {
        Self::finding(format!("{} has a snapshot, which does not know of the other branch", migration.name))
            .with_hint("it was generated: remove its folder and generate it again behind the others")
    }

    pub(crate) fn nothing_to_undo(root: &Path) -> Self {
        Self::finding(format!("{} holds no migration", root.display()))
            .with_hint("name the folder that holds the migrations")
    }

    pub(crate) fn undo_of_a_journal(file: &Path) -> Self {
        Self::finding(format!("{} belongs to meta/_journal.json", file.display()))
            .with_hint("remove the file and its entry in the journal by hand")
    }

    pub(crate) fn unwritable(path: &Path, source: std::io::Error) -> Self {
        Self::new(format!("{} cannot be written", path.display()))
            .with_hint("check the permissions of the folder around it")
            .with_source(source)
    }

    pub(crate) fn duplicate_version(first: &str, second: &str) -> Self {
        Self::finding(format!("migrations {first} and {second} have the same number"))
            .with_hint("give the later one a higher number")
    }

    pub(crate) fn bad_snapshot(path: &Path, source: &Self) -> Self {
        let what = format!("{}: {source}", path.display());
        let hint = source.hint().map(str::to_owned).unwrap_or_default();
        Self::finding(what).with_hint(hint)
    }

    pub(crate) fn not_allowed(
        migration: &Migration,
        statement: &Statement,
        open: &BTreeSet<HazardKind>,
    ) -> Self {
        let names: Vec<String> = open.iter().map(ToString::to_string).collect();
        let verb = if names.len() == 1 { "is" } else { "are" };
        Self::finding(format!("{} {verb} not allowed, so nothing of it was run", names.join(", ")))
            .at(migration.place(statement))
            .with_hint(format!(
                "the file says what may be hurt; once that is right, write `-- mizzle: allow {}` above its first statement, or \
                 allow it for one run with `mizzle migrate --allow {}`",
                names.join(", "),
                names.join(",")
            ))
    }

    pub(crate) fn unnamed(migration: &Migration, statement: &Statement, what: Unnamed) -> Self {
        let (kind, cure) = match what {
            Unnamed::Index(table) => {
                ("index", format!("name it: CREATE INDEX ASYNC {table}_…_idx ON {table} …"))
            }
            Unnamed::Constraint(table) => {
                ("constraint", format!("name it: ALTER TABLE {table} ADD CONSTRAINT {table}_… …"))
            }
        };
        Self::finding(format!(
            "the {kind} has no name, so that nobody could tell it from the one that a killed run has sent"
        ))
        .at(migration.place(statement))
        .with_hint(cure)
    }

    pub(crate) fn bad_statement(place: Place, what: &str, cure: &str) -> Self {
        Self::finding(what).at(place).with_hint(cure)
    }
}

/// What another tool's records say.
impl Error {
    pub(crate) fn adopted_missing(table: &str, name: &str) -> Self {
        Self::finding(format!("migration {name} is applied by {table} but missing from the folder"))
            .with_hint("move every migration of the old folder to this one, under the name that it had")
    }

    pub(crate) fn adopted_changed(table: &str, migration: &Migration) -> Self {
        let file = migration.file.display();
        Self::finding(format!("{file}: the file is not the one that {table} says was applied"))
            .with_hint(format!(
                "restore it from version control. If the database has what it says now, take it over as it is with \
                 `mizzle repair --applied {}`",
                migration.name
            ))
    }
}

/// Where a folder's history and the database's part.
impl Error {
    pub(crate) fn missing_migration(name: &str) -> Self {
        Self::finding(format!("migration {name} is applied but missing from the folder"))
            .with_hint("restore its folder from version control; an applied migration keeps its name")
    }

    pub(crate) fn out_of_order(pending: &Migration, applied: &str) -> Self {
        Self::finding(format!("migration {} comes before {applied}, which is already applied", pending.name))
            .with_hint(format!(
                "it came from another branch: if it is applied nowhere, `mizzle check --rebase {}` gives it a number behind the \
                 others; if it is, start a development database over, and put {applied} behind it",
                pending.name
            ))
    }

    pub(crate) fn branched(breach: &Breach) -> Self {
        Self::finding(format!("{}: {}, so nothing was run", breach.file.display(), breach.what))
            .with_hint(&*breach.hint)
    }

    /// `applied` statements of the migration are, which may be a part of it.
    pub(crate) fn changed_statement(migration: &Migration, statement: &Statement, applied: usize) -> Self {
        let hint = match migration.statements.get(applied) {
            Some(next) => format!(
                "restore it from version control: what stands above line {} is applied, and what you add goes behind that",
                next.line
            ),
            None => "restore it from version control, and write the change as a new migration".to_owned(),
        };
        Self::finding("the statement was changed after it was applied")
            .at(migration.place(statement))
            .with_hint(hint)
    }

    pub(crate) fn changed_while_open(migration: &Migration, statement: &Statement) -> Self {
        Self::finding("the statement was changed while nobody knows whether it was applied")
            .at(migration.place(statement))
            .with_hint(
                "restore it from version control and run again, then write the change as a new migration",
            )
    }

    pub(crate) fn added_statement(migration: &Migration, statement: &Statement) -> Self {
        Self::finding("the statement was added after the migration was applied")
            .at(migration.place(statement))
            .with_hint("move it to a new migration")
    }

    pub(crate) fn removed_statement(migration: &Migration, ordinal: usize) -> Self {
        let file = migration.file.display();
        Self::finding(format!("{file}: statement {} was removed after it was applied", ordinal + 1))
            .with_hint("restore it from version control, and write the change as a new migration")
    }

    pub(crate) fn missing_record(migration: &Migration, ordinal: usize) -> Self {
        let file = migration.file.display();
        Self::finding(format!("{file}: statement {} has no record, though later ones have", ordinal + 1))
            .with_hint("somebody changed the tracking table; restore the row, or remove those behind it if they are wrong")
    }
}
