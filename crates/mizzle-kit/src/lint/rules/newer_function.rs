//! Functions of PostgreSQL 17 and later do not exist.

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::calls;

pub(super) static RULE: Rule = Rule {
    id: "newer-function",
    title: "Functions of PostgreSQL 17 and later do not exist.",
    why: "Aurora DSQL is compatible with PostgreSQL 16. A time-ordered uuid can be made by the client: \
           `mizzle::uuid_v7()`.",
    state: Some("42883"),
    source: "what-is",
    hint: "Do it in the application",
    bad: "SELECT uuidv7();",
    good: "SELECT gen_random_uuid();",
    severity: Severity::Error,
    says: "the function `{}` came after PostgreSQL 16",
    look: Look::Statement(look),
};

const FUNCTIONS: &[&str] = &[
    "array_reverse",
    "array_sort",
    "casefold",
    "crc32",
    "crc32c",
    "gamma",
    "icu_unicode_version",
    "lgamma",
    "pg_basetype",
    "to_bin",
    "to_oct",
    "unicode_assigned",
    "unicode_version",
    "uuid_extract_timestamp",
    "uuid_extract_version",
    "uuidv4",
    "uuidv7",
    "xmltext",
];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let newer = |call: &calls::Call| {
        let ranged = call.name == "random" && !call.arguments.is_empty();
        ranged || FUNCTIONS.contains(&call.name.as_str())
    };
    let found = calls::of(statement).filter(newer);
    found.map(|call| Hit::at(script.source, call.span, RULE.message(&call.name))).collect()
}
