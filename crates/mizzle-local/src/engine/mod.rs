//! The PostgreSQL behind the local DSQL: its binaries, its data, its processes, and one connection to it.

mod account;
mod backend;
mod binaries;
#[cfg(feature = "download")]
mod download;
mod folder;
mod script;
mod server;
mod template;

pub(crate) use account::Account;
pub(crate) use backend::{Backend, ConnectError, Outcome, gather};
pub(crate) use binaries::{Binaries, Search};
pub(crate) use folder::Folder;
pub(crate) use script::bring_up;
pub(crate) use server::{Server, Settings};
pub(crate) use template::Cache;

/// The superuser of the PostgreSQL behind; no client ever connects as it.
pub(crate) const OWNER: &str = "mizzle";

/// The one database of a cluster.
pub(crate) const DATABASE: &str = "postgres";
