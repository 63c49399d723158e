//! There are no extensions.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "extension",
    title: "There are no extensions.",
    why: "`gen_random_uuid()` needs none. Nothing takes the place of PostGIS, pgvector or pg_trgm.",
    state: Some("0A000"),
    source: "lint",
    hint: "Leave it out; uuids come from gen_random_uuid()",
    bad: "CREATE EXTENSION IF NOT EXISTS pgcrypto;",
    good: "SELECT gen_random_uuid();",
    severity: Severity::Error,
    says: "`{}` is about an extension",
    look: Look::Kinds(&[K::CREATE_EXTENSION, K::ALTER_EXTENSION, K::DROP_EXTENSION]),
};
