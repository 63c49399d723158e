//! A function's properties stay.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "function-property",
    title: "A function's properties stay.",
    why: "A function can be renamed, moved and given to another owner.",
    state: Some("0A000"),
    source: "lint",
    hint: "CREATE OR REPLACE FUNCTION with the new property",
    bad: "\
CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42';
ALTER FUNCTION answer() IMMUTABLE;",
    good: "CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 42';",
    severity: Severity::Error,
    says: "`{}` changes what was said when the function was made",
    look: Look::Clauses(
        &[K::ALTER_FUNCTION, K::ALTER_ROUTINE],
        &[K::FUNC_OPTION_LIST, K::DEPENDS_ON_EXTENSION, K::NO_DEPENDS_ON_EXTENSION],
    ),
};
