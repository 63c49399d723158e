//! Locking reads whose rows are the rows they lock: last columns of ours tell which, and the client never sees them.
//!
//! ```text
//! SELECT a.v FROM t a JOIN u ON … FOR UPDATE OF a
//! SELECT a.v, sys.local_row(a.*) FROM t a JOIN u ON … FOR UPDATE OF a
//! ```

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::edit::Edit;
use super::{Tree, bare};
use crate::txn::Modes;

/// A table whose rows one of our columns tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// As the catalog has it.
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
    pub(crate) modes: Modes,
}

/// An entry of the FROM list.
struct Item {
    schema: Option<String>,
    table: String,
    /// By which the statement refers to it, as the catalog would have it.
    name: String,
    /// The same as it is written.
    written: String,
}

/// One column for each table that is locked, and the edit that adds them; none where rows may be locked that are
/// not answered, or answered that come from elsewhere.
pub(super) fn of(tree: &Tree) -> Option<(Vec<Told>, Edit)> {
    let select = tree.nodes().next().filter(|node| node.kind() == K::SELECT)?;
    let children: Vec<SyntaxNode> = select.children().collect();
    let plain = |kind| {
        matches!(
            kind,
            K::SELECT_CLAUSE | K::FROM_CLAUSE | K::WHERE_CLAUSE | K::ORDER_BY_CLAUSE | K::LIMIT_CLAUSE
        ) || kind == K::LOCKING_CLAUSE
    };
    let clauses: Vec<&SyntaxNode> = children.iter().filter(|node| node.kind() == K::LOCKING_CLAUSE).collect();
    let anywhere = tree.nodes().filter(|node| node.kind() == K::LOCKING_CLAUSE).count();
    if clauses.is_empty() || clauses.len() != anywhere || !children.iter().all(|node| plain(node.kind())) {
        return None;
    }
    let child = |of: &SyntaxNode, kind| of.children().find(|node| node.kind() == kind);
    let list = child(&select, K::SELECT_CLAUSE)?;
    // DISTINCT stands before the list.
    let targets = list.children().next().filter(|node| node.kind() == K::TARGET_LIST)?;
    let mut items = Vec::new();
    for node in child(&select, K::FROM_CLAUSE)?.children() {
        collect(&node, &mut items)?;
    }
    let mut told = Vec::new();
    let mut columns = String::new();
    for item in items {
        let modes = clauses.iter().filter(|clause| names(clause, &item.name)).map(|clause| strength(clause));
        let Some(modes) = modes.reduce(|one, other| one | other) else { continue };
        columns.push_str(&format!(", sys.local_row({}.*)", item.written));
        told.push(Told { schema: item.schema, table: item.table, modes });
    }
    (!told.is_empty()).then(|| (told, Edit::insert(usize::from(targets.text_range().end()), columns)))
}

/// Tables, and joins of them; none when there is anything else.
fn collect(node: &SyntaxNode, items: &mut Vec<Item>) -> Option<()> {
    match node.kind() {
        K::RELATION_FROM_ITEM => items.push(item(node)?),
        K::JOIN_EXPR => {
            for child in node.children() {
                collect(&child, items)?;
            }
        }
        K::JOIN => {
            let inner = |child: &SyntaxNode| matches!(child.kind(), K::RELATION_FROM_ITEM | K::JOIN_EXPR);
            for child in node.children().filter(|child| inner(child) || child.kind() == K::PAREN_FROM_ITEM) {
                collect(&child, items)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn item(node: &SyntaxNode) -> Option<Item> {
    let text = |kind| node.children().find(|child| child.kind() == kind);
    let reference = text(K::RELATION_NAME_REF)?;
    let segments: Vec<String> = reference
        .descendants()
        .filter(|part| part.kind() == K::PATH_SEGMENT_REF)
        .map(|part| part.text().to_string())
        .collect();
    let (schema, table) = match &segments[..] {
        [table] => (None, table),
        [schema, table] => (Some(bare(schema)), table),
        _ => return None,
    };
    let alias = text(K::FROM_ALIAS).map(|alias| {
        alias.children().find(|part| part.kind() == K::TABLE_ALIAS).map(|name| name.text().to_string())
    });
    let written = match alias {
        Some(name) => name?,
        None => table.clone(),
    };
    Some(Item { schema, table: bare(table), name: bare(&written), written })
}

/// Whether the clause locks what goes by this name.
fn names(clause: &SyntaxNode, name: &str) -> bool {
    match clause.children().find(|child| child.kind() == K::LOCKING_OF) {
        None => true,
        Some(of) => of.children().any(|listed| bare(&listed.text().to_string()) == name),
    }
}

fn strength(clause: &SyntaxNode) -> Modes {
    match clause.children().any(|child| child.kind() == K::FOR_KEY_SHARE) {
        true => Modes::KEY_SHARE,
        false => Modes::UPDATE,
    }
}
