//! A table stands for itself.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "inherits",
    title: "A table stands for itself.",
    why: "Neither inheritance, nor partitions of another table, nor tables of a composite type exist. `LIKE` \
           copies columns.",
    state: Some("0A000"),
    source: "skill, create-table",
    hint: "List the columns, or copy them with LIKE",
    bad: "CREATE TABLE cat (id uuid PRIMARY KEY) INHERITS (pet);",
    good: "CREATE TABLE cat (LIKE pet INCLUDING ALL);",
    severity: Severity::Error,
    says: "`{}` derives a table from another",
    look: Look::Clauses(&[K::CREATE_TABLE], &[K::INHERITS, K::PARTITION_OF, K::OF_TYPE]),
};
