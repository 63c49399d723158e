//! A sequence is neither logged nor unlogged.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "sequence-logged",
    title: "A sequence is neither logged nor unlogged.",
    why: "Sequences are kept by the service, and there is one kind of them.",
    state: Some("0A000"),
    source: "alter-sequence",
    hint: "Leave it out",
    bad: "\
CREATE SEQUENCE visit_number CACHE 1;
ALTER SEQUENCE visit_number SET UNLOGGED;",
    good: "CREATE SEQUENCE visit_number CACHE 1;",
    severity: Severity::Error,
    says: "`{}` is no action of ALTER SEQUENCE",
    look: Look::Clauses(&[K::ALTER_SEQUENCE], &[K::SET_LOGGED, K::SET_UNLOGGED]),
};
