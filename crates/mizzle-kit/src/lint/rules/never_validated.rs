//! A constraint that is added NOT VALID is validated later.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "never-validated",
    title: "A constraint that is added NOT VALID is validated later.",
    why: "It holds for new rows alone: the old ones may break it, and the planner does not believe it.",
    state: None,
    source: "alter-table",
    hint: "ALTER TABLE ASYNC … VALIDATE CONSTRAINT behind it",
    bad: "ALTER TABLE pet ADD CONSTRAINT pet_name_given CHECK (name <> '') NOT VALID;",
    good: "\
ALTER TABLE pet ADD CONSTRAINT pet_name_given CHECK (name <> '') NOT VALID;
ALTER TABLE ASYNC pet VALIDATE CONSTRAINT pet_name_given;",
    severity: Severity::Warning,
    says: "`{}` is added NOT VALID, and nothing validates it",
    look: Look::Script(look),
};

fn look(script: &Script<'_>) -> Vec<Hit> {
    let validated = |name: &str, behind: usize| {
        let later = script.statements.iter().filter(|statement| statement.span.start > behind);
        later
            .flat_map(|statement| statement.all(&[K::VALIDATE_CONSTRAINT]))
            .any(|node| tree::path(&node).1 == name)
    };
    let mut hits = Vec::new();
    for statement in &script.statements {
        for added in statement.all(&[K::ADD_CONSTRAINT]).filter(|node| tree::has(node, K::NOT_VALID)) {
            let clause = added.descendants().find(|node| node.kind() == K::CONSTRAINT_NAME);
            let name = clause.as_ref().map(tree::name);
            if name.as_ref().is_some_and(|name| validated(name, statement.span.start)) {
                continue;
            }
            let hit = Hit::at(
                script.source,
                statement.span_of(&added),
                RULE.message(name.as_deref().unwrap_or("a constraint without a name")),
            );
            let table = statement.root().and_then(|root| tree::child(root, K::TABLE_RELATION_NAME));
            hits.push(match (table, clause) {
                (Some(table), Some(clause)) => {
                    let (table, name) = (statement.span_of(&table), statement.span_of(&clause));
                    let validate = format!(
                        "{}{}ALTER TABLE ASYNC {} VALIDATE CONSTRAINT {};",
                        if statement.said(statement.span.end..statement.end).contains(';') {
                            ""
                        } else {
                            ";"
                        },
                        script.between(),
                        statement.said(table),
                        statement.said(name)
                    );
                    hit.fix([Edit::insert(statement.end, validate)])
                }
                _ => hit,
            });
        }
    }
    hits
}
