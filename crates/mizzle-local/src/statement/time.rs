//! The time of the transaction, asked by keyword: a statement that runs apart from its block is told when that began.

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::Tree;
use super::edit::Edit;

/// Functions in place of `CURRENT_TIMESTAMP` and its siblings: they say the same, under the same name.
pub(super) fn of(tree: &Tree) -> Vec<Edit> {
    tree.nodes().filter_map(|node| replace(&node)).collect()
}

fn replace(node: &SyntaxNode) -> Option<Edit> {
    let keyword = node.first_token().filter(|_| node.kind() == K::NAME_REF)?;
    let (name, kind) = match keyword.kind() {
        K::CURRENT_DATE_KW => ("current_date", ""),
        K::CURRENT_TIME_KW => ("current_time", "timetz"),
        K::CURRENT_TIMESTAMP_KW => ("current_timestamp", "timestamptz"),
        K::LOCALTIME_KW => ("localtime", "time"),
        K::LOCALTIMESTAMP_KW => ("localtimestamp", "timestamp"),
        _ => return None,
    };
    let call = node.parent().filter(|parent| parent.kind() == K::CALL_EXPR);
    let precision = call.as_ref().and_then(|call| call.children().find(|child| child.kind() == K::ARG_LIST));
    let range = call.filter(|_| precision.is_some()).map_or(node.text_range(), |call| call.text_range());
    let cast = precision.map(|precision| format!("::pg_catalog.{kind}{}", precision.text()));
    Some(Edit {
        range: range.start().into()..range.end().into(),
        text: format!("pg_catalog.\"{name}\"(){}", cast.unwrap_or_default()),
    })
}
