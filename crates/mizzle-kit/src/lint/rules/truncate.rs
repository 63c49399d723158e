//! There is no TRUNCATE.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "truncate",
    title: "There is no TRUNCATE.",
    why: "Rows go by DELETE, 3,000 in a transaction at most, or with their table.",
    state: Some("0A000"),
    source: "unsupported-features",
    hint: "DELETE in batches of at most 3,000 rows, or DROP and CREATE the table",
    bad: "TRUNCATE pet;",
    good: "DELETE FROM pet WHERE id IN (SELECT id FROM pet LIMIT 3000);",
    severity: Severity::Error,
    says: "`{}` empties a table at once",
    look: Look::Kinds(&[K::TRUNCATE]),
};
