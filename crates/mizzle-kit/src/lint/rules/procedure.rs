//! There are no procedures of one's own.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "procedure",
    title: "There are no procedures of one's own.",
    why: "Only functions in SQL can be made. `CALL` exists for the service's own procedures.",
    state: Some("0A000"),
    source: "skill",
    hint: "Put the work into the application, or into a function in SQL",
    bad: "CREATE PROCEDURE rename_pets() LANGUAGE sql AS 'SELECT 1';",
    good: "CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42';",
    severity: Severity::Error,
    says: "`{}` is about a procedure",
    look: Look::Kinds(&[K::CREATE_PROCEDURE, K::ALTER_PROCEDURE, K::DROP_PROCEDURE]),
};
