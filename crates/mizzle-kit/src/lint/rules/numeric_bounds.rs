//! A numeric has 1 to 1,000 digits.

use squawk_syntax::SyntaxNode;

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "numeric-bounds",
    title: "A numeric has 1 to 1,000 digits.",
    why: "Precision goes from 1 to 1,000, scale from -1,000 to 1,000.",
    state: Some("22023"),
    source: "supported-data-types",
    hint: "numeric(precision, scale) within 1,000",
    bad: "CREATE TABLE price (id uuid PRIMARY KEY, amount numeric(1001, 2));",
    good: "CREATE TABLE price (id uuid PRIMARY KEY, amount numeric(1000, 2));",
    severity: Severity::Error,
    says: "`{}` goes beyond what a numeric can have",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let found = tree::type_of(statement, &node)?;
        let numeric = matches!(found.name.as_str(), "numeric" | "decimal" | "dec");
        let precision = found.arguments.first().is_some_and(|digits| *digits == 0 || *digits > 1_000);
        let scale = found.arguments.get(1).is_some_and(|digits| *digits > 1_000);
        let said = statement.said(found.span.clone());
        (numeric && (precision || scale))
            .then(|| Hit::at(script.source, found.span.clone(), RULE.message(said)))
    };
    statement.all(tree::TYPED).filter_map(hit).collect()
}
