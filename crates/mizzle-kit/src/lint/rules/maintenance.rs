//! The service looks after its storage.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "maintenance",
    title: "The service looks after its storage.",
    why: "There is no vacuum, no bloat and no cluster order: a table is its primary key's index, and old \
           versions go by themselves.",
    state: Some("0A000"),
    source: "lint",
    hint: "Leave it out",
    bad: "VACUUM pet;",
    good: "ANALYZE pet;",
    severity: Severity::Error,
    says: "`{}` maintains storage, which the service does by itself",
    look: Look::Kinds(&[K::VACUUM, K::REINDEX, K::CLUSTER, K::CLUSTER_LEGACY, K::REPACK]),
};
