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
//! | declare a table | [`macro@table`], [`schema!`], [`ColumnType`] |
//! | connect | [`Db`], [`connect`] |
//! | load | [`Query`], [`With`], [`Db::load`]; any Diesel query loads as well |
//! | change | [`Db::insert`], [`Update`], [`Delete`], [`Db::execute`] |
//! | do several things at once | [`Db::transaction`], [`Tx`] |
//! | change more rows than a transaction takes | [`Db::insert_all`], [`Db::update_all`], [`Db::delete_all`], [`Budget`] |
//! | leave no orphans without foreign keys | [`Db::delete_cascading`], [`Tx::insert_child`], [`Tx::lock_parent`] |
//! | know what went wrong | [`Error`] |

mod budget;
mod bulk;
mod cascade;
mod connection;
mod db;
mod def;
mod error;
mod executor;
mod load;
mod methods;
mod model;
pub mod prelude;
mod query;
mod relation;
mod row;
mod statement;
mod transaction;
mod types;
mod write;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use budget::Budget;
pub use bulk::{BulkError, BulkReport, ChangeAll, InsertAll, Position, Progress, Ranges};
pub use cascade::{Cascade, Children, DeleteCascading};
pub use connection::Connection;
pub use db::Db;
pub use def::{ColumnDef, IndexDef, TableDef};
#[doc(no_inline)]
pub use diesel;
#[doc(no_inline)]
pub use diesel_async;
pub use error::Error;
pub use load::Load;
pub use methods::Answering;
#[doc(no_inline)]
pub use mizzle_connect as connect;
pub use mizzle_macros::{schema, table};
pub use model::{BelongsTo, HasColumn, Key, Model, NewRow, Patch};
pub use query::{Condition, Order, Query};
pub use relation::{Any, BelongsToOne, Count, HasMany, ManyToMany, Push, Relation, Relations, With};
pub use row::{PgField, PgRow};
pub use transaction::Tx;
pub use types::ColumnType;
pub use write::{Delete, Execute, Filtered, Unfiltered, Update};
