//! There are no anonymous blocks.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "do-block",
    title: "There are no anonymous blocks.",
    why: "No procedural language exists, so nothing can run one.",
    state: Some("0A000"),
    source: "lint",
    hint: "Write the statements one by one, or put the loop into the application",
    bad: "DO $$ BEGIN PERFORM 1; END $$;",
    good: "SELECT 1;",
    severity: Severity::Error,
    says: "`{}` runs a block of a procedural language",
    look: Look::Kinds(&[K::DO]),
};
