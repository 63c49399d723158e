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
//!
//! // or into structs of one's own, which name what they want of a row
//! let cards: Vec<OwnerCard> = db.load(OwnerCard::query().pets(|pets| pets.order_by(pet::name).limit(3))).await?;
//! assert_eq!(cards[0].pets[0].name, "Rex");
//! # Ok(())
//! # }
//! #[derive(Shape)]
//! #[shape(of = Owner)]
//! struct OwnerCard {
//!     name: String,
//!     pets: Vec<PetCard>,
//!     #[shape(count = pets)]
//!     pet_count: i64,
//! }
//!
//! #[derive(Shape)]
//! #[shape(of = Pet)]
//! struct PetCard {
//!     name: String,
//! }
//! ```
//!
//! Chapters for those who come from elsewhere, side by side with what they know, are in the repository: `docs/from-drizzle.md` and
//! `docs/from-diesel.md`.
//!
//! | to | see |
//! |---|---|
//! | declare a table | [`macro@table`], [`schema!`], [`ColumnType`], [`DbEnum`], [`macro@DbType`] |
//! | read a declaration | [`TableDef`], [`tables!`] |
//! | connect | [`Db`], [`connect`] |
//! | load | [`Query`], [`With`], [`Db::load`]; any Diesel query loads as well |
//! | load into one's own structs | [`macro@Shape`] |
//! | ask about related rows | [`Related::any`], [`Related::none`], [`Related::count`], [`Related::sum`] |
//! | write SQL by hand | [`sql!`], [`macro@FromRow`] |
//! | read large results | [`Db::stream`], [`Tx::stream`] |
//! | see the SQL | [`ToSqlText`] |
//! | change | [`Db::insert`], [`Update`], [`Delete`], [`Db::execute`] |
//! | do several things at once | [`Db::transaction`], [`Tx`] |
//! | change more rows than a transaction takes | [`Db::insert_all`], [`InsertAll::returning`], [`Db::update_all`], [`Db::delete_all`], [`Budget`] |
//! | bring the database up to date at start | [`migrations!`], and `mizzle-kit`'s `Migrate` |
//! | leave no orphans without foreign keys | [`Db::delete_cascading`], [`Tx::insert_child`], [`Tx::lock_parent`] |
//! | know what went wrong | [`Error`], [`Constraint`] |
//!
//! # Traces
//! Three `tracing` spans at the level DEBUG, their fields named as OpenTelemetry names those of database clients: `connect`,
//! `statement` for what is sent together (`db.operation.name`, `db.operation.batch.size`, `server.address`,
//! `db.response.status_code`, `error.type`), and around those of a transaction `transaction` (`mizzle.attempts`,
//! `mizzle.outcome`). The SQL is in `db.query.text` only where the level TRACE is on for `mizzle`: parameters are not in it, but
//! what is written into the text by hand is. Numbers: [`Db::stats`], or the feature `metrics`.

