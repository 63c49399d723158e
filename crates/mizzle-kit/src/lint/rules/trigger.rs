//! Nothing fires.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "trigger",
    title: "Nothing fires.",
    why: "Triggers, event triggers and rules do not exist.",
    state: Some("0A000"),
    source: "lint",
    hint: "Do it in the statement or the transaction that causes it; the typed layer has `on_update` columns",
    bad: "CREATE TRIGGER touched BEFORE UPDATE ON pet FOR EACH ROW EXECUTE FUNCTION touch();",
    good: "UPDATE pet SET name = 'Rex', birth_date = now() WHERE name = 'rex';",
    severity: Severity::Error,
    says: "`{}` is about something that fires by itself",
    look: Look::Kinds(&[
        K::CREATE_TRIGGER,
        K::ALTER_TRIGGER,
        K::DROP_TRIGGER,
        K::CREATE_EVENT_TRIGGER,
        K::ALTER_EVENT_TRIGGER,
        K::DROP_EVENT_TRIGGER,
        K::CREATE_RULE,
        K::ALTER_RULE,
        K::DROP_RULE,
    ]),
};
