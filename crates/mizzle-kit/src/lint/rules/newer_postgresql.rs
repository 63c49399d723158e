//! What PostgreSQL learned after version 16 is unknown.

use std::ops::Range;

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::finding::{Hit, Severity};
use super::super::rule::{Look, Rule};
use super::super::script::Script;
use super::super::statement::Statement;
use super::super::tree;

pub(super) static RULE: Rule = Rule {
    id: "newer-postgresql",
    title: "What PostgreSQL learned after version 16 is unknown.",
    why: "Aurora DSQL is compatible with PostgreSQL 16. What later versions brought is a syntax error there.",
    state: Some("42601"),
    source: "what-is",
    hint: "Write it as PostgreSQL 16 does",
    bad: "CREATE TABLE visit (id uuid PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL);",
    good: "CREATE TABLE visit (id uuid PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a + 1) STORED);",
    severity: Severity::Error,
    says: "`{}` came after PostgreSQL 16",
    look: Look::Statement(look),
};

const FORMS: &[K] = &[
    K::JSON_TABLE_FROM_ITEM,
    K::JSON_EXISTS_FN,
    K::JSON_QUERY_FN,
    K::JSON_VALUE_FN,
    K::JSON_SCALAR_FN,
    K::JSON_SERIALIZE_FN,
    K::SET_EXPRESSION,
    K::SPLIT_PARTITION,
    K::MERGE_PARTITIONS,
    K::AT_LOCAL,
    K::NOT_ENFORCED,
    K::ENFORCED,
    K::WITHOUT_OVERLAPS,
    K::PERIOD_COLUMN,
    K::RETURNING_OPTION_LIST,
    K::CONFLICT_DO_SELECT,
    K::FOR_PORTION_OF,
    K::IGNORE_NULLS,
    K::RESPECT_NULLS,
    K::GRAPH_TABLE_FROM_ITEM,
    K::CREATE_PROPERTY_GRAPH,
    K::ALTER_PROPERTY_GRAPH,
    K::DROP_PROPERTY_GRAPH,
];

fn look(script: &Script<'_>, statement: &Statement<'_>) -> Vec<Hit> {
    let hit = |span: Range<usize>| Hit::at(script.source, span.clone(), RULE.message(statement.said(span)));
    let forms = statement.all(FORMS).map(|node| hit(statement.span_of(&node)));
    let stored = |node: &SyntaxNode| {
        node.descendants_with_tokens().any(|part| matches!(part.kind(), K::STORED | K::STORED_KW))
    };
    let computed = statement.all(&[K::GENERATED_STORED]).filter(|node| !stored(node)).map(|node| {
        let span = statement.span_of(&node);
        Hit::at(script.source, span, RULE.message("a generated column that is not stored"))
    });
    let named = |node: &SyntaxNode| tree::child(node, K::COLUMN_NAME_REF).is_some();
    let not_null =
        statement.all(&[K::NOT_NULL_CONSTRAINT]).filter(named).map(|node| hit(statement.span_of(&node)));
    let all = |node: &SyntaxNode| {
        tree::child(node, K::ALL).is_some() && tree::child(node, K::GROUP_BY_LIST).is_none()
    };
    let grouped = statement.all(&[K::GROUP_BY_CLAUSE]).filter(all).map(|node| hit(statement.span_of(&node)));
    let maintain = statement.all(&[K::REVOKE_COMMAND]).map(|node| statement.span_of(&node));
    let maintain =
        maintain.filter(|span| statement.said(span.clone()).eq_ignore_ascii_case("maintain")).map(hit);
    let options = statement.all(&[K::EXPLAIN_OPTION_NAME]).map(|node| statement.span_of(&node));
    let newer = |span: &Range<usize>| {
        ["memory", "serialize"].contains(&statement.said(span.clone()).to_lowercase().as_str())
    };
    let returned = statement.all(&[K::RETURNING_CLAUSE]).flat_map(|clause| clause.descendants());
    let returned = returned.filter(|node| node.kind() == K::FIELD_EXPR && is_old_or_new(statement, node));
    let shown = statement.kind() == Some(K::SHOW)
        && statement.words.last().is_some_and(|word| word.text == "transaction_timeout");
    let rest = options.filter(newer).chain(returned.map(|node| statement.span_of(&node)));
    let rest = rest.chain(shown.then(|| statement.span.clone())).map(hit);
    forms.chain(computed).chain(not_null).chain(grouped).chain(maintain).chain(rest).collect()
}

/// `old.a` and `new.a`, where nothing goes by that name.
fn is_old_or_new(statement: &Statement<'_>, field: &SyntaxNode) -> bool {
    let Some(table) = field.first_child().map(|table| tree::name(&table)) else { return false };
    let named = |pair: &[super::super::statement::Word]| {
        pair[1].text == table && !matches!(pair[0].text.as_str(), "," | "returning" | "(")
    };
    matches!(table.as_str(), "old" | "new") && !statement.words.windows(2).any(named)
}
