//! A table is not made by a query.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::Severity;
use super::super::rule::{Look, Rule};

pub(super) static RULE: Rule = Rule {
    id: "create-table-as",
    title: "A table is not made by a query.",
    why: "It would be DDL and DML in one statement, of any number of rows.",
    state: Some("0A000"),
    source: "create-table",
    hint: "CREATE TABLE with its columns and key, then INSERT … SELECT in batches of at most 3,000 rows",
    bad: "CREATE TABLE old_pet AS SELECT * FROM pet;",
    good: "CREATE TABLE old_pet (id uuid PRIMARY KEY, name varchar(30) NOT NULL);",
    severity: Severity::Error,
    says: "`{}` makes a table of a query",
    look: Look::Kinds(&[K::CREATE_TABLE_AS, K::SELECT_INTO]),
};
