//! A new name is no name to those who know the old one.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "rename",
    title: "A new name is no name to those who know the old one.",
    why: "Instances of the application that are still running name the old one, and fail.",
    state: None,
    source: "this project",
    hint: "Add a column or a view of the new name, move everybody over, then drop the old one; or let it pass \
           with the reason",
    bad: "ALTER TABLE pet RENAME COLUMN birth_date TO born;",
    good: "CREATE VIEW patient AS SELECT id, name, birth_date AS born FROM pet;",
    severity: Severity::Warning,
    says: "`{}` takes the old name away",
    look: Look::Clauses(&[K::ALTER_TABLE], &[K::RENAME_COLUMN, K::TABLE_RENAME_TO]),
};
