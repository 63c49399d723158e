//! An identity counts in bigint.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "identity-type",
    title: "An identity counts in bigint.",
    why: "The sequence behind it knows no other type.",
    state: Some("0A000"),
    source: "create-table, toolkit",
    hint: "bigint",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY, number int GENERATED ALWAYS AS IDENTITY (CACHE 1));",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY (CACHE 1));",
    severity: Severity::Error,
    says: "an identity column of type `{}`",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let found = tree::type_of(statement, &node).filter(|found| !found.is_bigint())?;
        let hit = Hit::at(script.source, found.span.clone(), RULE.message(&found.name));
        Some(hit.fix([Edit::replace(found.span, "bigint")]))
    };
    let identity = |node: &SyntaxNode| tree::has(node, K::GENERATED_IDENTITY);
    statement.all(&[K::COLUMN]).filter(identity).filter_map(hit).collect()
}
