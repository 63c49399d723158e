//! What stopped a run.

use tokio_postgres::error::{DbError, ErrorPosition};

use super::{Error, Kind, code};
use crate::journal::Journal;
use crate::lease::Stop;
use crate::run::Step;
use crate::shape::Job;

impl Error {
    pub(crate) fn connect(source: mizzle::Error) -> Self {
        let hint = source.hint().map(str::to_owned);
        let error = Self::new("there is no connection to migrate on").with_source(source);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    pub(crate) fn no_schema(source: tokio_postgres::Error) -> Self {
        Self::refused("the schema of the tracking table cannot be looked up", source, None)
    }

    pub(crate) fn journal(journal: Journal<'_>, source: tokio_postgres::Error) -> Self {
        let hint = match code(&source) {
            Some("3F000") => Some("create the schema first, or name another one for the tracking table"),
            Some("42501") => Some(
                "as admin grant USAGE and CREATE on the schema, or name another one for the tracking table",
            ),
            _ => None,
        };
        Self::refused(format!("tracking table {}", journal.table()), source, hint.map(str::to_owned))
    }

    /// The server said no to a migration's own statement.
    pub(crate) fn statement(step: Step<'_>, source: tokio_postgres::Error) -> Self {
        let mut place = step.migration.place(step.statement);
        if let Some(ErrorPosition::Original(position)) = source.as_db_error().and_then(DbError::position) {
            (place.line, place.column) = step.statement.locate(*position);
        }
        let name = step.name();
        let hint = match code(&source) {
            Some(code) if looks_applied(code, &step.statement.sql) => Some(format!(
                "if what is there is what the statement makes, record it with `mizzle repair --applied {name}` and run \
                 again; if not, undo what differs first"
            )),
            Some("54000") => Some(
                "a transaction takes 3,000 rows, two of them the record's and the lease's: put `-- mizzle: backfill` in front of a \
                 statement that changes more"
                    .into(),
            ),
            _ => None,
        };
        let mut error = Self::refused("the server refused the statement", source, hint).at(place);
        if !error.is_outcome_unknown() && error.sql_state() != Some("40001") {
            error.0.kind = Kind::Folder;
            if error.hint().is_none() {
                // Classes 22 and 23: a value that does not fit, a constraint that does not hold.
                let is_data =
                    error.sql_state().is_some_and(|state| state.starts_with("22") || state.starts_with("23"));
                let cure = if is_data {
                    "mend the rows, or correct the statement,"
                } else {
                    "correct the statement"
                };
                error =
                    error.with_hint(format!("{cure} and run `mizzle migrate` again: it goes on from there"));
            }
        }
        error
    }

    pub(crate) fn record(step: Step<'_>, source: tokio_postgres::Error) -> Self {
        Self::refused("the statement was not recorded", source, Some("run `mizzle migrate` again".into()))
            .at(step.migration.place(step.statement))
    }

    pub(crate) fn catalog(step: Step<'_>, source: tokio_postgres::Error) -> Self {
        Self::refused("what the statement changes cannot be looked up", source, None)
            .at(step.migration.place(step.statement))
    }

    pub(crate) fn wait(step: Step<'_>, job: Option<&str>, source: tokio_postgres::Error) -> Self {
        let job = job.unwrap_or("of the statement");
        let hint = "run `mizzle migrate` again: it goes on waiting for the job".to_owned();
        Self::refused(format!("job {job} was begun, but not waited for to its end"), source, Some(hint))
            .at(step.migration.place(step.statement))
    }

    pub(crate) fn job(step: Step<'_>, job: &Job, id: Option<&str>, details: &str) -> Self {
        let id = id.unwrap_or("of the statement");
        let hint = match job {
            Job::Index { .. } => {
                "mend the rows and run `mizzle migrate` again: the index, which is left invalid, is dropped and built anew"
            }
            Job::Validate { .. } => {
                "mend the rows, or write an UPDATE that does, with `-- mizzle: backfill` in front of it, directly above this \
                 statement; then run `mizzle migrate` again: it goes on from there"
            }
        };
        Self::finding(format!("job {id} did not succeed: {details}"))
            .at(step.migration.place(step.statement))
            .with_hint(hint)
    }

    pub(crate) fn lease_lost(step: Step<'_>) -> Self {
        Self::new("another run took over, because this one was silent for too long")
            .at(step.migration.place(step.statement))
            .with_hint("let the other one finish, then run `mizzle migrate` again")
    }

    pub(crate) fn stopped(journal: Journal<'_>, step: Step<'_>, stop: Stop) -> Self {
        match stop {
            Stop::Lost => Self::lease_lost(step),
            Stop::Refused { source, .. } => Self::journal(journal, source),
        }
    }

    pub(crate) fn at_work(runner: &str) -> Self {
        Self::new(format!("{runner} is at work"))
            .with_hint("let it finish; if it is dead, let the next one in with `mizzle repair --unlock`")
    }

    pub(crate) fn not_adopted(journal: Journal<'_>, stop: Stop) -> Self {
        match stop {
            Stop::Lost => Self::new("another run took over, because this one was silent for too long"),
            Stop::Refused { source, .. } => Self::journal(journal, source),
        }
    }

    pub(crate) fn undecided(step: Step<'_>) -> Self {
        let name = step.name();
        let mut error = Self::new(
            "an earlier run ended at this statement, and nothing in the catalog shows whether it happened",
        )
        .at(step.migration.place(step.statement))
        .with_hint(format!(
            "look, then say so: `mizzle repair --applied {name}` or `mizzle repair --again {name}`"
        ));
        error.0.kind = Kind::Undecided;
        error
    }

    pub(crate) fn no_key(step: Step<'_>, table: &str) -> Self {
        Self::finding(format!("a backfill of {table} has no primary key to go along"))
            .at(step.migration.place(step.statement))
            .with_hint(
                "choose the rows by a condition that no longer holds for them afterwards, with a LIMIT",
            )
    }

    pub(crate) fn endless(step: Step<'_>) -> Self {
        Self::finding("the backfill does not end: what it has changed still fulfils its condition")
            .at(step.migration.place(step.statement))
            .with_hint("write a condition that no longer holds for a row that was changed, such as `WHERE new IS NULL`")
    }
}

impl Step<'_> {
    /// As commands name it: `0000_init:2`.
    fn name(&self) -> String {
        format!("{}:{}", self.migration.name, self.ordinal + 1)
    }
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
