//! Nobody commands the server.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "server-command",
    title: "Nobody commands the server.",
    why: "Configuration, checkpoints and libraries are the service's. `DISCARD` is refused too: a pool that \
           sends it between two users of a connection sends `RESET ALL` instead, or nothing.",
    state: Some("0A000"),
    source: "lint, grammar",
    hint: "Leave it out",
    bad: "DISCARD ALL;",
    good: "RESET ALL;",
    severity: Severity::Error,
    says: "`{}` commands the server or the whole session",
    look: Look::Kinds(&[K::DISCARD, K::LOAD, K::ALTER_SYSTEM, K::CHECKPOINT]),
};
