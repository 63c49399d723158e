//! There is no MERGE.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "merge",
    title: "There is no MERGE.",
    why: "The service's grammar does not have it.",
    state: Some("0A000"),
    source: "grammar",
    hint: "INSERT … ON CONFLICT DO UPDATE, or an UPDATE and an INSERT in one transaction",
    bad: "MERGE INTO owner USING pet ON owner.id = pet.owner_id WHEN MATCHED THEN UPDATE SET city = 'Bern';",
    good: "UPDATE owner SET city = 'Bern' FROM pet WHERE owner.id = pet.owner_id;",
    severity: Severity::Error,
    says: "`{}` is no statement of Aurora DSQL",
    look: Look::Kinds(&[K::MERGE]),
};
