//! No key has this type.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::model::Model;
use super::super::rule::{Look, Rule};
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "key-type",
    title: "No key has this type.",
    why: "bytea, json, jsonb, interval and time with time zone have no place in a primary key, a unique \
           constraint or an index. In an INCLUDE list they have.",
    state: Some("0A000"),
    source: "supported-data-types",
    hint: "Key another column: the value as text, a hash of it, or a time without its zone",
    bad: "CREATE TABLE file (hash bytea PRIMARY KEY, name text);",
    good: "CREATE TABLE file (hash text PRIMARY KEY, name text);",
    severity: Severity::Error,
    says: "a key on `{}`, which is {}",
    look: Look::Before(look),
};

const TYPES: &[&str] = &["bytea", "json", "jsonb", "interval", "timetz", "time with time zone"];

fn look(statement: &Statement<'_>, model: &Model) -> Vec<Hit> {
    let wrong = |found: &str| TYPES.contains(&found) || found.starts_with("interval");
    let mut hits = Vec::new();
    for table in statement.all(&[K::CREATE_TABLE]) {
        let listed: Vec<String> = tree::keys(&table).into_iter().flat_map(|key| key.columns).collect();
        for column in table.descendants().filter(|node| node.kind() == K::COLUMN) {
            let Some(found) = tree::type_of(statement, &column) else { continue };
            let name = column.first_child().map(|name| tree::name(&name)).unwrap_or_default();
            if wrong(&found.name) && listed.contains(&name) {
                hits.push(Hit::at(
                    statement.source,
                    found.span.clone(),
                    RULE.message_of(&[&name, &found.name]),
                ));
            }
        }
    }
    for index in statement.all(&[K::CREATE_INDEX]) {
        let Some(table) =
            tree::table(&index).and_then(|(schema, name)| model.table(schema.as_deref(), &name))
        else {
            continue;
        };
        let list = tree::child(&index, K::PARTITION_ITEM_LIST);
        for key in list.iter().flat_map(|list| list.children()).filter_map(|item| item.first_child()) {
            let column = table.column(&tree::name(&key)).filter(|_| key.kind() == K::NAME_REF);
            if let Some(column) = column.filter(|column| wrong(&column.type_name)) {
                let span = statement.span_of(&key);
                hits.push(Hit::at(
                    statement.source,
                    span,
                    RULE.message_of(&[&column.name, &column.type_name]),
                ));
            }
        }
    }
    hits
}
