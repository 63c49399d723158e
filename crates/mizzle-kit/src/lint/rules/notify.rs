//! Sessions do not notify each other.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "notify",
    title: "Sessions do not notify each other.",
    why: "A session is not tied to one server, so there is nobody to listen to.",
    state: Some("0A000"),
    source: "lint",
    hint: "Write a row and poll for it, or use a change stream or a queue outside of the database",
    bad: "LISTEN pets;",
    good: "SELECT name FROM pet WHERE birth_date > now() - interval '1 minute';",
    severity: Severity::Error,
    says: "`{}` speaks to other sessions",
    look: Look::Kinds(&[K::LISTEN, K::NOTIFY, K::UNLISTEN]),
};
