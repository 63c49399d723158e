//! There is one collation.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;

pub(super) static RULE: Rule = Rule {
    id: "collation",
    title: "There is one collation.",
    why: "Text sorts by its bytes, as in collation C. In a query `COLLATE \"C\"` is harmless.",
    state: Some("0A000"),
    source: "skill, migration-guide",
    hint: "Leave it out, and sort for people in the application",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY, note text COLLATE \"C\");",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, note text);",
    severity: Severity::Error,
    says: "`{}` asks for another order than the only one",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let made = [K::CREATE_TABLE, K::ALTER_TABLE, K::CREATE_DOMAIN, K::CREATE_INDEX];
    let declares = |node: &SyntaxNode| node.ancestors().any(|over| made.contains(&over.kind()));
    let hit = |node: SyntaxNode| {
        let span = statement.span_of(&node);
        let hit = Hit::at(script.source, span.clone(), RULE.message(statement.said(span.clone())));
        // The collation that every column has.
        let same = ["\"C\"", "\"POSIX\"", "\"ucs_basic\""]
            .iter()
            .any(|name| statement.said(span.clone()).ends_with(name));
        if same { hit.fix([script.remove(span)]) } else { hit }
    };
    statement.all(&[K::COLLATE]).filter(declares).map(hit).collect()
}
