//! Why a folder is refused or a run stopped.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use mizzle_connect::Conflict;
use tokio_postgres::error::{DbError, ErrorPosition};

use crate::{Migration, Report, Statement};

/// Why a folder is refused or a run stopped.
///
/// `Display` names the file and, where there is one, the line and column, and quotes a server's refusal with its
/// SQLSTATE. [`source`](StdError::source) holds the cause, [`hint`](Error::hint) the cure and
/// [`report`](Error::report) what the run had applied.
pub struct Error(Box<Repr>);

struct Repr {
    place: Option<Place>,
    what: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    outcome_unknown: bool,
    report: Report,
}

/// A place in a migration's file; line and column count from 1.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The file that the error is about, if it is about one place in one.
    pub fn file(&self) -> Option<&Path> {
        self.0.place.as_ref().map(|place| place.file.as_path())
    }

    /// The line of [`file`](Error::file), from 1.
    pub fn line(&self) -> Option<usize> {
        self.0.place.as_ref().map(|place| place.line)
    }

    /// What the run had applied when it stopped; that stays applied.
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The server's five-character SQLSTATE, when it was the server that refused.
    pub fn sql_state(&self) -> Option<&str> {
        self.db().map(|db| db.code().code())
    }

    /// Whether a statement may have taken effect although no answer said so.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    fn db(&self) -> Option<&DbError> {
        self.0.source.as_deref()?.downcast_ref::<tokio_postgres::Error>()?.as_db_error()
    }
}

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
        Self::new(format!("{}: {name:?} is not the name of a migration", path.display())).with_hint(
            "a migration's folder is called <digits>_<name>, such as 20261122101500_init or 0000_init",
        )
    }

    pub(crate) fn loose_file(path: &Path, name: &str) -> Self {
        let stem = name.trim_end_matches(".sql");
        Self::new(format!("{} is not in a folder of its own", path.display()))
            .with_hint(format!("move it to {stem}/migration.sql"))
    }

    pub(crate) fn duplicate_version(first: &str, second: &str) -> Self {
        Self::new(format!("migrations {first} and {second} have the same number"))
            .with_hint("give the later one a higher number")
    }

    pub(crate) fn bad_statement(place: Place, what: &str, cure: &str) -> Self {
        Self::new(what).at(place).with_hint(cure)
    }
}

/// Where a folder's history and the database's part.
impl Error {
    pub(crate) fn missing_migration(name: &str) -> Self {
        Self::new(format!("migration {name} is applied but missing from the folder"))
            .with_hint("restore its folder from version control; an applied migration keeps its name")
    }

    pub(crate) fn out_of_order(pending: &Migration, applied: &str) -> Self {
        Self::new(format!("migration {} comes before {applied}, which is already applied", pending.name))
            .with_hint("give it a number higher than that of every applied migration")
    }

    pub(crate) fn changed_statement(migration: &Migration, statement: &Statement) -> Self {
        Self::new("the statement was changed after it was applied")
            .at(migration.place(statement))
            .with_hint("restore it from version control, and write the change as a new migration")
    }

    pub(crate) fn added_statement(migration: &Migration, statement: &Statement) -> Self {
        Self::new("the statement was added after the migration was applied")
            .at(migration.place(statement))
            .with_hint("move it to a new migration")
    }

    pub(crate) fn removed_statement(migration: &Migration, ordinal: usize) -> Self {
        let file = migration.file.display();
        Self::new(format!("{file}: statement {} was removed after it was applied", ordinal + 1))
            .with_hint("restore it from version control, and write the change as a new migration")
    }

    pub(crate) fn missing_record(migration: &Migration, ordinal: usize) -> Self {
        let file = migration.file.display();
        Self::new(format!("{file}: statement {} has no record, though later ones have", ordinal + 1))
            .with_hint("somebody changed the tracking table; restore the row, or remove those behind it if they are wrong")
    }
}

/// What went wrong on the way to the server and back.
impl Error {
    pub(crate) fn journal(table: &str, source: tokio_postgres::Error) -> Self {
        let hint = match code(&source) {
            Some("3F000") => Some("create the schema first, or name another one for the tracking table"),
            Some("42501") => Some(
                "as admin grant USAGE and CREATE on the schema, or name another one for the tracking table",
            ),
            _ => None,
        };
        Self::refused(format!("tracking table {table}"), source, hint.map(str::to_owned))
    }

    /// `record` is the statement that records this one, if it may have taken effect in an earlier run.
    pub(crate) fn statement(
        migration: &Migration,
        statement: &Statement,
        source: tokio_postgres::Error,
        record: Option<String>,
    ) -> Self {
        let mut place = migration.place(statement);
        if let Some(ErrorPosition::Original(position)) = source.as_db_error().and_then(DbError::position) {
            (place.line, place.column) = statement.locate(*position);
        }
        let looks_applied = code(&source).is_some_and(|code| looks_applied(code, &statement.sql));
        let hint = record.filter(|_| looks_applied).map(|record| {
            format!(
                "an earlier run may have applied this statement and ended before it was recorded. Compare the database \
                 with the file: if they agree, record it with `{record}` and run again; if not, undo what differs first"
            )
        });
        Self::refused("the server refused the statement", source, hint).at(place)
    }

