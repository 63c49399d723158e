//! A session is who its token says.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "session-authorization",
    title: "A session is who its token says.",
    why: "Who connects is decided by the IAM principal and its mapping. `SET ROLE` works for a role that one \
           is a member of.",
    state: Some("0A000"),
    source: "lint",
    hint: "Connect as the other user, or SET ROLE",
    bad: "SET SESSION AUTHORIZATION somebody;",
    good: "RESET SESSION AUTHORIZATION;",
    severity: Severity::Error,
    says: "`{}` makes the session somebody else",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let other = statement.kind() == Some(K::SET_SESSION_AUTH)
        && statement.words.last().is_some_and(|word| word.text != "default");
    let hit = || Hit::at(script.source, statement.span.clone(), RULE.message("SET SESSION AUTHORIZATION"));
    other.then(hit).into_iter().collect()
}
