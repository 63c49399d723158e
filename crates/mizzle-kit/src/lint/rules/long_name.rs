//! A name has 63 bytes at most.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "long-name",
    title: "A name has 63 bytes at most.",
    why: "What is longer is cut without a word, so that two long names may be one.",
    state: None,
    source: "dsqlbase",
    hint: "A shorter name",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY, \
           a_column_whose_name_goes_on_and_on_and_on_and_on_and_on_and_on_and_on int);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, a_column_with_a_shorter_name int);",
    severity: Severity::Warning,
    says: "`{}` is cut to 63 bytes",
    look: Look::Statement(look),
};

const NAMES: &[K] =
    &[K::TABLE_NAME, K::COLUMN_NAME, K::CONSTRAINT_NAME, K::INDEX, K::SEQUENCE, K::SCHEMA, K::VIEW];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let long = |node: SyntaxNode| {
        let name = tree::path(&node).1;
        (name.len() > 63).then(|| Hit::at(script.source, statement.span_of(&node), RULE.message(&name)))
    };
    statement.all(NAMES).filter_map(long).collect()
}
