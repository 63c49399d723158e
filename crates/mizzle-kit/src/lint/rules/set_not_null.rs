//! NOT NULL is not added to a column.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "set-not-null",
    title: "NOT NULL is not added to a column.",
    why: "A check that is added NOT VALID holds for new rows at once, and a job validates it for the old ones.",
    state: Some("0A000"),
    source: "alter-table",
    hint: "Add CHECK (column IS NOT NULL) NOT VALID, then validate it with ALTER TABLE ASYNC",
    bad: "ALTER TABLE owner ALTER COLUMN city SET NOT NULL;",
    good: "\
ALTER TABLE owner ADD CONSTRAINT owner_city CHECK (city IS NOT NULL) NOT VALID;
ALTER TABLE ASYNC owner VALIDATE CONSTRAINT owner_city;",
    severity: Severity::Error,
    says: "`{}` demands what the rows there were not asked for",
    look: Look::Clauses(&[K::ALTER_TABLE], &[K::SET_NOT_NULL]),
};
