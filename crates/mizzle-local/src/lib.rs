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
//! | `control` | the same for tests in other languages, over HTTP |
//! | `presence` | who is connected, so that they can be cut |
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
//! - Contention is slow: once another transaction has wanted its rows, the statements of a transaction run on a view made for
//!   each, one session at a time, some milliseconds each. Built for debugging, on two cores, 32 writers who move money
//!   between 20 accounts make 10 to 20 transfers a second, and one alone 240.
//! - A transaction has one time, however it is asked. Only the texts `'now'`, `'today'`, `'tomorrow'` and
//!   `'yesterday'`, as literals and as parameters, are read by the clock of the statement once a transaction met others.
//! - A locking clause in a sub-query, behind a view or a function, with `OFFSET` or where a role may read some columns
//!   only, reads the locked tables from end to end once more; so found, a row that is locked in two strengths by one
//!   statement counts as locked in the stronger one. A portal that is fetched in parts locks all of its rows at once.
//! - Every row that was changed is sent to this process: a small write costs about 25 µs more than in PostgreSQL, and
//!   of one that changes many, or comes as a simple `Query`, each row 20 µs.
//! - Jobs take milliseconds. An index is built when it is asked for and is invalid until its job ends.
//! - Sizes count before compression, as text: what a transaction writes with its index entries, partial indexes and
//!   computed columns left out; each change of a row anew, a deleted one as it was. Query memory and storage have no
//!   limit. PostgreSQL behind takes 200 connections.
//! - The version shown is 16.13 whatever PostgreSQL is behind: `psql`'s backslash commands that choose their
//!   query by version may fail on an older or a newer one.
//! - Behind PostgreSQL 15, `STORAGE` in a new column, the SQL/JSON constructors and the functions of 16 are errors.
//! - `pg_stat_activity` and `pg_prepared_statements` show statements as PostgreSQL got them, some with a mark of ours.
//! - `EXPLAIN`, `pg_get_indexdef` and the catalog are PostgreSQL's; functions that Aurora DSQL lacks may work.
//! - There is no control plane, no second Region and no WebSocket. `docs/dsql.md` has the whole list.
//! - A token may also be signed for `localhost` or an address of this machine, and may be written with `%26` for `&`,
//!   so that it can stand in an env file without quotes. SNI is demanded but need not be the endpoint's name, and
//!   [`Builder::require_sni`] takes the demand back for clients that are given an address.
//! - `COPY` is refused unless [`Builder::copy`] allows it. Then the client is asked for its rows before the statement
//!   runs, so an error in the first row is heard after the last; at most four times the bytes that a transaction may
//!   write are taken.
//! - A connection that is cut on request leaves its statement running to its end.
//! - A data folder outlives a killed process or PostgreSQL. It is brought up when an older version of this crate made
//!   it, and refused when a newer one or another major version of PostgreSQL did.
//! - One machine, no durability unless a data folder is named: for development and tests, not for production.

mod admission;
mod builder;
mod cluster;
mod control;
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
mod presence;
mod refusal;
mod rules;
mod session;
mod statement;
mod tls;
mod txn;
mod wire;

pub use builder::Builder;
pub use control::ControlAddress;
pub use error::Error;
pub use fault::{Fault, FaultReport, FaultRule};
pub use iam::Principal;
pub use limits::Limits;
pub use local::LocalDsql;
