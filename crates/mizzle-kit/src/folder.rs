//! Migrations as they stand on disk or in the program, checked before anything runs.
//!
//! ```text
//! migrations/
//! ├── 20261122101500_init/migration.sql      <digits>_<name>, in the order of their numbers
//! └── 20261122103000_pets/migration.sql      statements separated by `--> statement-breakpoint`
//! ```

use std::path::{Path, PathBuf};

use crate::error::Place;
use crate::split::{Piece, split};
use crate::{Checksum, Error};

/// The file of statements in a migration's folder.
const FILE: &str = "migration.sql";

/// All migrations of a program, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    migrations: Vec<Migration>,
}

/// One migration: statements that are applied one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The name of its folder, such as `0000_init`.
    pub name: String,
    /// The number that the name begins with.
    pub version: u64,
    /// Its file, for messages.
    pub file: PathBuf,
    /// What it does, at least one statement.
    pub statements: Vec<Statement>,
    /// The sum of its statements' sums.
    pub sha256: Checksum,
}

/// One statement of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its text, without the comments around it and the semicolon.
    pub sql: String,
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    /// The character in that line with which it begins, from 1.
    pub column: usize,
    /// The sum of its text.
    pub sha256: Checksum,
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
        let mut migrations = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?.path();
            if let Some(name) = migration_name(&entry)? {
                let file = entry.join(FILE);
                let text = read_text(&file)?;
                migrations.push(Migration::parse(&name, file, &text)?);
            }
        }
        Self::of(migrations)
    }

    /// Migrations that are part of the program: names and texts, such as
    /// `("0000_init", include_str!("../migrations/0000_init/migration.sql"))`.
    ///
    /// # Errors
    /// As [`read`](Folder::read).
    pub fn embedded(migrations: &[(&str, &str)]) -> Result<Self, Error> {
        let parse = |(name, text): &(&str, &str)| Migration::parse(name, Path::new(name).join(FILE), text);
        Self::of(migrations.iter().map(parse).collect::<Result<_, _>>()?)
    }

    /// The migrations, in the order in which they are applied.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    fn of(mut migrations: Vec<Migration>) -> Result<Self, Error> {
        // By number and not by text, so that 10 comes after 9.
        migrations.sort_by(|a, b| (a.version, &a.name).cmp(&(b.version, &b.name)));
        if let Some(pair) = migrations.windows(2).find(|pair| pair[0].version == pair[1].version) {
            return Err(Error::duplicate_version(&pair[0].name, &pair[1].name));
        }
        Ok(Self { migrations })
    }
}

impl Migration {
    fn parse(name: &str, file: PathBuf, text: &str) -> Result<Self, Error> {
        let version = version(name).ok_or_else(|| Error::bad_name(&file, name))?;
        // Git may write CRLF on one machine and LF on another; the sums must not tell them apart.
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let pieces = split(&text).map_err(|fault| {
            let (line, column) = line_column(&text, fault.offset);
            Error::bad_statement(Place { file: file.clone(), line, column }, fault.what, fault.cure)
        })?;
        let statements: Vec<_> = pieces.iter().map(|piece| Statement::of(&text, piece)).collect();
        let sha256 = Checksum::of_all(statements.iter().map(|statement| statement.sha256));
        Ok(Self { name: name.to_owned(), version, file, statements, sha256 })
    }

    /// Where one of its statements begins.
    pub(crate) fn place(&self, statement: &Statement) -> Place {
        Place { file: self.file.clone(), line: statement.line, column: statement.column }
    }
}

impl Statement {
    fn of(text: &str, piece: &Piece<'_>) -> Self {
        let (line, column) = line_column(text, piece.offset);
        Self { sql: piece.sql.to_owned(), line, column, sha256: Checksum::of(piece.sql) }
    }

    /// The line and column of the file at a position in the statement, which the server counts in characters from 1.
    pub(crate) fn locate(&self, position: u32) -> (usize, usize) {
        let before = usize::try_from(position).map_or(0, |position| position.saturating_sub(1));
        let offset = self.sql.char_indices().nth(before).map_or(self.sql.len(), |(offset, _)| offset);
        match line_column(&self.sql, offset) {
            (1, column) => (self.line, self.column + column - 1),
            (line, column) => (self.line + line - 1, column),
        }
    }
}

/// The name of a migration's folder, or nothing for an entry that is none of ours.
fn migration_name(entry: &Path) -> Result<Option<String>, Error> {
    let Some(name) = entry.file_name().and_then(|name| name.to_str()) else {
        return Err(Error::bad_name(entry, &entry.to_string_lossy()));
    };
    let is_folder = std::fs::metadata(entry).map_err(|source| Error::unreadable(entry, source))?.is_dir();
    match (name.starts_with('.'), is_folder) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(name.to_owned())),
        (false, false) if name.ends_with(".sql") => Err(Error::loose_file(entry, name)),
        (false, false) => Ok(None),
    }
}

fn read_text(file: &Path) -> Result<String, Error> {
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

/// The number in front of the underscore: a time such as 20261122101500, or a count such as 0000.
fn version(name: &str) -> Option<u64> {
    let (digits, rest) = name.split_once('_')?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (all_digits && !rest.is_empty()).then(|| digits.parse().ok())?
}

/// Line and column, both from 1, the column in characters.
fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_knows_its_line_and_column() {
        let text = "-- owners\nCREATE TABLE a (x int);--> statement-breakpoint\n  SELECT 'é',\n  oops";
        let folder = Folder::embedded(&[("0000_init", text)]).expect("two good statements");
        let second = &folder.migrations()[0].statements[1];
        assert_eq!((second.line, second.column), (3, 3));
        assert_eq!(second.locate(8), (3, 10));
        let oops = second.sql.chars().position(|c| c == 'o').expect("it is there") + 1;
        assert_eq!(second.locate(oops as u32), (4, 3));
        assert_eq!(second.locate(10_000), (4, 7));
    }

    #[test]
    fn line_endings_and_marks_do_not_change_a_sum() {
        let sum = |text| Folder::embedded(&[("0_a", text)]).expect("a good statement").migrations[0].sha256;
        assert_eq!(sum("SELECT\n1;\n"), sum("\u{feff}SELECT\r\n1"));
        assert_ne!(sum("SELECT\n1"), sum("SELECT 1"));
    }
}
