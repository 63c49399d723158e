//! Every table is durable.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "unlogged",
    title: "Every table is durable.",
    why: "What is committed is stored in three Availability Zones; there is no cheaper kind of table.",
    state: Some("0A000"),
    source: "create-table",
    hint: "Leave the word out",
    bad: "CREATE UNLOGGED TABLE visit (id uuid PRIMARY KEY);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY);",
    severity: Severity::Error,
    says: "`{}` asks for a table that a crash may empty",
    look: Look::Spare(&[K::CREATE_TABLE, K::CREATE_SEQUENCE], &[K::UNLOGGED]),
};
