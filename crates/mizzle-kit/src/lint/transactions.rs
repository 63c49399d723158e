//! Which statements of a text share a transaction.

use super::script::Script;
use super::source::Way;
use super::statement::{Class, Statement};

/// One transaction of a text.
pub(crate) struct Block<'s, 'a> {
    /// What begins it, if it is written.
    pub(crate) begin: Option<&'s Statement<'a>>,
    pub(crate) end: Option<&'s Statement<'a>>,
    pub(crate) statements: Vec<&'s Statement<'a>>,
}

/// The transactions of a text. The runner of migrations, and a session outside of a block, give each
/// statement its own.
pub(crate) fn of<'s, 'a>(script: &'s Script<'a>) -> Vec<Block<'s, 'a>> {
    let mut blocks: Vec<Block<'s, 'a>> = Vec::new();
    let mut open: Option<Block<'s, 'a>> = None;
    for statement in &script.statements {
        match (statement.class(), &mut open) {
            (Class::Begin, None) if script.way == Way::Session => {
                open = Some(Block { begin: Some(statement), end: None, statements: Vec::new() });
            }
            (Class::End, Some(_)) => {
                blocks.extend(open.take().map(|block| Block { end: Some(statement), ..block }));
            }
            (_, Some(block)) => block.statements.push(statement),
            (_, None) => blocks.push(Block { begin: None, end: None, statements: vec![statement] }),
        }
    }
    blocks.extend(open);
    blocks
}
