//! A text to lint, and who will run it.

use crate::split::SEPARATOR;

/// One text of SQL: a file, or what a tool wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is called in messages, a path as a rule.
    pub name: String,
    /// The SQL.
    pub text: String,
    /// Who runs it.
    pub way: Way,
}

/// Who runs a text, which decides what shares a transaction and who waits for jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// This crate's runner: each statement in a transaction of its own, jobs waited for.
    Migration,
    /// A client such as `psql`: statements as they stand, transactions where they begin and end.
    Session,
}

impl Source {
    /// A text whose separators, or whose file's name, tell whether it is a migration.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let (name, text) = (name.into(), text.into());
        let separated = text.lines().any(|line| line.trim_end().ends_with(SEPARATOR));
        let migration = separated || name.ends_with("migration.sql");
        Source { name, text, way: if migration { Way::Migration } else { Way::Session } }
    }
}
