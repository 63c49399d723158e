//! The body of a function: what is refused alone is refused in it.

use squawk_syntax::SyntaxKind as K;

use crate::refusal::Refusal;
use crate::statement::{Kind, Statement, Tree};

/// Why a CREATE FUNCTION is refused for what its text says. A body of SQL-standard form is part of the statement itself,
/// and one in `E'…'` is PostgreSQL's to judge.
pub(super) fn refusal(tree: &Tree) -> Option<Refusal> {
    if tree.kind() != Some(K::CREATE_FUNCTION) {
        return None;
    }
    let body = tree.nodes().find(|node| node.kind() == K::AS_DEFINITION)?;
    let text = content(&body.text().to_string())?;
    Statement::read_as(&text, false)
        .into_iter()
        .find_map(|statement| statement.refusal.clone().or_else(|| changes(&statement)))
}

/// DDL would change the catalog unseen by what watches it. PostgreSQL speaks so of `COMMIT`.
fn changes(statement: &Statement) -> Option<Refusal> {
    let command: Vec<&str> = statement.sql.split_whitespace().take(2).collect();
    (statement.kind == Kind::Ddl).then(|| {
        Refusal::new(
            "0A000",
            format!("{} is not allowed in an SQL function", command.join(" ").to_uppercase()),
        )
    })
}

/// What stands between quotes or dollar signs.
fn content(literal: &str) -> Option<String> {
    if let Some(text) = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Some(text.replace("''", "'"));
    }
    let tag = &literal[..literal.strip_prefix('$')?.find('$')? + 2];
    literal.strip_prefix(tag)?.strip_suffix(tag).map(str::to_owned)
}
