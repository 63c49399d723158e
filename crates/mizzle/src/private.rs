//! What the expansions of the macros name; nothing here is for people.

pub use crate::load::Plan;
pub use crate::model::HasColumn;
pub use crate::node::Node;
pub use crate::row::PgRow;
pub use crate::shape::{Parts, node_of, plan, read_aggregate, read_related};
pub use crate::statement::Statement;
pub use crate::stitch::Reader;
pub use crate::write::{Assignments, RowValues, Values, push_value, values};
pub use diesel;
