//! The functions that a statement calls.

use std::ops::Range;

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::super::statement::Statement;
use super::super::tree;

/// One call.
pub(super) struct Call {
    /// Without its schema, in lower case unless it is quoted.
    pub(super) name: String,
    /// Where its name stands.
    pub(super) span: Range<usize>,
    pub(super) arguments: Vec<SyntaxNode>,
}

/// Every call of a statement.
pub(super) fn of<'a>(statement: &'a Statement<'_>) -> impl Iterator<Item = Call> + 'a {
    statement.all(&[K::CALL_EXPR]).filter_map(|node| Call::of(statement, &node))
}

/// The calls within a node.
pub(super) fn within<'a>(statement: &'a Statement<'_>, node: &SyntaxNode) -> impl Iterator<Item = Call> + 'a {
    node.descendants().filter_map(|node| Call::of(statement, &node))
}

impl Call {
    fn of(statement: &Statement<'_>, node: &SyntaxNode) -> Option<Call> {
        if node.kind() != K::CALL_EXPR {
            return None;
        }
        let called = node.first_child()?;
        let name = match called.kind() {
            K::FIELD_EXPR => called.children().last()?,
            _ => called.clone(),
        };
        let list = tree::child(node, K::ARG_LIST);
        let arguments = list.iter().flat_map(|list| list.children()).map(|argument| match argument.kind() {
            K::ARG => argument.first_child().unwrap_or(argument),
            _ => argument,
        });
        Some(Call {
            name: tree::name(&name),
            span: statement.span_of(&called),
            arguments: arguments.collect(),
        })
    }
}
