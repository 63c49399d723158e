//! An index has no storage options.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "index-option",
    title: "An index has no storage options.",
    why: "Fill factors and tablespaces speak of storage that does not exist here.",
    state: Some("0A000"),
    source: "skill",
    hint: "Leave the clause out",
    bad: "CREATE INDEX ASYNC pet_name_idx ON pet (name) WITH (fillfactor = 70);",
    good: "CREATE INDEX ASYNC pet_name_idx ON pet (name);",
    severity: Severity::Error,
    says: "`{}` is no part of CREATE INDEX",
    look: Look::Spare(&[K::CREATE_INDEX], &[K::WITH_PARAMS, K::TABLESPACE_CLAUSE]),
};
