//! There is no row-level security.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "row-security",
    title: "There is no row-level security.",
    why: "Policies do not exist; privileges are granted on tables, columns, schemas, sequences and routines.",
    state: Some("0A000"),
    source: "skill, lint",
    hint: "Keep tenants apart by schema and role, or by a view that is granted in place of the table",
    bad: "ALTER TABLE pet ENABLE ROW LEVEL SECURITY;",
    good: "CREATE VIEW own_pet AS SELECT id, name FROM pet WHERE owner_id IS NOT NULL;",
    severity: Severity::Error,
    says: "`{}` is about row-level security",
    look: Look::Kinds(&[
        K::CREATE_POLICY,
        K::ALTER_POLICY,
        K::DROP_POLICY,
        K::ENABLE_RLS,
        K::DISABLE_RLS,
        K::FORCE_RLS,
        K::NO_FORCE_RLS,
    ]),
};
