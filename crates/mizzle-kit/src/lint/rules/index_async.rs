//! An index is built in the background.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "index-async",
    title: "An index is built in the background.",
    why: "ASYNC is needed on an empty table too. The statement answers a job; the index is used when the job \
           is done, and stays behind invalid when it fails.",
    state: Some("0A000"),
    source: "create-index",
    hint: "CREATE INDEX ASYNC, then wait for its job",
    bad: "CREATE INDEX pet_name_idx ON pet (name);",
    good: "CREATE INDEX ASYNC pet_name_idx ON pet (name);",
    severity: Severity::Error,
    says: "CREATE INDEX stands without ASYNC",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    if statement.is_async() || statement.phrase(&["concurrently"]).is_some() {
        return Vec::new();
    }
    let hit = |node: SyntaxNode| {
        let hit = Hit::at(script.source, statement.head_of(&node), RULE.says);
        let index = statement.words.iter().find(|word| word.text == "index");
        // Among the parts of CREATE SCHEMA there is no place for an index of any kind.
        match index.filter(|_| statement.kind() == Some(K::CREATE_INDEX)) {
            Some(word) => hit.fix([Edit::insert(word.span.end, " ASYNC")]),
            None => hit.hint("Make the index by a statement of its own: CREATE INDEX ASYNC"),
        }
    };
    statement.all(&[K::CREATE_INDEX]).map(hit).collect()
}
