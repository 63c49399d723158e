//! The type of a column stays.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "alter-type",
    title: "The type of a column stays.",
    why: "Rows are not rewritten. A column of the new type is added and filled, then the names change.",
    state: Some("0A000"),
    source: "alter-table",
    hint: "Add a column of the new type, fill it in batches of at most 3,000 rows, then swap the names",
    bad: "ALTER TABLE pet ALTER COLUMN name TYPE text;",
    good: "ALTER TABLE pet ADD COLUMN full_name text;",
    severity: Severity::Error,
    says: "`{}` changes the type of a column",
    look: Look::Clauses(&[K::ALTER_TABLE], &[K::SET_TYPE]),
};
