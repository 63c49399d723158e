//! What every session of one cluster shares.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::engine::Backend;
use crate::iam::{Clock, Gate};
use crate::session::Adjudicator;

/// One cluster, seen from its sessions.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) tls: Arc<rustls::ServerConfig>,
    pub(crate) gate: Gate,
    pub(crate) clock: Clock,
    pub(crate) socket: PathBuf,
    /// A superuser's connection, for questions about the cluster itself.
    pub(crate) control: Arc<Mutex<Backend>>,
    /// What every session shares about transactions.
    pub(crate) adjudicator: Adjudicator,
    pub(crate) limits: Limits,
}

/// The limits of a cluster; all of them may be lowered so that tests can reach them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Rows that one transaction may change, rows changed by cascades included: 3,000.
    pub rows: u32,
    /// How long a transaction may be open: 5 minutes.
    pub transaction_age: Duration,
    /// How long a connection may be open: 60 minutes.
    pub connection_age: Duration,
    /// Bytes of one protocol message: 10 MiB.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            rows: 3_000,
            transaction_age: Duration::from_secs(300),
            connection_age: Duration::from_secs(3_600),
            message: 10 << 20,
        }
    }
}
