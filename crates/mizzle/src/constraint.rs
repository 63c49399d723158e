//! Constraints by name: which promise of a table a refused row would have broken.

use std::fmt::Debug;
use std::hash::Hash;

use crate::model::Model;

/// The constraints of one table. `#[table]` implements it for `OwnerConstraint`.
///
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String, city: String }
/// # fn main() {
/// assert_eq!(OwnerConstraint::Pkey.name(), "owner_pkey");
/// assert_eq!(OwnerConstraint::ALL.len(), 1);
/// # }
/// ```
pub trait Constraint: Copy + Eq + Hash + Debug + Sized + 'static {
    /// Every constraint of the table that has a name: its primary key, unique constraints and indexes, checks and foreign keys.
    const ALL: &'static [Self];

    /// The name in the database.
    fn name(self) -> &'static str;
}

/// A table whose constraints have names in Rust. Implemented by `#[table]`; views have none.
///
/// See [`Error::constraint_of`](crate::Error::constraint_of).
pub trait Constrained: Model {
    /// `OwnerConstraint` for `Owner`.
    type Constraint: Constraint;
}
