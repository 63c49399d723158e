//! `COPY` between the client and a table: the one form of it that a server without files could have.

use super::Tree;
use crate::refusal::Refusal;

/// `COPY … FROM STDIN` or `COPY … TO STDOUT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Copy {
    /// Whether rows come in.
    pub(crate) from: bool,
    /// Why it is refused even where COPY is allowed.
    pub(crate) refusal: Option<Refusal>,
}

/// Whether rows come in from the client, or go out to it; none for any other statement.
pub(super) fn comes_in(tree: &Tree) -> Option<bool> {
    if !tree.starts_with(&["copy"]) {
        return None;
    }
    let mut depth = 0;
    for pair in tree.words().windows(2) {
        match (pair[0].as_str(), pair[1].as_str()) {
            ("(", _) => depth += 1,
            (")", _) => depth -= 1,
            ("from", "stdin") if depth == 0 => return Some(true),
            ("to", "stdout") if depth == 0 => return Some(false),
            ("from" | "to", _) if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
