//! Aurora DSQL on your machine: its protocol, tokens, refusals and limits in front of a real PostgreSQL.
//!
//! [`LocalDsql::start`] gives a cluster of one's own in about a tenth of a second; everything it started and
//! everything it wrote goes away with it. Clients come in as they would to AWS: over TLS that a certificate
//! authority of the cluster vouches for ([`LocalDsql::ca_file`]), with a signed token for a password
//! ([`LocalDsql::token`], or any AWS SDK with [`LocalDsql::access_key_id`] and
//! [`LocalDsql::secret_access_key`]).
//!
//! ```no_run
//! # async fn run() -> Result<(), mizzle_local::Error> {
//! let local = mizzle_local::LocalDsql::start().await?;
//! println!("{} at {}", local.endpoint(), local.address());
//! local.stop().await
//! # }
//! ```
//!
//! How a statement travels:
//!
//! ```text
//! bytes → wire → session → statement (a parse tree) → rules (pass, or a refusal) → engine (PostgreSQL) → rows
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `wire` | frames and messages of the PostgreSQL protocol |
//! | `session` | one client: its messages in order, its transaction, its backend |
//! | `statement` | a client's text as statements, and what PostgreSQL gets instead of some |
//! | `rules` | what Aurora DSQL says no to, as a table |
//! | `txn` | snapshots, write sets, keys and the log of commits: who has to give way, as plain values |
//! | `engine` | the PostgreSQL behind: programs, data, processes, connections |
//! | `iam` | principals, tokens and the clock they expire by |
//! | `jobs` | what runs in the background: `sys.jobs` |
//! | `limits` | every limit with its name and size |
//! | `fault` | what goes wrong on request |
//! | `admission` | how many connections there are, and how fast they come |
//!
//! # Known differences
//!
//! - Concurrency is Aurora DSQL's: statements run on their snapshot, nobody waits for a lock, the first committer
//!   wins and the loser hears `40001` with `OC000` at `COMMIT`. What differs: every change of the catalog ends every
//!   transaction that was open (`OC001`), whatever it touched, and at its next statement even if that reads no
//!   table; DDL inside an open transaction gives way to whoever needs its locks and then also ends in `OC001`.
//!   A statement that runs long while others want the same rows may be run twice or more; only the last run counts,
//!   but sequences keep the numbers of all of them.
//! - `now()` is the same throughout a transaction. `CURRENT_TIMESTAMP` and its siblings may be later in a
//!   transaction that met others, and rows that a query changes through an operator, a domain or a view of a view
//!   are not adjudicated when the query stands alone.
//! - Every row that was changed is sent to this process: writes cost 10 to 20 µs a row more than in PostgreSQL.
//!   `SELECT … FOR UPDATE` and `FOR KEY SHARE` read the locked tables from end to end once more.
//! - Jobs take milliseconds. An index is built when it is asked for and is invalid until its job ends.
//! - Sizes count before compression, and what a transaction writes counts without its index entries. Query memory
//!   and storage have no limit. PostgreSQL behind takes 200 connections.
//! - The version shown is 16.13 whatever PostgreSQL is behind: `psql`'s backslash commands that choose their
//!   query by version may fail on an older or a newer one.
//! - Behind PostgreSQL 15, `STORAGE` in a new column, the SQL/JSON constructors and the functions of 16 are errors.
//! - `EXPLAIN`, `pg_get_indexdef` and the catalog are PostgreSQL's; functions that Aurora DSQL lacks may work.
//! - There is no control plane, no second Region and no WebSocket. `docs/dsql.md` has the whole list.
//! - A token may also be signed for `localhost` or an address of this machine, and may be written with `%26` for `&`,
//!   so that it can stand in an env file without quotes. SNI is not demanded.
//! - One machine, no durability unless a data folder is named: for development and tests, not for production.

mod admission;
mod builder;
mod cluster;
mod engine;
mod error;
mod fault;
mod file;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod iam;
mod identity;
mod jobs;
mod limits;
mod local;
mod refusal;
mod rules;
mod session;
mod statement;
mod tls;
mod txn;
mod wire;

pub use builder::Builder;
pub use error::Error;
pub use fault::Fault;
pub use iam::Principal;
pub use limits::Limits;
pub use local::LocalDsql;
