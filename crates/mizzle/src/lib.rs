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
//! | know what went wrong | [`Error`] |

mod connection;
mod db;
mod def;
mod error;
mod executor;
mod load;
mod methods;
mod model;
mod node;
pub mod prelude;
mod query;
mod relation;
mod row;
mod rows;
mod shape;
mod statement;
mod stitch;
mod transaction;
mod types;
mod write;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

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
pub use mizzle_macros::{Shape, schema, table};
pub use model::{BelongsTo, HasColumn, Key, Model, NewRow, Patch};
pub use query::{Condition, Order, Query};
pub use relation::{
    Aggregate, Any, Count, Extreme, KeyColumns, Keyed, Kind, Link, Many, Maybe, One, Path, Push, Related, Relation,
    Relations, SameKey, Summable, With,
};
pub use row::{PgField, PgRow};
pub use shape::{Holds, NoQuery, Part, Reads, Shape, Single};
pub use transaction::Tx;
pub use types::ColumnType;
pub use write::{Delete, Execute, Filtered, Unfiltered, Update};
