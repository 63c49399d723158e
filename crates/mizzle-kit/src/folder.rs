//! Migrations as they stand on disk or in the program, checked before anything runs.
//!
//! ```text
//! migrations/
//! ├── 0000_init/migration.sql                <digits>_<name>, in the order of their numbers
//! ├── 20261122103000_pets/migration.sql      statements separated by `--> statement-breakpoint`
//! └── 20261122103000_pets/snapshot.json      the schema after it, if it was generated
//! ```
//!
//! Drizzle's folders are read as well, the newer ones, which look the same, and those with a `meta/_journal.json`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::check::{Breach, BreachKind, check};
use crate::error::Place;
use crate::migration::line_column;
use crate::snapshot::Snapshot;
use crate::split::Cut;
use crate::{Error, Migration, drizzle, write};

/// The file of statements in a migration's folder.
pub(crate) const FILE: &str = "migration.sql";

/// The file of the schema that a migration leads to.
pub(crate) const SNAPSHOT: &str = "snapshot.json";

/// All migrations of a program, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    root: Option<PathBuf>,
    migrations: Vec<Migration>,
}

impl Folder {
    /// Reads a folder. Hidden entries and plain files such as a README are left alone.
    ///
    /// # Errors
    /// When a file cannot be read or is not UTF-8, a folder's name does not begin with a number and an underscore,
    /// two have the same number, or a file holds anything but single statements between separators. The error names
    /// the file, and the line and column where there is one.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let unreadable = |source| Error::unreadable(path, source);
        let journal = drizzle::journal(path)?;
        let mut migrations = journal.as_ref().map_or(Ok(Vec::new()), |journal| journal.migrations(path))?;
        let counted = migrations.len();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?.path();
            let belongs_to_journal = journal.as_ref().is_some_and(|journal| journal.knows(&entry));
            if let Some(name) =
                if belongs_to_journal { None } else { migration_name(&entry, journal.is_some())? }
            {
                migrations.push(Migration::read(&name, &entry)?);
            }
        }
        Self::of(Some(path.to_owned()), migrations, counted)
    }

    /// Reads a folder, or takes one that is not there for an empty one, which [`write`](Folder::write) makes.
    ///
    /// # Errors
    /// As [`read`](Folder::read).
    pub fn read_or_new(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        match path.try_exists() {
            Ok(false) => Self::of(Some(path.to_owned()), Vec::new(), 0),
            _ => Self::read(path),
        }
    }

    /// Migrations that are part of the program: names and texts, as `mizzle::migrations!("migrations")` gives them.
    ///
    /// # Errors
    /// As [`read`](Folder::read).
    pub fn embedded(migrations: &[(&str, &str)]) -> Result<Self, Error> {
        let parse = |(name, text): &(&str, &str)| {
            Migration::parse(name, Path::new(name).join(FILE), text, Cut::Loosely)
        };
        Self::of(None, migrations.iter().map(parse).collect::<Result<_, _>>()?, 0)
    }

    /// The migrations, in the order in which they are applied.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// The migration of this name.
    pub fn migration(&self, name: &str) -> Option<&Migration> {
        self.migrations.iter().find(|migration| migration.name == name)
    }

    /// Where it was read from; nothing for one that is part of the program.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Writes a migration behind all others and returns it: `<root>/<yyyymmddhhmmss>_<name>/migration.sql` with its
    /// parent in the first line, and `snapshot.json` beside it if there is one.
    ///
    /// `name` becomes small letters, digits and underscores. `sql` is what [`read`](Folder::read) takes, and is checked
    /// before anything is written. The time is UTC; behind a migration of the future the number is one more than that.
    ///
    /// # Errors
    /// When the name has no letter or digit, the text is no migration, or a file cannot be written.
    pub fn write(&mut self, name: &str, sql: &str, snapshot: Option<&str>) -> Result<&Migration, Error> {
        let migration = write::migration(self, name, sql, snapshot, SystemTime::now())?;
        Ok(self.push(migration))
    }

    /// Writes a migration behind all others that somebody is to fill in, and answers its file. Until it has a statement the
    /// folder is refused there.
    ///
    /// # Errors
    /// When the name has no letter or digit, or the file cannot be written.
    pub fn draft(&self, name: &str) -> Result<PathBuf, Error> {
        write::draft(self, name, SystemTime::now())
    }

    /// The schema after the last migration, by its snapshot; that of nothing for an empty folder, and none where the
    /// migration has no snapshot of ours, being written by hand or by another tool, or one of the folder's branches alone.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn schema(&self) -> Result<Option<Snapshot>, Error> {
        let Some(last) = self.migrations.last() else { return Ok(Some(Snapshot::default())) };
        let Some(path) = &last.snapshot else { return Ok(None) };
        let is_branch = |breach: &Breach| matches!(breach.kind, BreachKind::Forked | BreachKind::Conflicting);
        if check(self).iter().any(is_branch) {
            return Ok(None);
        }
        let text = read_text(path)?;
        if drizzle::is_snapshot(&text) {
            return Ok(None);
        }
        Snapshot::from_json(&text).map(Some).map_err(|error| Error::bad_snapshot(path, &error))
    }

    /// Puts a migration behind all others: the last of them becomes its parent, and it gets a new number if it needs one.
    ///
    /// # Errors
    /// When there is no such migration, it has a snapshot, which would miss what the others do, or a file cannot be written.
    pub fn rebase(&mut self, name: &str) -> Result<&Migration, Error> {
        let migration = write::rebase(self, name, SystemTime::now())?;
        self.migrations.retain(|other| other.name != name);
        Ok(self.push(migration))
    }

    /// Removes the folder of the last migration and returns it. Whether it is applied somewhere is for the caller to know.
    ///
    /// # Errors
    /// When the folder has none, or its files cannot be removed.
    pub fn undo(&mut self) -> Result<Migration, Error> {
        let root = self.root.as_deref().ok_or_else(Error::not_on_disk)?;
        let last = self.migrations.last().ok_or_else(|| Error::nothing_to_undo(root))?;
        let path = root.join(&last.name);
        if last.file.parent() != Some(&path) {
            return Err(Error::undo_of_a_journal(&last.file));
        }
        std::fs::remove_dir_all(&path).map_err(|source| Error::unwritable(&path, source))?;
        Ok(self.migrations.remove(self.migrations.len() - 1))
    }

    fn push(&mut self, migration: Migration) -> &Migration {
        self.migrations.push(migration);
        self.link();
        &self.migrations[self.migrations.len() - 1]
    }

    /// The first `counted` keep their places: Drizzle's journal says their order.
    fn of(root: Option<PathBuf>, mut migrations: Vec<Migration>, counted: usize) -> Result<Self, Error> {
        // By number and not by text, so that 10 comes after 9.
        migrations[counted..].sort_by(|a, b| (a.version, &a.name).cmp(&(b.version, &b.name)));
        let same = migrations[counted..].windows(2).find(|pair| pair[0].version == pair[1].version);
        if let Some(pair) = same {
            return Err(Error::duplicate_version(&pair[0].name, &pair[1].name));
        }
        let mut folder = Self { root, migrations };
        folder.link();
        Ok(folder)
    }

    fn link(&mut self) {
        let mut chain = None;
        for migration in &mut self.migrations {
            migration.link(chain);
            chain = Some(migration.chain);
        }
    }
}

