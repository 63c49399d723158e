//! What trees of SQL say, as names, types and keys.

use std::ops::Range;

use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::statement::Statement;

/// A name as the database keeps it: without quotes, in lower case unless it had them.
pub(crate) fn plain(name: &str) -> String {
    match name.trim().strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.trim().to_lowercase(),
    }
}

/// The name that a node is, or holds.
pub(crate) fn name(node: &SyntaxNode) -> String {
    plain(&node.text().to_string())
}

/// The first child of this kind.
pub(crate) fn child(node: &SyntaxNode, kind: K) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

/// The children of this kind.
pub(crate) fn children(node: &SyntaxNode, kind: K) -> impl Iterator<Item = SyntaxNode> + use<> {
    node.children().filter(move |child| child.kind() == kind)
}

/// Whether it has a node of this kind in it.
pub(crate) fn has(node: &SyntaxNode, kind: K) -> bool {
    node.descendants().skip(1).any(|within| within.kind() == kind)
}

/// A relation's schema, if it is named, and name.
pub(crate) fn path(node: &SyntaxNode) -> (Option<String>, String) {
    let segments =
        node.descendants().filter(|part| matches!(part.kind(), K::PATH_SEGMENT | K::PATH_SEGMENT_REF));
    let mut names: Vec<String> = segments.map(|segment| name(&segment)).collect();
    let last = names.pop().unwrap_or_else(|| name(node));
    (names.pop(), last)
}

/// The table that a statement makes, changes or drops.
pub(crate) fn table(node: &SyntaxNode) -> Option<(Option<String>, String)> {
    let kinds = [K::TABLE_NAME, K::TABLE_RELATION_NAME, K::TABLE_NAME_REF, K::RELATION_NAME];
    node.children().find(|child| kinds.contains(&child.kind())).map(|found| path(&found))
}

/// The columns that a list names.
pub(crate) fn columns(list: &SyntaxNode) -> Vec<String> {
    list.descendants().filter(|node| node.kind() == K::COLUMN_NAME_REF).map(|node| name(&node)).collect()
}

/// A column's type.
#[derive(Debug, Clone)]
pub(crate) struct Type {
    pub(crate) span: Range<usize>,
    /// Without schema and arguments, in lower case, with single spaces: `character varying`.
    pub(crate) name: String,
    pub(crate) arguments: Vec<u64>,
    pub(crate) array: bool,
}

/// What has a type: a column of a new table, an added one, a domain.
pub(crate) const TYPED: &[K] = &[K::COLUMN, K::ADD_COLUMN, K::CREATE_DOMAIN];

/// The type of one of them.
pub(crate) fn type_of(statement: &Statement<'_>, column: &SyntaxNode) -> Option<Type> {
    let node = column.children().find(|child| {
        matches!(
            child.kind(),
            K::ARRAY_TYPE
                | K::PATH_TYPE
                | K::TIME_TYPE
                | K::TIMESTAMP_TYPE
                | K::INTERVAL_TYPE
                | K::DOUBLE_TYPE
                | K::VARCHAR_TYPE
                | K::CHARACTER_TYPE
                | K::BIT_TYPE
                | K::BIT_VARYING_TYPE
        )
    })?;
    Some(Type::of(statement, &node))
}

impl Type {
    pub(crate) fn of(statement: &Statement<'_>, node: &SyntaxNode) -> Type {
        let span = statement.span_of(node);
        let within =
            |word: &&super::statement::Word| word.span.start >= span.start && word.span.end <= span.end;
        let (mut names, mut arguments, mut depth) = (Vec::new(), Vec::new(), 0);
        for word in statement.words.iter().filter(within) {
            match word.text.as_str() {
                "(" => depth += 1,
                ")" => depth -= 1,
                "[" | "]" | "," | "array" => {}
                "." => names.clear(),
                text if depth > 0 => arguments.extend(text.parse::<u64>()),
                text if text.starts_with(|c: char| c.is_ascii_digit()) => {}
                text => names.push(text.to_owned()),
            }
        }
        let array = node.kind() == K::ARRAY_TYPE;
        Type { span, name: names.join(" "), arguments, array }
    }

    /// Whether its values are text of a declared length.
    pub(crate) fn width(&self) -> Option<u64> {
        let text = ["char", "character", "bpchar", "varchar", "character varying", "char varying"];
        self.arguments.first().copied().filter(|_| text.contains(&self.name.as_str()))
    }

    /// The name that errors of the server use.
    pub(crate) fn is_bigint(&self) -> bool {
        !self.array && matches!(self.name.as_str(), "bigint" | "int8")
    }
}

/// A key that a table declares.
pub(crate) struct Key {
    pub(crate) primary: bool,
    pub(crate) columns: Vec<String>,
}

/// The keys that a CREATE TABLE declares.
pub(crate) fn keys(table: &SyntaxNode) -> Vec<Key> {
    let kinds = [K::PRIMARY_KEY_CONSTRAINT, K::UNIQUE_CONSTRAINT];
    let of = |node: SyntaxNode| {
        let parent = node.parent()?;
        let columns = match parent.kind() {
            K::COLUMN => vec![name(&parent.first_child()?)],
            _ => columns(&node.descendants().find(|list| list.kind() == K::CONSTRAINT_COLUMN_REF_LIST)?),
        };
        Some(Key { primary: node.kind() == K::PRIMARY_KEY_CONSTRAINT, columns })
    };
    table.descendants().filter(|node| kinds.contains(&node.kind())).filter_map(of).collect()
}

/// What a column's default calls or says, if it has one.
pub(crate) fn default(column: &SyntaxNode) -> Option<String> {
    let node = child(column, K::DEFAULT_CONSTRAINT)?;
    Some(node.first_child()?.text().to_string().to_lowercase())
}
