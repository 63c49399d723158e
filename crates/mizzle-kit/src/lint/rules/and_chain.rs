//! A transaction does not begin with the end of another.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "and-chain",
    title: "A transaction does not begin with the end of another.",
    why: "`AND NO CHAIN`, which is the default, is accepted.",
    state: Some("0A000"),
    source: "grammar",
    hint: "End the transaction, then BEGIN",
    bad: "\
BEGIN;
UPDATE pet SET name = 'Rex' WHERE name = 'rex';
COMMIT AND CHAIN;",
    good: "\
BEGIN;
UPDATE pet SET name = 'Rex' WHERE name = 'rex';
COMMIT;",
    severity: Severity::Error,
    says: "`{}` begins the next transaction",
    look: Look::Spare(&[K::COMMIT_TRANSACTION, K::ROLLBACK_TRANSACTION], &[K::AND_CHAIN]),
};
