//! A primary key stays.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::model::Model;
use super::super::rule::{Look, Rule};
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "drop-primary-key",
    title: "A primary key stays.",
    why: "A table is its primary key's index; neither the constraint nor a column of it can go.",
    state: Some("0A000"),
    source: "ministack, skill",
    hint: "Make a new table and copy the rows in batches",
    bad: "ALTER TABLE pet DROP COLUMN id; -- mizzle-lint: allow(drop-column) shows another rule",
    good: "ALTER TABLE pet DROP COLUMN birth_date; -- mizzle-lint: allow(drop-column) nobody reads it",
    severity: Severity::Error,
    says: "`{}` is part of the primary key",
    look: Look::Before(look),
};

fn look(statement: &Statement<'_>, model: &Model) -> Vec<Hit> {
    let Some(node) = statement.root().filter(|node| node.kind() == K::ALTER_TABLE) else { return Vec::new() };
    let table = tree::table(node).and_then(|(schema, name)| model.table(schema.as_deref(), &name));
    let Some((table, key)) = table.and_then(|table| Some((table, table.primary_key.as_ref()?))) else {
        return Vec::new();
    };
    let hit = |node: SyntaxNode| {
        let name = node
            .descendants()
            .find(|name| matches!(name.kind(), K::COLUMN_NAME_REF | K::CONSTRAINT_NAME_REF))?;
        let gone = tree::path(&name).1;
        let own = if node.kind() == K::DROP_COLUMN {
            key.contains(&gone)
        } else {
            gone == format!("{}_pkey", table.name)
        };
        own.then(|| Hit::at(statement.source, statement.span_of(&node), RULE.message(&gone)))
    };
    statement.all(&[K::DROP_COLUMN, K::DROP_CONSTRAINT]).filter_map(hit).collect()
}
