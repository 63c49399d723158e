//! Schema change for Amazon Aurora DSQL: a folder of migrations, applied statement by statement.
//!
//! ```text
//! migrations/0000_init/migration.sql ─┐
//! migrations/0001_pets/migration.sql ─┴▶ Folder ─▶ compare with the tracking table ─▶ pending statements
//!                                                                                          │ one by one, by
//!                                                                                          ▼ who has the lease
//!    record that it is applied ◀─ wait for its job, look whether it is valid ◀─ run alone ◀─ record that it begins
//! ```
//!
//! DSQL accepts one DDL statement in a transaction, and no DML beside it (AWS user guide, "DDL and distributed
//! transactions"), so a migration is not atomic there. Every statement is applied and recorded by itself, and a run
//! continues where the last one ended, also when that was killed: what is on record as begun is looked up in the
//! catalog. DSQL has no advisory locks either, so a row says who may work.
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
//! - [`Declaration`] is what structs say, [`main`] the binary that says it to the `mizzle` command.
//! - [`pull`](fn@pull) writes structs, [`diagram`] draws them.
//! - [`Folder`] reads migrations, checks them before anything runs, and writes new ones; [`check`](fn@check) finds what
//!   edits and branches have made of them.
//! - [`lint`] says what DSQL refuses in SQL written by hand, and what it accepts and one regrets.
//! - [`apply`](fn@apply) brings a database up to a folder, tells what it does by [`Event`]s and what it did by a
//!   [`Report`]. [`Migrate`] does the same for a `mizzle::Db`, from a folder that is part of the program.
//! - [`status`](fn@status) tells how a database stands, [`repair`](fn@repair) writes what a person has decided.
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
//!
//! # A migration's file
//! Statements with a line `--> statement-breakpoint` between them. Indexes and constraints have names. In front of a statement may stand
//! `-- mizzle: backfill chunk=3000`: it changes more rows than a transaction takes, and runs in chunks. An `UPDATE` or
//! `DELETE` on one table goes along its primary key, each row once; with a condition, until no row fulfils it. Any other
//! statement runs again until it changes nothing, or fewer rows than its own `LIMIT`, which is lowered where others write
//! the same rows.
//! `-- mizzle: parent=…` in the first line names the migration that it was written on.
//!
//! `-- mizzle: hazard drops-column` says what a generated statement may hurt. A run stops before the first statement of a
//! migration until every hazard in it is allowed by its name: in the file, for everybody and for good, by a line
//! `-- mizzle: allow drops-column` in front of any statement, or for one run by [`Options::allow`].

mod adopt;
mod apply;
mod backfill;
mod check;
mod checksum;
mod declaration;
pub mod diagram;
pub mod diff;
mod directive;
mod drizzle;
mod embed;
mod error;
mod folder;
pub mod introspect;
mod job;
mod journal;
mod lease;
mod lexer;
pub mod lint;
mod migration;
mod name;
mod pending;
pub mod plan;
mod proof;
mod pull;
mod repair;
mod report;
mod run;
mod shape;
mod simple;
pub mod snapshot;
mod split;
mod sql;
mod status;
mod tokens;
mod walk;
mod write;

pub use apply::{Options, apply};
pub use check::{Breach, BreachKind, check};
pub use checksum::{Checksum, NotAChecksum};
pub use declaration::{Declaration, Relation, main};
pub use directive::Parent;
pub use embed::Migrate;
pub use error::Error;
pub use folder::Folder;
pub use migration::{Migration, Statement};
pub use pull::pull;
pub use repair::{Decision, repair};
pub use report::{AppliedMigration, Event, Report};
pub use status::{MigrationState, MigrationStatus, OpenStatement, Status, status};
