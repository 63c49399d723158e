//! A running local DSQL: where it is, how to come in, and its end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};

use crate::Error;
use crate::builder::Builder;
use crate::cluster::Cluster;
use crate::engine::Server;
use crate::fault::Fault;
use crate::iam;
use crate::identity::Identity;
use crate::jobs::Jobs;
use crate::session;

/// A local Aurora DSQL cluster, alive as long as this value.
///
/// Dropping it stops everything as [`stop`](LocalDsql::stop) does, without waiting for the end.
#[derive(Debug)]
pub struct LocalDsql {
    address: SocketAddr,
    identity: Identity,
    ca_file: PathBuf,
    cluster: Arc<Cluster>,
    listening: AbortHandle,
    working: AbortHandle,
    server: Option<Server>,
}

impl LocalDsql {
    /// Starts a cluster that goes when it stops, on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// See [`Builder::start`].
    pub async fn start() -> Result<LocalDsql, Error> {
        LocalDsql::builder().start().await
    }

    /// Settings for a cluster.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The cluster's endpoint: the host name that tokens are signed for and that the certificate is good for. It
    /// has no DNS entry; connect to [`address`](LocalDsql::address).
    pub fn endpoint(&self) -> &str {
        self.identity.endpoint.host()
    }

    /// Where the cluster listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket of the PostgreSQL behind, past everything that makes it Aurora DSQL: to measure by, and for nothing else.
    #[doc(hidden)]
    pub fn postgres_socket(&self) -> &Path {
        &self.cluster.socket
    }

    /// The certificate authority's certificate, as PEM.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The AWS Region in the endpoint.
    pub fn region(&self) -> &str {
        self.identity.endpoint.region()
    }

    /// The access key id of the cluster's one principal.
    pub fn access_key_id(&self) -> &str {
        &self.identity.principal.access_key_id
    }

    /// The secret of [`access_key_id`](LocalDsql::access_key_id).
    pub fn secret_access_key(&self) -> &str {
        &self.identity.principal.secret_access_key
    }

    /// The principal's ARN: whom to name in `AWS IAM GRANT role TO '…'`.
    pub fn principal_arn(&self) -> &str {
        &self.identity.principal.arn
    }

    /// A token for `user` that is good for `expires_in`, whole seconds, at most seven days.
    pub fn token(&self, user: &str, expires_in: Duration) -> String {
        let now = self.cluster.clock.now();
        iam::sign(&self.identity.principal, self.endpoint(), self.region(), user, now, expires_in)
    }

    /// Like [`token`](LocalDsql::token), signed by the principal of this name; none when nobody is called so.
    pub fn token_of(&self, principal: &str, user: &str, expires_in: Duration) -> Option<String> {
        let signer = self.cluster.gate.principals.iter().find(|known| known.name == principal)?;
        let now = self.cluster.clock.now();
        Some(iam::sign(signer, self.endpoint(), self.region(), user, now, expires_in))
    }

    /// Lets the next `COMMIT` of an open transaction fail, or the next connection; called several times, the ones
    /// after it too.
    ///
    /// # Example
    /// ```no_run
    /// # async fn run(local: mizzle_local::LocalDsql) {
    /// local.inject(mizzle_local::Fault::DropAfterCommit);
    /// // The next transaction commits, and its client does not hear of it.
    /// # }
    /// ```
    pub fn inject(&self, fault: Fault) {
        self.cluster.faults.inject(fault);
    }

    /// Variables that libpq, AWS SDKs and other clients understand, to come in as `admin` for seven days.
    ///
    /// No value needs quotes in a shell or an env file: the token has `%26` for `&`, which this server also reads.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let host = match self.address.ip() {
            ip if ip.is_unspecified() && ip.is_ipv4() => "127.0.0.1".to_owned(),
            ip if ip.is_unspecified() => "::1".to_owned(),
            ip => ip.to_string(),
        };
        vec![
            ("PGHOST", self.endpoint().to_owned()),
            ("PGHOSTADDR", host),
            ("PGPORT", self.address.port().to_string()),
            ("PGUSER", "admin".to_owned()),
            ("PGDATABASE", "postgres".to_owned()),
            ("PGSSLMODE", "verify-full".to_owned()),
            ("PGSSLROOTCERT", self.ca_file.display().to_string()),
            ("PGPASSWORD", iam::as_one_word(&self.token("admin", Duration::from_secs(604_800)))),
            ("CLUSTER_ENDPOINT", self.endpoint().to_owned()),
            ("CLUSTER_USER", "admin".to_owned()),
            ("AWS_REGION", self.region().to_owned()),
            ("AWS_ACCESS_KEY_ID", self.access_key_id().to_owned()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key().to_owned()),
        ]
    }

    /// One of these [variables](LocalDsql::environment), so that a client which reads its settings from the environment can read
    /// them from here: `Config::from_vars(|name| local.variable(name))`.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.environment().into_iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Closes every connection, stops PostgreSQL and waits until its processes and temporary files are gone.
    ///
    /// # Errors
    /// When the end of PostgreSQL cannot be waited for.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.listening.abort();
        self.working.abort();
        match self.server.take() {
            Some(server) => server.stop().await,
            None => Ok(()),
        }
    }

    pub(crate) fn listen(
        listener: TcpListener,
        address: SocketAddr,
        cluster: Arc<Cluster>,
        identity: Identity,
        ca_file: PathBuf,
        server: Server,
        jobs: Jobs,
    ) -> LocalDsql {
        let listening = tokio::spawn(accept(listener, Arc::clone(&cluster))).abort_handle();
        let working = tokio::spawn(jobs.run(Arc::clone(&cluster))).abort_handle();
        LocalDsql { address, identity, ca_file, cluster, listening, working, server: Some(server) }
    }
}

impl Drop for LocalDsql {
    fn drop(&mut self) {
        self.listening.abort();
        self.working.abort();
    }
}

/// Serves every connection that comes; all of them end with this task.
async fn accept(listener: TcpListener, cluster: Arc<Cluster>) {
    let mut sessions = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                sessions.spawn(session::serve(Arc::clone(&cluster), stream, peer));
            }
            Err(error) => {
                // Out of file descriptors, most likely: sessions that end give some back.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while sessions.try_join_next().is_some() {}
    }
}
