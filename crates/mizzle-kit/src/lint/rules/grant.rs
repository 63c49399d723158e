//! Privileges on tables, columns, sequences, schemas, routines and types.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "grant",
    title: "Privileges on tables, columns, sequences, schemas, routines and types.",
    why: "There is one database, one language and no tablespace to grant anything on.",
    state: Some("0A000"),
    source: "grammar",
    hint: "Grant on tables, schemas, sequences or routines",
    bad: "GRANT CONNECT ON DATABASE postgres TO admin;",
    good: "GRANT USAGE ON SCHEMA public TO admin;",
    severity: Severity::Error,
    says: "`{}` has no privileges to give",
    look: Look::Clauses(
        &[K::GRANT, K::REVOKE, K::ALTER_DEFAULT_PRIVILEGES],
        &[
            K::PRIVILEGE_DATABASE,
            K::PRIVILEGE_LANGUAGE,
            K::PRIVILEGE_FOREIGN_SERVER,
            K::PRIVILEGE_FOREIGN_DATA_WRAPPER,
            K::PRIVILEGE_LARGE_OBJECT,
            K::PRIVILEGE_PARAMETER,
            K::PRIVILEGE_TABLESPACE,
            K::PRIVILEGE_TARGET_SCHEMAS,
            K::PRIVILEGE_TARGET_LARGE_OBJECTS,
        ],
    ),
};
