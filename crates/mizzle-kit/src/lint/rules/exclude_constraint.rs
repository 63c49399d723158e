//! There are no exclusion constraints.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "exclude-constraint",
    title: "There are no exclusion constraints.",
    why: "They need an index of another kind than the only one there is.",
    state: Some("0A000"),
    source: "create-table",
    hint: "Enforce it in the application: lock the row that stands for the whole with FOR UPDATE, look, then \
           write",
    bad: "CREATE TABLE stay (id uuid PRIMARY KEY, room int, EXCLUDE USING btree (room WITH =));",
    good: "CREATE TABLE stay (id uuid PRIMARY KEY, room int UNIQUE);",
    severity: Severity::Error,
    says: "`{}` excludes by an operator",
    look: Look::Clauses(&[K::CREATE_TABLE], &[K::EXCLUDE_CONSTRAINT]),
};
