//! A numeric without digits has six places.

use squawk_syntax::SyntaxNode;

use super::super::finding::{Edit, Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "bare-numeric",
    title: "A numeric without digits has six places.",
    why: "In PostgreSQL it takes any number of digits; here a value is rounded to six places, and one of more \
           than twelve digits before the point is refused.",
    state: None,
    source: "supported-data-types",
    hint: "Write the precision and scale that you mean",
    bad: "CREATE TABLE price (id uuid PRIMARY KEY, amount numeric);",
    good: "CREATE TABLE price (id uuid PRIMARY KEY, amount numeric(18,6));",
    severity: Severity::Warning,
    says: "`{}` is numeric(18,6) on Aurora DSQL",
    look: Look::Statement(look),
};

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |node: SyntaxNode| {
        let found = tree::type_of(statement, &node)?;
        let bare = matches!(found.name.as_str(), "numeric" | "decimal" | "dec") && found.arguments.is_empty();
        let hit =
            Hit::at(script.source, found.span.clone(), RULE.message(statement.said(found.span.clone())));
        (bare && !found.array).then(|| hit.fix([Edit::insert(found.span.end, "(18,6)")]))
    };
    statement.all(tree::TYPED).filter_map(hit).collect()
}
