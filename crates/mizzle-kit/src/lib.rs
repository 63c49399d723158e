//! Schema change for Amazon Aurora DSQL: a folder of migrations, applied statement by statement.
//!
//! ```text
//! migrations/0000_init/migration.sql ─┐
//! migrations/0001_pets/migration.sql ─┴▶ Folder ─▶ compare with the tracking table ─▶ pending statements
//!                                                                                          │ one by one
//!                        record in its own transaction ◀─ wait for its job ◀─ run alone ◀──┘
//! ```
//!
//! DSQL accepts one DDL statement in a transaction, and no DML beside it (AWS user guide, "DDL and distributed
//! transactions"), so a migration is not atomic there. Every statement is applied and recorded by itself, and a run
//! continues where the last one ended.
//!
//! The statements are planned, not written:
//!
//! ```text
//! #[table] structs ─┐                        ┌▶ migration.sql, explanation
//! a live database  ─┼▶ Snapshot ─diff▶ Change ─plan▶ Step
//! snapshot.json    ─┘                        └▶ Refused: a reason and the nearest way for each
//! ```
//!
//! - [`snapshot`](mod@snapshot) is a schema at a moment, [`introspect`](mod@introspect) reads one from a database.
//! - [`diff`](mod@diff) says what is different, [`plan`](mod@plan) how Aurora DSQL is brought there, step by step.
//! - [`pull`](fn@pull) writes structs, [`diagram`] draws them.
//! - [`Folder`] reads migrations and checks them before anything runs.
//! - [`apply`](fn@apply) brings a database up to a folder, tells what it does by [`Event`]s and what it did by a [`Report`].
//!
//! # Example
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mizzle_kit::{Folder, Options, apply};
//!
//! let client = mizzle_connect::Config::from_env()?.connect().await?;
//! let folder = Folder::read("migrations")?;
//! let report = apply(&client, &folder, &Options::new("public"), |event| println!("{event}")).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```

mod apply;
mod checksum;
pub mod diagram;
pub mod diff;
mod error;
mod folder;
pub mod introspect;
mod job;
mod journal;
mod name;
mod pending;
pub mod plan;
mod pull;
mod report;
pub mod snapshot;
mod split;
mod sql;

pub use apply::{Options, apply};
pub use checksum::Checksum;
pub use error::Error;
pub use folder::{Folder, Migration, Statement};
pub use pull::pull;
pub use report::{AppliedMigration, Event, Report};
