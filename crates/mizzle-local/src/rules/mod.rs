//! What Aurora DSQL says no to: one table of refusals, one of parameters, one of what may share a transaction.

mod setting;
mod shape;
mod table;
mod transaction;
mod typing;

pub(crate) use setting::{settable, unsettable};
pub(crate) use transaction::Seen;

use self::shape::Shape;
use crate::refusal::Refusal;
use crate::statement::Tree;

/// One refusal: the shape of a statement, and what is said to it.
struct Rule {
    shape: Shape,
    state: &'static str,
    /// `{}` stands for what the shape found.
    message: &'static str,
    hint: Option<&'static str>,
    /// Where the fact comes from: a page of the user guide, or the tool whose authors saw it.
    #[cfg_attr(not(test), allow(dead_code))]
    source: &'static str,
}

/// Why a statement is refused whatever came before it; the first row that fits says so.
pub(crate) fn refusal(tree: &Tree) -> Option<Refusal> {
    table::RULES.iter().find_map(|rule| {
        let found = rule.shape.find(tree)?;
        let refusal = Refusal::new(rule.state, rule.message.replace("{}", &found));
        Some(match rule.hint {
            Some(hint) => refusal.with_hint(hint),
            None => refusal,
        })
    })
}

#[cfg(test)]
#[path = "stories.rs"]
mod stories;
