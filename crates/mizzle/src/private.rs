//! What the expansions of the macros name; nothing here is for people.

pub use crate::assert::{can_be_a_key, declared_agrees, is_bigint, refers_to};
pub use crate::checked::*;
pub use crate::db_enum::{enum_from_sql, enum_to_sql};
pub use crate::load::Plan;
pub use crate::model::Identity;
pub use crate::node::Node;
pub use crate::place;
pub use crate::row::PgRow;
pub use crate::shape::{Parts, RowsOf, node_of, plan, read_aggregate, read_related, rows_of};
pub use crate::statement::Statement;
pub use crate::stitch::Reader;
pub use crate::table_column::{Col, Field};
pub use crate::types::Typed;
pub use crate::write::{
    Alteration, Alters, Assignments, List, RowValues, Touched, Values, assignments, values,
};
pub use diesel;
