//! Nothing is temporary.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "temporary",
    title: "Nothing is temporary.",
    why: "Sessions keep no state of that kind: neither tables nor views nor sequences can be temporary.",
    state: Some("0A000"),
    source: "create-table",
    hint: "Use a WITH clause for one statement, or a table with a column that tells the sessions apart",
    bad: "CREATE TEMP TABLE found (id uuid PRIMARY KEY);",
    good: "WITH found AS (SELECT id FROM pet WHERE name = 'Rex') SELECT id FROM found;",
    severity: Severity::Error,
    says: "`{}` makes something for this session alone",
    look: Look::Clauses(&[K::CREATE_TABLE, K::CREATE_VIEW, K::CREATE_SEQUENCE], &[K::TEMP]),
};
