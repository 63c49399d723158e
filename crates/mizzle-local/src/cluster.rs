//! What every session of one cluster shares.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::admission::Admission;
use crate::engine::Backend;
use crate::fault::Faults;
use crate::iam::{Clock, Gate};
use crate::limits::Limits;
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
    pub(crate) admission: Admission,
    pub(crate) faults: Faults,
}
