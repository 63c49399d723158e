//! Why a folder is refused or a run stopped.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use mizzle_connect::Conflict;
use tokio_postgres::error::DbError;

use crate::Report;

mod folder;
mod run;

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
    kind: Kind,
    report: Report,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The server, the connection to it, or another run.
    Server,
    /// The folder, or what it asks for.
    Folder,
    /// A person, to say what nobody else can know.
    Undecided,
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

    /// Whether something is wrong with the folder, or with what it asks of this database: running it again as it is will
    /// not help. Otherwise the server, the connection or another run was in the way.
    pub fn is_finding(&self) -> bool {
        self.0.kind != Kind::Server
    }

    /// Whether a person must say what became of a statement, with [`repair`](fn@crate::repair).
    pub fn is_undecided(&self) -> bool {
        self.0.kind == Kind::Undecided
    }

    fn db(&self) -> Option<&DbError> {
        self.0.source.as_deref()?.downcast_ref::<tokio_postgres::Error>()?.as_db_error()
    }
}

impl Error {
    pub(crate) fn with_report(mut self, report: Report) -> Self {
        self.0.report = report;
        self
    }

    /// An error of the server or of the connection to it. Our own hint goes before the server's.
    pub(super) fn refused(
        what: impl fmt::Display,
        source: tokio_postgres::Error,
        hint: Option<String>,
    ) -> Self {
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
        let unknown =
            "whether the statement took effect is unknown: run again, the next run asks the catalog";
        let mut error = Self::new(what).with_hint(hint.unwrap_or_else(|| unknown.into())).with_source(source);
        error.0.outcome_unknown = true;
        error
    }

    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(Box::new(Repr {
            place: None,
            what: what.into(),
            hint: None,
            source: None,
            outcome_unknown: false,
            kind: Kind::Server,
            report: Report::default(),
        }))
    }

    pub(super) fn finding(what: impl Into<String>) -> Self {
        let mut error = Self::new(what);
        error.0.kind = Kind::Folder;
        error
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(super) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }
}

/// What is wrong with a snapshot, or with reading one from a database.
impl Error {
    pub(crate) fn unreadable_snapshot(source: serde_json::Error) -> Self {
        Self::finding("this is no snapshot of a schema")
            .with_hint("restore the file from version control")
            .with_source(source)
    }

    pub(crate) fn newer_snapshot(version: u32, known: u32) -> Self {
        Self::new(format!("the snapshot has version {version}, and this mizzle reads versions up to {known}"))
            .with_hint("use the version of mizzle that wrote it, or a newer one")
    }

    pub(crate) fn declared_twice(name: &crate::snapshot::Name) -> Self {
        Self::finding(format!("two structs declare {name}"))
            .with_hint("list the one whose columns are all of the table; read a part of it with a Shape")
    }

    pub(crate) fn unreadable_declaration(source: serde_json::Error) -> Self {
        Self::finding("this is not what a schema binary prints")
            .with_hint(
                "the binary's `main` is `mizzle_kit::main(mizzle::tables![…])`, and it prints nothing else",
            )
            .with_source(source)
    }

    pub(crate) fn newer_declaration(version: u32, known: u32) -> Self {
        Self::finding(format!(
            "the declaration has version {version}, and this mizzle reads versions up to {known}"
        ))
        .with_hint("update the command to the version of mizzle-kit that the application has")
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
