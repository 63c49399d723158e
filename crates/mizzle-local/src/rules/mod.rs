//! What Aurora DSQL says no to: one table of refusals, one of parameters, one of what may share a transaction.

mod altering;
mod body;
mod newer;
mod rule;
mod setting;
mod shape;
mod speaking;
mod table;
mod transaction;
mod typing;

pub(crate) use setting::{settable, unsettable};
pub(crate) use transaction::Seen;

use crate::refusal::Refusal;
use crate::statement::Tree;

/// Why a statement is refused whatever came before it; the first row that fits says so.
pub(crate) fn refusal(tree: &Tree) -> Option<Refusal> {
    table::rows().find_map(|rule| rule.refusal(tree)).or_else(|| body::refusal(tree))
}

/// Why a statement is refused where COPY is allowed.
pub(crate) fn refusal_but_copy(tree: &Tree) -> Option<Refusal> {
    table::rows().filter(|rule| !rule.is_about("Copy")).find_map(|rule| rule.refusal(tree))
}

#[cfg(test)]
#[path = "stories.rs"]
mod stories;