/// The name of a migration's folder, or nothing for an entry that is none of ours.
fn migration_name(entry: &Path, has_journal: bool) -> Result<Option<String>, Error> {
    let Some(name) = entry.file_name().and_then(|name| name.to_str()) else {
        return Err(Error::bad_name(entry, &entry.to_string_lossy()));
    };
    let is_folder = std::fs::metadata(entry).map_err(|source| Error::unreadable(entry, source))?.is_dir();
    match (name.starts_with('.'), is_folder) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(name.to_owned())),
        (false, false) if name.ends_with(".sql") && has_journal => Err(Error::not_in_journal(entry)),
        (false, false) if name.ends_with(".sql") => Err(Error::loose_file(entry, name)),
        (false, false) => Ok(None),
    }
}

pub(crate) fn read_text(file: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(file).map_err(|source| Error::unreadable(file, source))?;
    String::from_utf8(bytes).map_err(|error| {
        let readable = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let (line, column) = line_column(&readable, readable.len());
        Error::bad_statement(
            Place { file: file.to_owned(), line, column },
            "the file is not UTF-8",
            "save it as UTF-8",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_and_marks_do_not_change_a_sum() {
        let sum = |text| Folder::embedded(&[("0_a", text)]).expect("a good statement").migrations[0].sha256;
        assert_eq!(sum("SELECT\n1;\n"), sum("\u{feff}SELECT\r\n1"));
        assert_ne!(sum("SELECT\n1"), sum("SELECT 1"));
    }

    #[test]
    fn a_chain_holds_everything_before() {
        let chains = |texts: &[(&str, &str)]| -> Vec<_> {
            let folder = Folder::embedded(texts).expect("good migrations");
            folder.migrations.iter().map(|migration| migration.chain).collect()
        };
        let two = chains(&[("0_a", "A"), ("1_b", "B")]);
        assert_eq!(two[..1], chains(&[("0_a", "A")]));
        assert_ne!(two[1], chains(&[("0_a", "X"), ("1_b", "B")])[1]);
        assert_ne!(two[1], chains(&[("1_b", "B")])[0]);
    }
}
