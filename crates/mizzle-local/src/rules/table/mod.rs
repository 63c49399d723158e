//! The table of refusals. A new one is one new row; where two fit, the upper one speaks.
//!
//! Texts that Aurora DSQL is known to say are marked by their source. Where no public source gives the text, the
//! row follows the service's patterns and its source says `pattern`.

mod alter;
mod create;
mod index;
mod object;
mod query;
mod session;

mod version;

use super::rule::Rule;

/// The areas, in the order they speak.
const AREAS: &[&[Rule]] =
    &[version::ROWS, session::ROWS, query::ROWS, create::ROWS, index::ROWS, alter::ROWS, object::ROWS];

/// Every row.
pub(super) fn rows() -> impl Iterator<Item = &'static Rule> {
    AREAS.iter().copied().flatten()
}
