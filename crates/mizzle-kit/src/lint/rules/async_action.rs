//! ALTER TABLE ASYNC validates one constraint.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::{Form, Statement};

pub(super) static RULE: Rule = Rule {
    id: "async-action",
    title: "ALTER TABLE ASYNC validates one constraint.",
    why: "Every other action is done at once, because it changes the catalog alone.",
    state: Some("0A000"),
    source: "alter-table",
    hint: "Leave ASYNC out",
    bad: "ALTER TABLE ASYNC pet ADD COLUMN weight int;",
    good: "ALTER TABLE pet ADD COLUMN weight int;",
    severity: Severity::Error,
    says: "ALTER TABLE ASYNC does nothing but validate one constraint",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let Form::Async(word) = &statement.form else { return Vec::new() };
    let Some(table) = statement.root().filter(|node| node.kind() == K::ALTER_TABLE) else {
        return Vec::new();
    };
    let aside = [K::TABLE_RELATION_NAME, K::RELATION_NAME, K::IF_EXISTS];
    let actions: Vec<SyntaxNode> = table.children().filter(|part| !aside.contains(&part.kind())).collect();
    let validates = |node: &SyntaxNode| node.kind() == K::VALIDATE_CONSTRAINT;
    if matches!(&actions[..], [one] if validates(one)) {
        return Vec::new();
    }
    let hit = Hit::at(script.source, word.clone(), RULE.says);
    vec![if actions.iter().any(validates) { hit } else { hit.fix([script.remove(word.clone())]) }]
}
