//! A table has no storage options.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "table-option",
    title: "A table has no storage options.",
    why: "Fill factors, tablespaces, access methods, compression and `ON COMMIT` speak of storage that does \
           not exist here. Text and json are compressed by the service.",
    state: Some("0A000"),
    source: "create-table",
    hint: "Leave the clause out",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY) WITH (fillfactor = 70);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY);",
    severity: Severity::Error,
    says: "`{}` is no part of CREATE TABLE",
    look: Look::Spare(
        &[K::CREATE_TABLE],
        &[
            K::WITH_PARAMS,
            K::WITHOUT_OIDS,
            K::TABLESPACE_CLAUSE,
            K::CONSTRAINT_INDEX_TABLESPACE,
            K::COMPRESSION_METHOD,
            K::USING_METHOD,
            K::ON_COMMIT,
        ],
    ),
};
