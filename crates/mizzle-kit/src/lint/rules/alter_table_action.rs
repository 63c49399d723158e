//! ALTER TABLE knows few actions.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "alter-table-action",
    title: "ALTER TABLE knows few actions.",
    why: "It adds and drops columns and constraints, sets and drops defaults, drops NOT NULL and expressions, \
           changes identities and storage, renames, moves and gives away. Storage options, statistics targets, \
           inheritance, partitions, clustering and replication do not exist.",
    state: Some("0A000"),
    source: "alter-table, skill",
    hint: "Leave it out",
    bad: "ALTER TABLE pet SET (fillfactor = 70);",
    good: "ALTER TABLE pet RENAME COLUMN birth_date TO born; -- mizzle-lint: allow(rename) the application is \
           down",
    severity: Severity::Error,
    says: "`{}` is no action of ALTER TABLE",
    look: Look::Statement(look),
};

/// What it does.
const ACTIONS: &[K] = &[
    K::ADD_COLUMN,
    K::ADD_CONSTRAINT,
    K::ALTER_COLUMN,
    K::ALTER_CONSTRAINT,
    K::DROP_COLUMN,
    K::DROP_CONSTRAINT,
    K::OWNER_TO,
    K::RENAME_COLUMN,
    K::RENAME_CONSTRAINT,
    K::SET_SCHEMA,
    K::TABLE_RENAME_TO,
    K::VALIDATE_CONSTRAINT,
    // Accepted for ALL and USER, and nothing comes of it.
    K::ENABLE_TRIGGER,
    K::DISABLE_TRIGGER,
    // What follows has rules of its own.
    K::ENABLE_RLS,
    K::DISABLE_RLS,
    K::FORCE_RLS,
    K::NO_FORCE_RLS,
    K::MERGE_PARTITIONS,
    K::SPLIT_PARTITION,
];

/// What ALTER COLUMN does not do.
const COLUMN: &[K] =
    &[K::SET_STATISTICS, K::SET_COMPRESSION, K::SET_OPTIONS, K::SET_OPTIONS_LIST, K::RESET_OPTIONS];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let Some(table) = statement.root().filter(|node| node.kind() == K::ALTER_TABLE) else {
        return Vec::new();
    };
    let aside = [K::TABLE_RELATION_NAME, K::RELATION_NAME, K::IF_EXISTS];
    let other = |node: &SyntaxNode| !ACTIONS.contains(&node.kind()) && !aside.contains(&node.kind());
    let of_column =
        statement.all(COLUMN).filter(|node| node.parent().is_some_and(|over| over.kind() == K::ALTER_COLUMN));
    let excluded = statement.all(&[K::EXCLUDE_CONSTRAINT]);
    let hit = |node: SyntaxNode| {
        let head = statement.head_of(&node);
        Hit::at(script.source, head.clone(), RULE.message(statement.said(head)))
    };
    table.children().filter(other).chain(of_column).chain(excluded).map(hit).collect()
}
