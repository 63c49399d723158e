//! Comments stand on tables and what belongs to them.

use squawk_syntax::SyntaxKind as K;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "comment-on",
    title: "Comments stand on tables and what belongs to them.",
    why: "Tables, columns, views, indexes, sequences, schemas, constraints, roles, functions, routines and \
           statistics take one.",
    state: Some("0A000"),
    source: "grammar",
    hint: "Comment on the table or column instead",
    bad: "\
CREATE DOMAIN mail AS text;
COMMENT ON DOMAIN mail IS 'an address';",
    good: "\
CREATE DOMAIN mail AS text;
COMMENT ON TABLE pet IS 'patients';",
    severity: Severity::Error,
    says: "`{}` takes no comment",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    const COMMENTED: &[K] = &[
        K::OBJECT_TABLE,
        K::OBJECT_COLUMN,
        K::OBJECT_SEQUENCE,
        K::OBJECT_VIEW,
        K::OBJECT_INDEX,
        K::OBJECT_SCHEMA,
        K::OBJECT_ROLE,
        K::OBJECT_CONSTRAINT,
        K::OBJECT_FUNCTION,
        K::OBJECT_ROUTINE,
        K::OBJECT_STATISTICS,
    ];
    let Some(comment) = statement.root().filter(|node| node.kind() == K::COMMENT_ON) else {
        return Vec::new();
    };
    let object = comment.first_child().filter(|object| !COMMENTED.contains(&object.kind()));
    let hit = |node| {
        let head = statement.head_of(&node);
        Hit::at(script.source, head.clone(), RULE.message(statement.said(head)))
    };
    object.map(hit).into_iter().collect()
}
