//! Values go with their column.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "drop-column",
    title: "Values go with their column.",
    why: "Indexes and constraints that use it go with it. Instances of the application that still name it \
           fail: first release what does not, then drop.",
    state: None,
    source: "this project",
    hint: "Drop it in a release of its own, when nothing names it any more; then let it pass with the reason",
    bad: "ALTER TABLE pet DROP COLUMN birth_date;",
    good: "\
-- mizzle-lint: allow(drop-column) nothing has named it since March
ALTER TABLE pet DROP COLUMN birth_date;",
    severity: Severity::Warning,
    says: "`{}` drops a column with its values",
    look: Look::Clauses(&[K::ALTER_TABLE], &[K::DROP_COLUMN]),
};
