//! One migration: its statements, where they stand, and what they are the sum of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::directive::{Directives, Parent};
use crate::error::Place;
use crate::folder::{FILE, SNAPSHOT, read_text};
use crate::plan::HazardKind;
use crate::split::{Cut, Piece, split};
use crate::{Checksum, Error};

/// One migration: statements that are applied one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The sum of this and all before it in the folder.
    pub chain: Checksum,
    /// The migration that it says it was written on.
    pub parent: Option<Parent>,
    /// The hazards that it says are allowed.
    pub allowed: BTreeSet<HazardKind>,
    /// The file of the schema after it, if there is one.
    pub snapshot: Option<PathBuf>,
    /// What other tools take for its sum: that of its file.
    pub(crate) file_sums: Vec<Checksum>,
}

/// One statement of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// Its text, without the comments around it and the semicolon.
    pub sql: String,
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    /// The character in that line with which it begins, from 1.
    pub column: usize,
    /// The sum of its text, and of how it is to be run where that is said.
    pub sha256: Checksum,
    /// How many rows a chunk has, if it is to run in chunks until nothing is left to change.
    pub backfill: Option<usize>,
    /// What it may hurt, as was said when it was planned: it runs once each is allowed.
    pub hazards: Vec<HazardKind>,
}

impl Migration {
    pub(crate) fn read(name: &str, folder: &Path) -> Result<Self, Error> {
        let file = folder.join(FILE);
        let text = read_text(&file)?;
        let snapshot = folder.join(SNAPSHOT);
        // Drizzle's newer folders have a snapshot too, and may have empty pieces.
        let cut = if snapshot.is_file() { Cut::Loosely } else { Cut::Strictly };
        let migration = Self::parse(name, file, &text, cut)?;
        Ok(Self { snapshot: snapshot.is_file().then_some(snapshot), ..migration })
    }

    pub(crate) fn parse(name: &str, file: PathBuf, text: &str, cut: Cut) -> Result<Self, Error> {
        let version = version(name).ok_or_else(|| Error::bad_name(&file, name))?;
        Self::numbered(name, version, file, text, cut)
    }

    pub(crate) fn numbered(
        name: &str,
        version: u64,
        file: PathBuf,
        raw: &str,
        cut: Cut,
    ) -> Result<Self, Error> {
        // Git may write CRLF on one machine and LF on another; the sums must not tell them apart.
        let text = raw.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let fault = |fault: crate::lexer::Fault| {
            let (line, column) = line_column(&text, fault.offset);
            Error::bad_statement(Place { file: file.clone(), line, column }, fault.what, fault.cure)
        };
        let mut parent = None;
        let mut allowed = BTreeSet::new();
        let mut statements = Vec::new();
        for piece in split(&text, cut).map_err(fault)? {
            let directives = Directives::read(&piece.remarks).map_err(fault)?;
            parent = parent.or(directives.parent);
            allowed.extend(directives.allowed);
            let statement = Statement::of(&text, &piece, directives.backfill);
            statements.push(Statement { hazards: directives.hazards, ..statement });
        }
        let sha256 = Checksum::of_all(statements.iter().map(|statement| statement.sha256));
        let file_sums = vec![Checksum::of(raw), Checksum::of(&text)];
        Ok(Self {
            name: name.to_owned(),
            version,
            file,
            statements,
            sha256,
            chain: sha256,
            parent,
            allowed,
            snapshot: None,
            file_sums,
        })
    }

    /// Takes its place behind what this is the chain of.
    pub(crate) fn link(&mut self, before: Option<Checksum>) {
        self.chain = Checksum::of_all(before.into_iter().chain([self.sha256]));
    }

    /// Where one of its statements begins.
    pub(crate) fn place(&self, statement: &Statement) -> Place {
        Place { file: self.file.clone(), line: statement.line, column: statement.column }
    }
}

impl Statement {
    fn of(text: &str, piece: &Piece<'_>, backfill: Option<usize>) -> Self {
        let (line, column) = line_column(text, piece.offset);
        let sha256 = match backfill {
            // The size of a chunk changes nothing of what is done.
            Some(_) => Checksum::of(&format!("backfill\n{}", piece.sql)),
            None => Checksum::of(piece.sql),
        };
        Self { sql: piece.sql.to_owned(), line, column, sha256, backfill, hazards: Vec::new() }
    }

    /// The beginning of its text, enough to know it by.
    pub fn title(&self) -> &str {
        const LIMIT: usize = 80;
        let line = self.sql.lines().next().unwrap_or_default();
        line[..line.floor_char_boundary(LIMIT)].trim_end_matches([' ', '('])
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

/// The number in front of the underscore: a time such as 20261122101500, or a count such as 0000.
pub(crate) fn version(name: &str) -> Option<u64> {
    let (digits, rest) = name.split_once('_')?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (all_digits && !rest.is_empty()).then(|| digits.parse().ok())?
}

/// Line and column, both from 1, the column in characters.
pub(crate) fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use crate::Folder;

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
    fn a_title_is_the_beginning_of_a_statement() {
        let title = |sql: &str| {
            let folder = Folder::embedded(&[("0_a", sql)]).expect("a good statement");
            folder.migrations()[0].statements[0].title().to_owned()
        };
        assert_eq!(title("CREATE TABLE owner (\n  id uuid\n)"), "CREATE TABLE owner");
        assert_eq!(title(&"é".repeat(100)), "é".repeat(40));
    }

    #[test]
    fn running_in_chunks_is_part_of_the_sum_and_their_size_is_not() {
        let sum = |text: &str| Folder::embedded(&[("0_a", text)]).expect("good").migrations()[0].sha256;
        assert_ne!(sum("UPDATE t SET a = 1"), sum("-- mizzle: backfill\nUPDATE t SET a = 1"));
        assert_eq!(
            sum("-- mizzle: backfill chunk=9\nDELETE FROM t"),
            sum("-- mizzle: backfill\nDELETE FROM t")
        );
    }
}
