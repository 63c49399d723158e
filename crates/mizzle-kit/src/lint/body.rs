//! The statements in the text of a function in SQL.

use squawk_syntax::SyntaxKind as K;

use super::script::{Piece, Script, cut};
use super::statement::Statement;
use super::tree;

/// What the function's text says. A body of SQL-standard form is part of the statement itself, and one with
/// escapes in it is PostgreSQL's to judge: positions in it are not those of the file.
pub(crate) fn statements<'a>(script: &Script<'a>, statement: &Statement<'a>) -> Vec<Statement<'a>> {
    if statement.kind() != Some(K::CREATE_FUNCTION) {
        return Vec::new();
    }
    let language = statement.all(&[K::LANGUAGE_REF]).any(|node| tree::name(&node) == "sql");
    if !language {
        return Vec::new();
    }
    let body = statement.all(&[K::AS_DEFINITION]).find_map(|node| tree::child(&node, K::LITERAL));
    let Some(span) = body.map(|literal| statement.span_of(&literal)) else { return Vec::new() };
    let literal = &script.text[span.clone()];
    let fence = match literal.strip_prefix('$').and_then(|rest| rest.find('$')) {
        Some(tag) => tag + 2,
        None if literal.starts_with('\'') && !literal[1..literal.len() - 1].contains(['\'']) => 1,
        None => return Vec::new(),
    };
    let inner = span.start + fence..span.end - fence;
    let (pieces, _) = cut(&script.text[inner.clone()], inner.start);
    let of = |(piece, tokens, end): Piece| Statement::read(script.text, script.source, piece, &tokens, end);
    pieces.into_iter().map(of).collect()
}
