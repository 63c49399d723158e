//! IF NOT EXISTS is content with a broken index.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "index-if-not-exists",
    title: "IF NOT EXISTS is content with a broken index.",
    why: "An index whose job failed stays behind, invalid, under its name. The statement finds it and does \
           nothing, for ever.",
    state: None,
    source: "create-index, skill",
    hint: "Leave IF NOT EXISTS out, or look at pg_index.indisvalid afterwards",
    bad: "CREATE INDEX ASYNC IF NOT EXISTS pet_name_idx ON pet (name);",
    good: "CREATE INDEX ASYNC pet_name_idx ON pet (name);",
    severity: Severity::Warning,
    says: "IF NOT EXISTS finds an index that failed, too",
    look: Look::Clauses(&[K::CREATE_INDEX], &[K::IF_NOT_EXISTS]),
};
