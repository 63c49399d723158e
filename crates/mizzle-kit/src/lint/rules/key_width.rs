//! A key column is declared up to 2,000 bytes.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "key-width",
    title: "A key column is declared up to 2,000 bytes.",
    why: "Wider declarations are refused when the table is made. What a key holds is limited further, when a \
           row is written: see key-too-wide.",
    state: Some("54000"),
    source: "skill",
    hint: "A shorter length, or a key on a hash of the value",
    bad: "CREATE TABLE page (address varchar(2001) PRIMARY KEY);",
    good: "CREATE TABLE page (id uuid PRIMARY KEY, address varchar(2001));",
    severity: Severity::Error,
    says: "a key of `{}` is wider than any key",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for table in statement.all(&[K::CREATE_TABLE]) {
        let listed: Vec<String> = tree::keys(&table).into_iter().flat_map(|key| key.columns).collect();
        for column in table.descendants().filter(|node| node.kind() == K::COLUMN) {
            let name = column.first_child().map(|name| tree::name(&name)).unwrap_or_default();
            let found = tree::type_of(statement, &column).filter(|_| listed.contains(&name));
            if let Some(found) = found.filter(|found| found.width().is_some_and(|width| width > 2_000)) {
                let said = statement.said(found.span.clone());
                hits.push(Hit::at(script.source, found.span.clone(), RULE.message(said)));
            }
        }
    }
    hits
}
