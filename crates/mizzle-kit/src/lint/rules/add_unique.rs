//! UNIQUE is added by an index that is there.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "add-unique",
    title: "UNIQUE is added by an index that is there.",
    why: "The index is built in the background first; when it is valid, the constraint takes it over and gives \
           it its own name.",
    state: Some("0A000"),
    source: "alter-table",
    hint: "CREATE UNIQUE INDEX ASYNC, wait for its job, then ADD CONSTRAINT … UNIQUE USING INDEX",
    bad: "ALTER TABLE owner ADD CONSTRAINT owner_name_key UNIQUE (name);",
    good: "\
CREATE UNIQUE INDEX ASYNC owner_name_key ON owner (name);
--> statement-breakpoint
ALTER TABLE owner ADD CONSTRAINT owner_name_key UNIQUE USING INDEX owner_name_key;",
    severity: Severity::Error,
    says: "UNIQUE is added without an index",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let added = statement.all(&[K::ADD_CONSTRAINT]).filter_map(|action| action.first_child());
    let plain = |node: &SyntaxNode| {
        node.kind() == K::UNIQUE_CONSTRAINT
            && !tree::has(node, K::INDEX_REF)
            && statement.kind() == Some(K::ALTER_TABLE)
    };
    added.filter(plain).map(|node| Hit::at(script.source, statement.span_of(&node), RULE.says)).collect()
}
