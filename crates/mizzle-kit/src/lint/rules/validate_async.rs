//! A constraint is validated in the background.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "validate-async",
    title: "A constraint is validated in the background.",
    why: "The job looks at every row, and fails with `… is violated by some row` when one does not obey.",
    state: Some("0A000"),
    source: "alter-table",
    hint: "ALTER TABLE ASYNC … VALIDATE CONSTRAINT, then wait for its job",
    bad: "\
ALTER TABLE pet ADD CONSTRAINT pet_name_given CHECK (name <> '') NOT VALID;
ALTER TABLE pet VALIDATE CONSTRAINT pet_name_given;",
    good: "\
ALTER TABLE pet ADD CONSTRAINT pet_name_given CHECK (name <> '') NOT VALID;
ALTER TABLE ASYNC pet VALIDATE CONSTRAINT pet_name_given;",
    severity: Severity::Error,
    says: "VALIDATE CONSTRAINT stands without ASYNC",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    if statement.is_async() || statement.kind() != Some(K::ALTER_TABLE) {
        return Vec::new();
    }
    let actions: Vec<SyntaxNode> = statement.all(&[K::VALIDATE_CONSTRAINT]).collect();
    // Other actions in the same statement would not go with ASYNC.
    let alone = statement.phrase(&[","]).is_none();
    let hit = |node: &SyntaxNode| {
        let hit = Hit::at(script.source, statement.span_of(node), RULE.says);
        if alone { hit.fix([Edit::insert(statement.words[1].span.end, " ASYNC")]) } else { hit }
    };
    actions.iter().map(hit).collect()
}
