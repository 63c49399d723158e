//! There are no savepoints.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "savepoint",
    title: "There are no savepoints.",
    why: "A transaction succeeds or fails as a whole. Tools that wrap each test or each retry in a savepoint \
           need another way.",
    state: Some("0A000"),
    source: "lint",
    hint: "Leave it out, and retry the whole transaction when a part of it fails",
    bad: "\
BEGIN;
SAVEPOINT before;
UPDATE pet SET name = 'Rex' WHERE name = 'rex';
COMMIT;",
    good: "\
BEGIN;
UPDATE pet SET name = 'Rex' WHERE name = 'rex';
COMMIT;",
    severity: Severity::Error,
    says: "`{}` stands for a savepoint, which Aurora DSQL does not have",
    look: Look::Kinds(&[K::SAVEPOINT_CREATE, K::RELEASE_SAVEPOINT, K::ROLLBACK_TO_SAVEPOINT]),
};
