//! A suppression that nothing needs goes.

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(crate) static RULE: Rule = Rule {
    id: "unused-suppression",
    title: "A suppression that nothing needs goes.",
    why: "It would hide the next mistake.",
    state: None,
    source: "this project",
    hint: "Remove it",
    bad: "\
-- mizzle-lint: allow(no-primary-key) it is small
CREATE TABLE visit (id uuid PRIMARY KEY);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY);",
    severity: Severity::Warning,
    says: "{}",
    look: Look::Own,
};
