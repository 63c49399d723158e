//! Type-safe applications on Amazon Aurora DSQL.
//!
//! Tables are structs, queries are [Diesel](https://diesel.rs)'s and checked by the compiler, relations load in one round trip,
//! transactions run again when another one wins.
//!
//! ```no_run
//! use mizzle::prelude::*;
//! use uuid::Uuid;
//!
//! #[table]
//! #[has_many(pets: Pet)]
//! pub struct Owner {
//!     #[column(primary_key, default = gen_random_uuid())]
//!     pub id: Uuid,
//!     #[column(varchar(30))]
//!     pub name: String,
//! }
//!
//! #[table]
//! pub struct Pet {
//!     #[column(primary_key, default = gen_random_uuid())]
//!     pub id: Uuid,
//!     #[column(varchar(30))]
//!     pub name: String,
//!     #[belongs_to(owner: Owner)]
//!     pub owner_id: Option<Uuid>,
//! }
//!
//! # fn main() {}
//! # async fn example() -> Result<(), mizzle::Error> {
//! let db = Db::from_env().await?;
//! let john = db.insert(NewOwner::new("John Doe")).await?;
//! db.insert(NewPet::new("Rex").owner_id(john.id)).await?;
//!
//! let johns: Vec<With<Owner, Vec<Pet>>> = db
//!     .load(Owner::query().filter(owner::name.eq("John Doe")).with(Owner::pets().order_by(pet::name)))
//!     .await?;
//! assert_eq!(johns[0].related[0].name, "Rex");
//! # Ok(())
//! # }
//! ```
//!
//! | to | see |
//! |---|---|
//! | declare a table | [`macro@table`], [`schema!`], [`ColumnType`], [`DbEnum`], [`macro@DbType`] |
//! | read a declaration | [`TableDef`] |
//! | connect | [`Db`], [`connect`] |
//! | load | [`Query`], [`With`], [`Db::load`]; any Diesel query loads as well |
//! | change | [`Db::insert`], [`Update`], [`Delete`], [`Db::execute`] |
//! | do several things at once | [`Db::transaction`], [`Tx`] |
//! | know what went wrong | [`Error`], [`Constraint`] |

mod assert;
mod connection;
mod constraint;
mod db;
mod db_enum;
mod def;
mod error;
mod executor;
#[cfg(feature = "jiff")]
pub mod jiff;
#[cfg(feature = "json")]
mod json;
mod load;
mod methods;
mod model;
#[doc(hidden)]
pub mod place;
pub mod prelude;
mod query;
mod relation;
mod row;
mod statement;
mod time_tz;
mod transaction;
mod types;
mod write;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use connection::Connection;
pub use constraint::{Constrained, Constraint};
pub use db::Db;
pub use db_enum::DbEnum;
pub use def::{
    Action, CheckDef, ColumnDef, Deferrable, ForeignKeyDef, IdentityDef, IndexDef, IndexKey, IndexValue,
    Nulls, TableDef, TableKind, UniqueDef, ValuesDef,
};
#[doc(no_inline)]
pub use diesel;
#[doc(no_inline)]
pub use diesel_async;
pub use error::Error;
#[cfg(feature = "json")]
pub use json::Json;
pub use load::Load;
pub use methods::Answering;
#[doc(no_inline)]
pub use mizzle_connect as connect;
pub use mizzle_macros::{DbEnum, DbType, schema, table};
pub use model::{BelongsTo, Changes, HasColumn, Key, Model, NewRow, Patch};
pub use query::{Condition, Order, Query};
pub use relation::{Any, BelongsToOne, Count, HasMany, ManyToMany, Push, Relation, Relations, With};
pub use row::{PgField, PgRow};
pub use time_tz::{SqlTimeTz, TimeTz};
pub use transaction::Tx;
pub use types::{ColumnType, Interval, uuid_v7};
pub use write::{Delete, Execute, Filtered, Unfiltered, Update};
