//! What a run does while it runs, and what it has done.

use std::fmt;
use std::time::Duration;

use crate::{Checksum, Migration, Statement};

/// Something that a run does. `Display` is the line that a person reads.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another run is at work, which is waited for.
    #[non_exhaustive]
    Queueing {
        /// Who it is.
        runner: &'a str,
        /// How long it may be silent before its place is taken.
        left: Duration,
    },
    /// Migrations were taken over from another tool's records.
    #[non_exhaustive]
    Adopted {
        /// How many.
        migrations: usize,
        /// The table of the records.
        from: &'a str,
    },
    /// A migration with pending statements begins.
    #[non_exhaustive]
    Applying {
        /// The migration.
        migration: &'a Migration,
    },
    /// A statement is on record as begun, and is sent next.
    #[non_exhaustive]
    Starting {
        /// Its migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
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
    /// The server has answered a statement.
    #[non_exhaustive]
    Answered {
        /// Its migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
    },
    /// A statement began a job, which is waited for; told again while it goes on.
    #[non_exhaustive]
    Waiting {
        /// The statement's migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
        /// The job's id in `sys.jobs`, where it is known.
        job: Option<&'a str>,
        /// How long it is waited for by now.
        since: Duration,
    },
    /// A chunk of a backfill is done.
    #[non_exhaustive]
    Backfilled {
        /// The statement's migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
        /// How many rows were changed until now, in earlier runs too.
        rows: u64,
        /// How many rows the table has, by the server's estimate.
        of: Option<u64>,
    },
    /// An earlier run's index, whose build failed, is dropped before it is built again.
    #[non_exhaustive]
    Dropping {
        /// The index, as SQL names it.
        index: &'a str,
    },
    /// A statement has taken effect, and is recorded next.
    #[non_exhaustive]
    Settled {
        /// Its migration.
        migration: &'a Migration,
        /// The statement.
        statement: &'a Statement,
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
        /// Whether it was an earlier run that ran it, as the catalog shows.
        proved: bool,
    },
}

impl Event<'_> {
    /// Whether a person who looks on wants to read it; the others are steps on the way.
    pub fn is_news(&self) -> bool {
        !matches!(
            self,
            Self::Starting { .. } | Self::Answered { .. } | Self::Backfilled { .. } | Self::Settled { .. }
        ) && !matches!(self, Self::Waiting { since, .. } if !since.is_zero())
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queueing { runner, left } => {
                write!(f, "Waiting for {runner}, whose turn ends in {:.1} s at most", left.as_secs_f64())
            }
            Self::Adopted { migrations, from } => {
                write!(f, "Taking over {} from {from}", counted(*migrations, "applied migration"))
            }
            Self::Applying { migration } => write!(f, "Applying migration: {}", migration.name),
            Self::Starting { statement, .. } => write!(f, "  {} …", statement.title()),
            Self::Retrying { statement, attempt, .. } => {
                write!(f, "  conflict in line {}, attempt {}", statement.line, attempt + 1)
            }
            Self::Answered { statement, .. } => write!(f, "  {}: answered", statement.title()),
            Self::Waiting { statement, job, .. } => {
                write!(
                    f,
                    "  waiting for job {} of line {}",
                    job.unwrap_or("of an earlier run"),
                    statement.line
                )
            }
            Self::Backfilled { rows, of: Some(of), .. } => write!(f, "  {rows} of about {of} rows"),
            Self::Backfilled { rows, of: None, .. } => write!(f, "  {rows} rows"),
            Self::Dropping { index } => write!(f, "  dropping {index}, which an earlier run left invalid"),
            Self::Settled { statement, .. } => write!(f, "  {}: done", statement.title()),
            Self::Applied { statement, proved: true, .. } => {
                write!(f, "  {} (an earlier run did it, as the catalog shows)", statement.title())
            }
            Self::Applied { statement, took, .. } => {
                write!(f, "  {} ({:.1} s)", statement.title(), took.as_secs_f64())
            }
        }
    }
}

/// What a run has applied, and where the database is now. `Display` is one sentence about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The migrations that the run applied statements of, in order.
    pub migrations: Vec<AppliedMigration>,
    /// How many migrations it took over from another tool's records.
    pub adopted: usize,
    /// Whether another run did what was pending when this one began.
    pub waited: bool,
    /// The last migration that is applied, with the sum of it and all before. The same for all who ran at once.
    pub end: Option<(String, Checksum)>,
}

/// How much of a migration a run has applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
        if complete {
            self.end = Some((migration.name.clone(), migration.chain));
        }
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
        match (self.statements(), self.waited) {
            (0, false) => f.write_str("Nothing to apply"),
            (0, true) => f.write_str("Nothing to apply: another run has done it"),
            (statements, _) => {
                let migrations = counted(self.migrations.len(), "migration");
                write!(f, "Applied {} of {migrations}", counted(statements, "statement"))
            }
        }
    }
}

pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
