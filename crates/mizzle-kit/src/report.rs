//! What a run does while it runs, and what it has done.

use std::fmt;
use std::time::Duration;

use crate::{Migration, Statement};

/// Something that a run does. `Display` is the line that a person reads.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A migration with pending statements begins.
    #[non_exhaustive]
    Applying {
        /// The migration.
        migration: &'a Migration,
    },
    /// A statement lost to another transaction and runs again.
    #[non_exhaustive]
    Retrying {
        /// Its migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
        /// How often it ran so far.
        attempt: u32,
    },
    /// A statement began a job, which is waited for.
    #[non_exhaustive]
    Waiting {
        /// The statement's migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
        /// The job's id in `sys.jobs`.
        job: &'a str,
    },
    /// A statement has taken effect and is recorded.
    #[non_exhaustive]
    Applied {
        /// Its migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
        /// How long it took, its job included.
        took: Duration,
    },
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Applying { migration } => write!(f, "Applying migration: {}", migration.name),
            Self::Retrying { statement, attempt, .. } => {
                write!(f, "  conflict in line {}, attempt {}", statement.line, attempt + 1)
            }
            Self::Waiting { statement, job, .. } => {
                write!(f, "  waiting for job {job} of line {}", statement.line)
            }
            Self::Applied { statement, took, .. } => {
                write!(f, "  {} ({:.1} s)", title(&statement.sql), took.as_secs_f64())
            }
        }
    }
}

/// The beginning of a statement, enough to know it by.
fn title(sql: &str) -> &str {
    const LIMIT: usize = 80;
    let line = sql.lines().next().unwrap_or_default();
    line[..line.floor_char_boundary(LIMIT)].trim_end_matches([' ', '('])
}

/// What a run has applied. `Display` is one sentence about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The migrations that the run applied statements of, in order.
    pub migrations: Vec<AppliedMigration>,
}

/// How much of a migration a run has applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedMigration {
    /// Its name.
    pub name: String,
    /// How many of its statements this run applied.
    pub statements: usize,
    /// Whether all its statements are applied now.
    pub complete: bool,
}

impl Report {
    /// Whether the run found nothing to apply.
    pub fn is_empty(&self) -> bool {
        self.migrations.is_empty()
    }

    /// How many statements the run applied.
    pub fn statements(&self) -> usize {
        self.migrations.iter().map(|migration| migration.statements).sum()
    }

    pub(crate) fn add(&mut self, migration: &Migration, complete: bool) {
        match self.migrations.last_mut().filter(|last| last.name == migration.name) {
            Some(last) => {
                last.statements += 1;
                last.complete = complete;
            }
            None => self.migrations.push(AppliedMigration {
                name: migration.name.clone(),
                statements: 1,
                complete,
            }),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        match (self.statements(), self.migrations.len()) {
            (0, _) => f.write_str("Nothing to apply"),
            (statements, migrations) => write!(
                f,
                "Applied {statements} statement{} of {migrations} migration{}",
                plural(statements),
                plural(migrations)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_beginning_of_a_statement() {
        assert_eq!(title("CREATE TABLE owner (\n  id uuid\n)"), "CREATE TABLE owner");
        assert_eq!(title(&"é".repeat(100)), "é".repeat(40));
    }
}
