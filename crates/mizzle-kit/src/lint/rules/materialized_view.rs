//! There are no materialized views.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "materialized-view",
    title: "There are no materialized views.",
    why: "A view is computed when it is read.",
    state: Some("0A000"),
    source: "create-view",
    hint: "Keep a table, and write to it in the transactions that change what it shows",
    bad: "CREATE MATERIALIZED VIEW cities AS SELECT DISTINCT city FROM owner;",
    good: "CREATE VIEW cities AS SELECT DISTINCT city FROM owner;",
    severity: Severity::Error,
    says: "`{}` is about a materialized view",
    look: Look::Kinds(&[
        K::CREATE_MATERIALIZED_VIEW,
        K::ALTER_MATERIALIZED_VIEW,
        K::DROP_MATERIALIZED_VIEW,
        K::REFRESH,
    ]),
};
