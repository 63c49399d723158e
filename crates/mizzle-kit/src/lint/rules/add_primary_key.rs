//! A primary key is part of CREATE TABLE.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "add-primary-key",
    title: "A primary key is part of CREATE TABLE.",
    why: "A table is its primary key's index: the key cannot be added, dropped or changed later. A table \
           without one can never get one.",
    state: Some("0A000"),
    source: "working-with-primary-keys",
    hint: "Make a new table with the key, copy the rows in batches, then drop the old one and rename the new \
           one",
    bad: "ALTER TABLE pet ADD PRIMARY KEY (id);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, day date);",
    severity: Severity::Error,
    says: "a primary key is added to a table that exists",
    look: Look::Clauses(&[K::ADD_CONSTRAINT, K::ADD_COLUMN], &[K::PRIMARY_KEY_CONSTRAINT]),
};