mod assert;
mod budget;
mod bulk;
mod cascade;
mod checked;
mod column;
mod comparison;
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
mod marker;
mod methods;
mod migrations;
mod model;
mod node;
mod outcome;
#[doc(hidden)]
pub mod place;
pub mod prelude;
mod query;
mod raw;
mod refused;
mod relation;
mod row;
mod rows;
mod shape;
mod statement;
mod stitch;
mod stream;
mod table_column;
mod tables;
mod text;
mod time_tz;
mod trace;
mod transaction;
mod types;
mod write;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use budget::Budget;
pub use bulk::{BulkError, BulkReport, ChangeAll, InsertAll, InsertReturning, Position, Progress, Ranges};
pub use cascade::{Cascade, Children, DeleteCascading};
pub use comparison::{Among, AsValue, Compared, ExpressionMethods, Never};
pub use connection::Connection;
pub use constraint::{Constrained, Constraint};
pub use db::{Db, Stats};
pub use db_enum::{DbEnum, SqlEnum};
pub use def::{
    Action, CheckDef, ColumnDef, Deferrable, ForeignKeyDef, IdentityDef, IndexDef, IndexKey, IndexValue,
    Nulls, RelationDef, TableDef, TableKind, UniqueDef, ValuesDef,
};
#[doc(no_inline)]
pub use diesel;
#[doc(no_inline)]
pub use diesel_async;
pub use error::Error;
#[cfg(feature = "json")]
pub use json::Json;
pub use load::Load;
pub use marker::CommitMarker;
pub use methods::Answering;
pub use migrations::Migrations;
#[doc(no_inline)]
pub use mizzle_connect as connect;
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// #[derive(FromRow)]
/// struct Busy {
///     name: String,
///     #[row(name = "count")]
///     pets: i64,
/// }
///
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let busy: Vec<Busy> = db
///     .load(sql!("SELECT name, count(*) FROM owner JOIN pet ON owner_id = owner.id GROUP BY name"))
///     .await?;
/// for Busy { name, pets } in busy {
///     println!("{name} has {pets}");
/// }
/// # Ok(())
/// # }
/// ```
pub use mizzle_macros::FromRow;
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # use uuid::Uuid;
/// # #[table] #[has_many(pets: Pet)]
/// # struct Owner { #[column(primary_key)] id: Uuid, name: String, city: String }
/// # #[table]
/// # struct Pet { #[column(primary_key)] id: Uuid, name: String, weight: i32, #[belongs_to(owner: Owner)] owner_id: Option<Uuid> }
/// # fn main() {}
/// #[derive(Shape)]
/// #[shape(of = Owner)]
/// struct OwnerCard {
///     id: Uuid,
///     #[shape(from = name)]
///     called: String,
///     #[shape(order_by = pet::name)]
///     pets: Vec<PetCard>,
///     #[shape(count = pets)]
///     pet_count: i64,
///     #[shape(max = pets, column = pet::weight)]
///     heaviest: Option<i32>,
/// }
///
/// #[derive(Shape)]
/// #[shape(of = Pet)]
/// struct PetCard {
///     name: String,
/// }
///
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let query = OwnerCard::query()
///     .filter(owner::city.eq("Anytown"))
///     .pets(|pets| pets.filter(pet::weight.gt(1)).limit(3));
/// let cards: Vec<OwnerCard> = db.load(query).await?;
/// println!("{} has {} pets, one is {}", cards[0].called, cards[0].pet_count, cards[0].pets[0].name);
/// # Ok(())
/// # }
/// ```
pub use mizzle_macros::Shape;
/// # Example
/// ```
/// # use mizzle::prelude::*;
/// # #[table] struct Owner { #[column(primary_key)] id: i64, name: String }
/// # #[table] struct Pet { #[column(primary_key)] id: i64, #[belongs_to(owner: Owner)] owner_id: i64 }
/// # fn main() {}
/// # async fn example(db: &Db) -> Result<(), mizzle::Error> {
/// let least = 3_i64;
/// let busy: Vec<(String, i64)> = db
///     .load(sql!(
///         "WITH busy AS (SELECT owner_id, count(*) AS pets FROM {pet::table} GROUP BY owner_id)
///          SELECT {owner::name}, pets FROM {owner::table} JOIN busy ON owner_id = id WHERE pets >= {least}"
///     ))
///     .await?;
/// # Ok(())
/// # }
/// ```
pub use mizzle_macros::sql;
pub use mizzle_macros::{DbEnum, DbType, migrations, schema, table};
pub use model::{BelongsTo, Changes, HasColumn, Key, Model, NewRow, Patch};
pub use outcome::Outcome;
pub use query::{Condition, Order, Query};
pub use raw::{Bind, FromColumn, FromRow, Names, Naming, RawSql};
pub use refused::LocksThatAuroraDsqlRefuses;
pub use relation::{
    Aggregate, Any, Belonging, Count, Extreme, KeyColumns, KeyValues, Keyed, Kind, Link, Linking, Many,
    Maybe, NullColumns, One, Owning, Path, Push, Related, Relation, Relations, SameKey, StartsFrom, Summable,
    With,
};
pub use row::{PgField, PgRow};
pub use shape::{Holds, IsColumn, NoQuery, Part, Reads, Shape, Single};
pub use stream::{LoadRows, Rows};
pub use table_column::{Col, Field};
pub use text::{SqlText, StatementText, ToSqlText};
pub use time_tz::{SqlTimeTz, TimeTz};
pub use transaction::Tx;
pub use types::{ColumnType, Interval, uuid_v7};
pub use write::{Delete, Execute, Filtered, Unfiltered, Update};