    pub(crate) fn record(
        migration: &Migration,
        statement: &Statement,
        source: tokio_postgres::Error,
        insert: &str,
    ) -> Self {
        let hint = if code(&source) == Some("23505") {
            "another run is applying the same migrations: let it finish, then run again".to_owned()
        } else {
            format!("the statement itself was applied: record it with `{insert}`, then run again")
        };
        Self::refused("the statement was applied but not recorded", source, Some(hint))
            .at(migration.place(statement))
    }

    pub(crate) fn wait(
        migration: &Migration,
        statement: &Statement,
        job: &str,
        source: tokio_postgres::Error,
    ) -> Self {
        let hint = format!("look at it with `SELECT * FROM sys.jobs WHERE job_id = '{job}'`");
        Self::refused(format!("job {job} was begun, but not waited for to its end"), source, Some(hint))
            .at(migration.place(statement))
    }

    pub(crate) fn job(
        migration: &Migration,
        statement: &Statement,
        job: &str,
        details: Option<&str>,
    ) -> Self {
        let details = details.unwrap_or("sys.jobs tells no reason");
        // A failed index stays, is invalid, and still refuses duplicates (AWS user guide, "Asynchronous indexes").
        let hint = if names(&statement.sql, "INDEX") {
            "drop the index, which stays but is invalid, with DROP INDEX IF EXISTS; remove the cause, and run again"
        } else {
            "remove the cause, and run again"
        };
        Self::new(format!("job {job} did not succeed: {details}"))
            .at(migration.place(statement))
            .with_hint(hint)
    }

    pub(crate) fn with_report(mut self, report: Report) -> Self {
        self.0.report = report;
        self
    }

    /// An error of the server or of the connection to it. Our own hint goes before the server's.
    fn refused(what: impl fmt::Display, source: tokio_postgres::Error, hint: Option<String>) -> Self {
        let Some(db) = source.as_db_error() else {
            return Self::lost("the connection was lost before the server answered".into(), source, hint);
        };
        let code = db.code().code();
        let what = format!("{what}: {} ({code})", db.message());
        if is_open(code) {
            return Self::lost(what, source, hint);
        }
        let hint = hint.or_else(|| db.hint().map(str::to_owned)).or_else(|| {
            Conflict::of_db_error(db)
                .map(|_| "other transactions kept winning: run again when fewer of them run".to_owned())
        });
        let mut error = Self::new(what).with_source(source);
        error.0.hint = hint;
        error
    }

    fn lost(what: String, source: tokio_postgres::Error, hint: Option<String>) -> Self {
        let unknown = "whether the statement took effect is unknown: look before running again";
        let mut error = Self::new(what).with_hint(hint.unwrap_or_else(|| unknown.into())).with_source(source);
        error.0.outcome_unknown = true;
        error
    }

    fn new(what: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            place: None,
            what: what.into(),
            hint: None,
            source: None,
            outcome_unknown: false,
            report: Report::default(),
        }))
    }

    fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }
}

/// What is wrong with a snapshot, or with reading one from a database.
impl Error {
    pub(crate) fn unreadable_snapshot(source: serde_json::Error) -> Self {
        Self::new(format!("this is no snapshot of a schema: {source}"))
            .with_hint("restore the file from version control")
            .with_source(source)
    }

    pub(crate) fn newer_snapshot(version: u32, known: u32) -> Self {
        Self::new(format!("the snapshot has version {version}, and this mizzle reads versions up to {known}"))
            .with_hint("use the version of mizzle that wrote it, or a newer one")
    }

    pub(crate) fn introspection(source: tokio_postgres::Error) -> Self {
        Self::refused("the schema cannot be read", source, None)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { file, line, column }) = &self.0.place {
            write!(f, "{}:{line}:{column}: ", file.display())?;
        }
        f.write_str(&self.0.what)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("what", &self.to_string())
            .field("hint", &self.0.hint)
            .field("source", &self.0.source)
            .field("report", &self.0.report)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

fn code(error: &tokio_postgres::Error) -> Option<&str> {
    error.as_db_error().map(|db| db.code().code())
}

/// Whether a SQLSTATE leaves open what became of the statement: the connection or the server went away, or "server
/// unavailable" (XX000), which may come at COMMIT (AWS user guide, "Troubleshooting").
fn is_open(code: &str) -> bool {
    code == "XX000" || code.starts_with("08") || code.starts_with("57P")
}

/// Whether a refusal is what a statement meets that has taken effect before: the table, column, object or schema is
/// there already, or, for one that drops, is no longer there.
fn looks_applied(code: &str, sql: &str) -> bool {
    match code {
        "42P07" | "42701" | "42710" | "42P06" => true,
        "42P01" | "42703" | "42704" | "3F000" => names(sql, "DROP"),
        _ => false,
    }
}

/// Whether a keyword stands in a statement; a name or a text that says the same is taken for it too.
fn names(sql: &str, keyword: &str) -> bool {
    sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_applied_depends_on_the_statement() {
        assert!(looks_applied("42P07", "CREATE TABLE t (x int)"));
        assert!(looks_applied("42P01", "drop table t"));
        assert!(looks_applied("42703", "ALTER TABLE t DROP COLUMN x"));
        assert!(!looks_applied("42P01", "ALTER TABLE t ADD COLUMN x int"));
        assert!(!looks_applied("23505", "DROP TABLE t"));
    }
}
