//! A suppression names rules and a reason.

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(crate) static RULE: Rule = Rule {
    id: "suppression",
    title: "A suppression names rules and a reason.",
    why: "Without a reason it lets nothing pass: who reads it next year wants to know why.",
    state: None,
    source: "this project",
    hint: "-- mizzle-lint: allow(rule) reason",
    bad: "\
-- mizzle-lint: allow(no-primary-key)
CREATE TABLE visit (id uuid PRIMARY KEY);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY);",
    severity: Severity::Error,
    says: "{}",
    look: Look::Own,
};
