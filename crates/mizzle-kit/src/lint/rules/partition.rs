//! Tables are not partitioned by hand.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "partition",
    title: "Tables are not partitioned by hand.",
    why: "The service splits a table by its primary key as it grows.",
    state: Some("0A000"),
    source: "skill",
    hint: "Leave the clause out, and begin the primary key with something that spreads",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY, day date NOT NULL) PARTITION BY HASH (id);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, day date NOT NULL);",
    severity: Severity::Error,
    says: "`{}` partitions a table",
    look: Look::Spare(&[K::CREATE_TABLE], &[K::PARTITION_BY, K::PARTITION_BY_CLAUSE]),
};
