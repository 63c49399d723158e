//! Text has a longest declared length.

use squawk_syntax::SyntaxNode;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "column-width",
    title: "Text has a longest declared length.",
    why: "char(n) goes to 4,096 bytes, varchar(n) to 65,535. Undeclared text goes to 1 MiB.",
    state: Some("54000"),
    source: "supported-data-types, skill",
    hint: "text, or a shorter length",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY, note varchar(100000));",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, note text);",
    severity: Severity::Error,
    says: "`{}` is longer than Aurora DSQL declares",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let found = tree::type_of(statement, &node)?;
        let most = if found.name.contains("var") { 65_535 } else { 4_096 };
        let said = statement.said(found.span.clone());
        (found.width()? > most).then(|| Hit::at(script.source, found.span.clone(), RULE.message(said)))
    };
    statement.all(tree::TYPED).filter_map(hit).collect()
}
