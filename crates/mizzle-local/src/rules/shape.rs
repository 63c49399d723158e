//! The shapes a rule may look for in a parse tree.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::statement::Tree;

/// What a statement may look like. What is found fills the `{}` of a message.
pub(super) enum Shape {
    /// The statement is of this kind.
    Is(SyntaxKind),
    /// The statement begins with these words. For what the parser need not understand.
    Starts(&'static [&'static str]),
    /// The first kind, at any depth, holds the second, at any depth.
    Has(SyntaxKind, SyntaxKind),
    /// Any statement holds this, at any depth.
    Holds(SyntaxKind),
    /// Any statement holds this, at any depth; finds its first word.
    Word(SyntaxKind),
    /// A statement of this kind holds these words one after the other.
    Says(SyntaxKind, &'static [&'static str]),
    /// A function of this list is called; a `*` at the end of a name stands for any end.
    Calls(&'static [&'static str]),
    /// Anything else: finds what the message names.
    Finds(fn(&Tree) -> Option<String>),
}

impl Shape {
    pub(super) fn find(&self, tree: &Tree) -> Option<String> {
        let found = |yes: bool| yes.then(String::new);
        match self {
            Shape::Is(kind) => found(tree.kind() == Some(*kind)),
            Shape::Starts(words) => found(tree.starts_with(words)),
            Shape::Has(kind, part) => {
                found(tree.nodes().any(|node| node.kind() == *kind && has(&node, *part)))
            }
            Shape::Word(part) => tree.nodes().find(|node| node.kind() == *part).map(|node| first_word(&node)),
            Shape::Holds(part) => found(tree.nodes().any(|node| node.kind() == *part)),
            Shape::Says(kind, words) => found(
                tree.kind() == Some(*kind)
                    && tree.words().windows(words.len()).any(|window| window.iter().eq(words.iter())),
            ),
            Shape::Calls(names) => calls(tree).find(|name| names.iter().any(|pattern| fits(name, pattern))),
            Shape::Finds(find) => find(tree),
        }
    }
}

/// The functions a statement calls, without their schema.
pub(super) fn calls(tree: &Tree) -> impl Iterator<Item = String> {
    tree.nodes().filter(|node| node.kind() == SyntaxKind::CALL_EXPR).filter_map(|call| function_name(&call))
}

/// The name in a call, without its schema.
pub(super) fn function_name(call: &SyntaxNode) -> Option<String> {
    let name = call.first_child()?.text().to_string();
    Some(bare(name.rsplit('.').next().unwrap_or(&name)))
}

/// An identifier as PostgreSQL stores it.
pub(super) fn bare(name: &str) -> String {
    let name = name.trim();
    match name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => name.to_lowercase(),
    }
}

/// Whether a node of this kind is inside.
pub(super) fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.descendants().any(|descendant| descendant.kind() == kind)
}

/// The first word of a part, as it was written.
pub(super) fn first_word(node: &SyntaxNode) -> String {
    let text = node.text().to_string();
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    text[..end].to_owned()
}

fn fits(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
