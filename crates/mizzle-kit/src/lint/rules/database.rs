//! A cluster is one database.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "database",
    title: "A cluster is one database.",
    why: "It is always called `postgres`. Schemas, ten of them, or more clusters keep things apart.",
    state: Some("0A000"),
    source: "CHAP_quotas, migration-guide",
    hint: "Use a schema, or another cluster",
    bad: "CREATE DATABASE clinic;",
    good: "CREATE SCHEMA clinic;",
    severity: Severity::Error,
    says: "`{}` is about a database",
    look: Look::Kinds(&[K::CREATE_DATABASE, K::ALTER_DATABASE, K::DROP_DATABASE]),
};
