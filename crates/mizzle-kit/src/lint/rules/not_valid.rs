//! A check or a foreign key is added NOT VALID.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "not-valid",
    title: "A check or a foreign key is added NOT VALID.",
    why: "It holds for new rows at once. A job, `ALTER TABLE ASYNC … VALIDATE CONSTRAINT`, looks at the old \
           ones.",
    state: Some("0A000"),
    source: "alter-table",
    hint: "Add it NOT VALID, then ALTER TABLE ASYNC … VALIDATE CONSTRAINT",
    bad: "ALTER TABLE pet ADD CONSTRAINT pet_name_given CHECK (name <> '');",
    good: "\
ALTER TABLE pet ADD CONSTRAINT pet_name_given CHECK (name <> '') NOT VALID;
ALTER TABLE ASYNC pet VALIDATE CONSTRAINT pet_name_given;",
    severity: Severity::Error,
    says: "{} is added as if it held already",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let added = statement.all(&[K::ADD_CONSTRAINT]).filter_map(|action| action.first_child());
    let hit = |node: SyntaxNode| {
        let what = match node.kind() {
            K::CHECK_CONSTRAINT => "a check",
            K::FOREIGN_KEY_CONSTRAINT => "a foreign key",
            _ => return None,
        };
        let span = statement.span_of(&node);
        let hit = Hit::at(script.source, span.clone(), RULE.message(what));
        (!tree::has(&node, K::NOT_VALID)).then(|| hit.fix([Edit::insert(span.end, " NOT VALID")]))
    };
    if statement.kind() != Some(K::ALTER_TABLE) {
        return Vec::new();
    }
    added.filter_map(hit).collect()
}
