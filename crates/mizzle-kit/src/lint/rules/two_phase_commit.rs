//! There is no two-phase commit.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "two-phase-commit",
    title: "There is no two-phase commit.",
    why: "A transaction ends in the session that began it, and after five minutes at the latest.",
    state: Some("0A000"),
    source: "lint",
    hint: "Commit, and keep what the other system must do in a table of your own",
    bad: "\
BEGIN;
UPDATE pet SET name = 'Rex' WHERE name = 'rex';
PREPARE TRANSACTION 'rex';",
    good: "\
BEGIN;
UPDATE pet SET name = 'Rex' WHERE name = 'rex';
COMMIT;",
    severity: Severity::Error,
    says: "`{}` belongs to two-phase commit",
    look: Look::Kinds(&[K::PREPARE_TRANSACTION, K::COMMIT_PREPARED, K::ROLLBACK_PREPARED]),
};
