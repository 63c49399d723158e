//! What edits and branches have made of a folder, seen without a database.
//!
//! ```text
//! 10_init ◀── 11_pets ◀── 12_vets          a chain: each names the one before and what that was
//!         ◀── 13_city                      a branch: 13 was written on 10, beside 11 and 12
//! ```

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::shape::Shape;
use crate::{Checksum, Folder, Migration, Parent};

/// Something in a folder that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// What kind of thing it is.
    pub kind: BreachKind,
    /// The migration at which it is seen.
    pub migration: String,
    /// Its file.
    pub file: PathBuf,
    /// A sentence about it.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// What is not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreachKind {
    /// A migration was changed after another was written on it.
    Edited,
    /// The migration that another was written on is gone.
    Missing,
    /// A migration stands before the one that it was written on.
    Reordered,
    /// Two branches were written on one migration, and do not touch each other's tables.
    Forked,
    /// Two branches were written on one migration and change the same thing.
    Conflicting,
}

impl BreachKind {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Reordered => "reordered",
            Self::Forked => "forked",
            Self::Conflicting => "conflicting",
        }
    }
}

/// Everything that is not as it was written, in the order of the migrations. One that names no parent, as those written
/// by hand or by Drizzle, is taken to be written on the one before it.
pub fn check(folder: &Folder) -> Vec<Breach> {
    let migrations = folder.migrations();
    let mut breaches = Vec::new();
    for (at, migration) in migrations.iter().enumerate() {
        let Some(parent) = &migration.parent else { continue };
        let Some(place) = migrations.iter().position(|other| other.name == parent.name) else {
            breaches.push(missing(migration, parent));
            continue;
        };
        let other = &migrations[place];
        if place > at {
            breaches.push(reordered(migration, other));
        } else if place + 1 < at {
            breaches.push(branch(migration, other, &migrations[place + 1..at]));
        }
        if parent.chain != other.chain && parent.chain != as_written(other) {
            breaches.push(edited(migration, other, place));
        }
    }
    breaches
}

/// The chain of a migration over what it was written on, whatever has become of that. One without a parent may have been
/// the first.
fn as_written(migration: &Migration) -> Checksum {
    let before = migration.parent.as_ref().map(|parent| parent.chain);
    Checksum::of_all(before.into_iter().chain([migration.sha256]))
}

fn missing(migration: &Migration, parent: &Parent) -> Breach {
    Breach::of(
        BreachKind::Missing,
        migration,
        format!("it was written on {}, which is not in the folder", parent.name),
        "restore that from version control; a migration keeps its name".into(),
    )
}

fn reordered(migration: &Migration, parent: &Migration) -> Breach {
    let name = &migration.name;
    Breach::of(
        BreachKind::Reordered,
        migration,
        format!("it stands before {}, on which it was written", parent.name),
        format!("give it back its name, or put it behind the others with `mizzle check --rebase {name}`"),
    )
}

fn edited(migration: &Migration, parent: &Migration, place: usize) -> Breach {
    // Without a parent of its own nothing says where in the row before it the edit is.
    let or_before = if parent.parent.is_none() && place > 0 { " or one before it" } else { "" };
    Breach::of(
        BreachKind::Edited,
        migration,
        format!("{}{or_before} was changed after this was written on it", parent.name),
        format!(
            "restore {} from version control and write the change as a new migration; if it is applied nowhere, take \
             the change over with `mizzle check --rebase {}`",
            parent.name, migration.name
        ),
    )
}

fn branch(migration: &Migration, parent: &Migration, others: &[Migration]) -> Breach {
    let ours = objects([migration]);
    let theirs = objects(others);
    let shared: Vec<_> = ours.intersection(&theirs).map(String::as_str).collect();
    let names: Vec<_> = others.iter().map(|other| other.name.as_str()).collect();
    let rebase = match migration.snapshot {
        Some(_) => {
            "remove its folder and generate it again behind the others; if it is applied already, remove its \
                    snapshot.json and its line `-- mizzle: parent=…` instead"
                .to_owned()
        }
        None => format!("`mizzle check --rebase {}` puts it behind the others", migration.name),
    };
    let (kind, what, hint) = match shared[..] {
        [] => (BreachKind::Forked, String::new(), rebase),
        _ => (
            BreachKind::Conflicting,
            format!("; both change {}", shared.join(", ")),
            format!("read both, and decide what is to come of them. Then {rebase}"),
        ),
    };
    let what = format!("it was written on {}, beside {}{what}", parent.name, names.join(", "));
    Breach::of(kind, migration, what, hint)
}

/// The names of what migrations are about.
fn objects<'a>(migrations: impl IntoIterator<Item = &'a Migration>) -> BTreeSet<String> {
    let statements = migrations.into_iter().flat_map(|migration| &migration.statements);
    statements.flat_map(|statement| Shape::of(&statement.sql).objects).collect()
}

impl Breach {
    fn of(kind: BreachKind, migration: &Migration, what: String, hint: String) -> Self {
        Self { kind, migration: migration.name.clone(), file: migration.file.clone(), what, hint }
    }
}
