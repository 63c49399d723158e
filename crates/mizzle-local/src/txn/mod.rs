//! Optimistic concurrency as plain values: what a transaction saw, what it changed, and who has to give way.
//!
//! Nothing here talks to anybody. The session captures [`Change`]s, keeps them in a [`WriteSet`], asks the
//! [`CommitLog`] at `COMMIT` whether somebody else was first, and has [`overlay`] write the SQL that puts a
//! transaction's own view in front of PostgreSQL again.
//!
//! ```text
//! version   1 ──── 2 ──── 3 ──── 4        commits, in the order in which they were adjudicated
//!                  │             │
//!           snapshot S     COMMIT: do the keys of 3 and 4 clash with ours?
//! ```

mod capture;
mod catalog;
mod hidden;
mod image;
mod key;
mod log;
mod mode;
mod overlay;
mod pending;
mod snapshot;
mod verdict;
mod write_set;

pub(crate) use capture::Change;
pub(crate) use catalog::{Catalog, QUESTION};
pub(crate) use mode::Modes;
pub(crate) use overlay::{orphans, overlay, stilled};
pub(crate) use pending::{Announced, Clash, Reserved};
pub(crate) use snapshot::{SharedLog, Snapshot};
pub(crate) use verdict::is_doubtful;
pub(crate) use write_set::WriteSet;

#[cfg(test)]
#[path = "fixture.rs"]
mod fixture;
