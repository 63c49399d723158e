//! What every session of one cluster shares.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::admission::Admission;
use crate::engine::Backend;
use crate::fault::Faults;
use crate::iam::{Clock, Gate};
use crate::jobs;
use crate::limits::Limits;
use crate::presence::Presence;
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
    pub(crate) presence: Presence,
    /// Whether a client must name the server in its TLS handshake.
    pub(crate) require_sni: bool,
    /// Whether `COPY … FROM STDIN` and `TO STDOUT` run.
    pub(crate) copy: bool,
    pub(crate) job_delay: StdMutex<Duration>,
}

impl Cluster {
    /// Lets jobs take this long from now on, those under way included.
    ///
    /// # Errors
    /// When PostgreSQL does not take it.
    pub(crate) async fn set_job_delay(&self, delay: Duration) -> io::Result<()> {
        jobs::set_delay(&self.control, delay).await?;
        *self.job_delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
        Ok(())
    }
}
