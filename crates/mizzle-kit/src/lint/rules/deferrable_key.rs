//! Only foreign keys can be deferred.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "deferrable-key",
    title: "Only foreign keys can be deferred.",
    why: "Primary keys, unique constraints and checks hold with each statement.",
    state: Some("0A000"),
    source: "create-table",
    hint: "Leave it out, and order the changes so that each statement keeps the promise",
    bad: "CREATE TABLE room (id uuid PRIMARY KEY, number int UNIQUE DEFERRABLE);",
    good: "CREATE TABLE room (id uuid PRIMARY KEY, number int UNIQUE);",
    severity: Severity::Error,
    says: "`{}` puts off a check that is made at once",
    look: Look::Spare(
        &[K::UNIQUE_CONSTRAINT, K::PRIMARY_KEY_CONSTRAINT, K::CHECK_CONSTRAINT],
        &[K::DEFERRABLE_CONSTRAINT_OPTION, K::INITIALLY_DEFERRED_CONSTRAINT_OPTION],
    ),
};
