//! What the expansions of the macros name; nothing here is for people.

pub use crate::model::HasColumn;
pub use crate::write::{Assignments, RowValues, Values, push_value, values};
pub use diesel;
