//! How a local DSQL is to be, and its start.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::Error;
use crate::admission::Admission;
use crate::cluster::Cluster;
use crate::control::{About, Control, ControlAddress};
use crate::engine::{Account, Cache, Folder, Search, Server, Settings, bring_up};
use crate::fault::{FaultRule, Faults};
use crate::iam::{Clock, Gate, Principal};
use crate::identity::{Endpoint, Identity};
use crate::jobs::{Jobs, Pace};
use crate::limits::Limits;
use crate::local::{LocalDsql, Tasks};
use crate::presence::Presence;
use crate::session::Adjudicator;
use crate::tls::{self, Authority};

/// Settings of a local DSQL; every one has a default.
///
/// # Example
/// ```no_run
/// # async fn run() -> Result<(), mizzle_local::Error> {
/// let local = mizzle_local::LocalDsql::builder().port(5432).data_dir("./cluster").start().await?;
/// # local.stop().await
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    host: IpAddr,
    port: u16,
    data_dir: Option<PathBuf>,
    cache_dir: Option<PathBuf>,
    endpoint: Option<String>,
    search: Search,
    limits: Limits,
    clock: Clock,
    pace: Pace,
    principals: Vec<Principal>,
    faults: Vec<FaultRule>,
    fault_seed: Option<u64>,
    control: Option<ControlAddress>,
    require_sni: bool,
    copy: bool,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            data_dir: None,
            cache_dir: None,
            endpoint: None,
            search: Search::of_machine(),
            limits: Limits::default(),
            clock: Clock::default(),
            pace: Pace::default(),
            principals: Vec::new(),
            faults: Vec::new(),
            fault_seed: None,
            control: None,
            require_sni: true,
            copy: false,
        }
    }

    /// The address to listen on; 127.0.0.1 by default.
    pub fn host(mut self, host: IpAddr) -> Builder {
        self.host = host;
        self
    }

    /// The port to listen on; 0, the default, takes any free one.
    pub fn port(mut self, port: u16) -> Builder {
        self.port = port;
        self
    }

    /// The folder that holds PostgreSQL's programs; the only place that is looked into.
    pub fn pg_bin(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.search.explicit = Some(folder.into());
        self
    }

    /// The folders to look for PostgreSQL in, instead of `PATH` and the usual ones of this system.
    pub fn pg_search<P: Into<PathBuf>>(mut self, folders: impl IntoIterator<Item = P>) -> Builder {
        self.search.path = folders.into_iter().map(Into::into).collect();
        self.search.usual = Vec::new();
        self
    }

    /// Where PostgreSQL is downloaded from when no installation is found: a GitHub repository of releases, or a
    /// `file://` URL of one `.tar.gz`. `None` never downloads.
    #[cfg(feature = "download")]
    pub fn pg_download(mut self, source: Option<String>) -> Builder {
        self.search.download = source;
        self
    }

    /// The folder that keeps the cluster: data, certificate authority, endpoint and credentials. Without one the
    /// cluster goes when it stops.
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.data_dir = Some(folder.into());
        self
    }

    /// The folder for what serves every cluster, instead of `MIZZLE_CACHE_DIR` or `~/.cache/mizzle`.
    pub fn cache_dir(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.cache_dir = Some(folder.into());
        self
    }

    /// The cluster's endpoint, `<26 letters and digits>.dsql.<region>.on.aws`; a new one by default.
    pub fn endpoint(mut self, host: impl Into<String>) -> Builder {
        self.endpoint = Some(host.into());
        self
    }

    /// One more principal beside the cluster's own, which is called `local`. It comes in as `admin` unless its
    /// [`actions`](Principal::actions) forbid it, and as any role that `AWS IAM GRANT` gave to its ARN.
    pub fn principal(mut self, principal: Principal) -> Builder {
        self.principals.push(principal);
        self
    }

    /// The limits of the cluster.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }

    /// The clock that tokens expire by; the system's by default.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Builder {
        self.clock = Clock::new(now);
        self
    }

    /// How long a background job takes at least, half of it submitted and half of it processing; 20 ms by default.
    /// Builds on small tables take 5 to 24 seconds on the service.
    pub fn job_delay(mut self, delay: Duration) -> Builder {
        self.pace.delay = delay;
        self
    }

    /// How long a finished job stays in `sys.jobs`; 30 minutes by default. Whoever submits the next job removes it.
    pub fn job_retention(mut self, retention: Duration) -> Builder {
        self.pace.retention = retention;
        self
    }

    /// One more fault to meet: `Fault::DataConflict.nth(3)`, `Fault::SchemaConflict.chance(5.0)`. See
    /// [`LocalDsql::inject`] for faults while the cluster runs.
    pub fn fault(mut self, rule: impl Into<FaultRule>) -> Builder {
        self.faults.push(rule.into());
        self
    }

    /// What the probabilities of faults follow from: the same seed, rules and sequence of commits give the same
    /// failures. A new one by default, which [`LocalDsql::fault_seed`] tells.
    pub fn fault_seed(mut self, seed: u64) -> Builder {
        self.fault_seed = Some(seed);
        self
    }

    /// Opens a control endpoint for tests in other languages: HTTP/1.1 with JSON, on a port of 127.0.0.1 (0 takes any
    /// free one), another address, or a Unix socket. `GET /` tells what it does. It has no password.
    pub fn control(mut self, address: impl Into<ControlAddress>) -> Builder {
        self.control = Some(address.into());
        self
    }

    /// Whether a client must name the server in its TLS handshake (SNI), as on the service; on by default. Clients
    /// that are given an address instead of a name do not.
    pub fn require_sni(mut self, required: bool) -> Builder {
        self.require_sni = required;
        self
    }

    /// Whether `COPY … FROM STDIN` and `COPY … TO STDOUT` run; off by default, as public sources disagree on whether
    /// the service has them. Files and programs are never copied from or to.
    pub fn copy(mut self, allowed: bool) -> Builder {
        self.copy = allowed;
        self
    }

    /// Starts the cluster and waits until it accepts connections.
    ///
    /// # Errors
    /// When the port is taken, PostgreSQL is not found or does not start, or a folder cannot be used.
    pub async fn start(self) -> Result<LocalDsql, Error> {
        let endpoint = self.endpoint.as_deref().map(Endpoint::read).transpose()?;
        let asked = SocketAddr::new(self.host, self.port);
        let listener = TcpListener::bind(asked).await.map_err(|error| Error::listen(asked, error))?;
        let address = listener.local_addr().map_err(|error| Error::listen(asked, error))?;
        let endpoint_of_tests = match &self.control {
            Some(asked) => Some(Control::bind(asked).await?),
            None => None,
        };

        let account = Account::choose()?;
        let cache = Cache::open(self.cache_dir, account)?;
        let binaries = self.search.find(cache.folder()).await?;
        let (identity, authority, folder) = match &self.data_dir {
            None => (Identity::new(endpoint), Authority::generate()?, None),
            Some(path) => {
                let folder = Folder::take(account, path, &binaries).await?;
                let identity = Identity::keep_in(folder.path(), endpoint)?;
                (identity, Authority::keep_in(folder.path())?, Some(folder))
            }
        };
        let kept = folder.as_ref().map(|folder| folder.path().to_owned());
        let names = tls::names(identity.endpoint.host(), self.host);
        let tls = authority.server(&names)?;
        let mut own = self.limits.to_settings();
        own.extend(self.pace.to_settings());
        let (server, mut control) = Server::start(&binaries, &cache, Settings { folder, own }).await?;
        if kept.is_some() {
            bring_up(&mut control).await?;
        }
        let jobs = Jobs::open(server.socket()).await?;
        let ca_file = kept.as_deref().unwrap_or(server.folder()).join("ca.pem");
        if kept.is_none() {
            std::fs::write(&ca_file, &authority.certificate)
                .map_err(|error| Error::file("write", &ca_file, error))?;
        }
        let mut principals = vec![identity.principal.clone()];
        for principal in self.principals {
            if principals.iter().any(|known| known.access_key_id == principal.access_key_id) {
                return Err(Error::new(format!(
                    "two principals have the access key {}",
                    principal.access_key_id
                ))
                .with_hint("give every principal an access key of its own")
                .for_setting());
            }
            principals.push(principal);
        }
        let gate = Gate {
            principals,
            hosts: names,
            region: identity.endpoint.region().to_owned(),
            cluster_arn: identity.endpoint.cluster_arn(),
        };
        let control = Arc::new(Mutex::new(control));
        let adjudicator = Adjudicator::open(Arc::clone(&control), server.socket()).await?;
        let cluster = Arc::new(Cluster {
            tls,
            gate,
            clock: self.clock,
            socket: server.socket(),
            control,
            adjudicator,
            limits: self.limits,
            faults: Faults::new(self.fault_seed.unwrap_or_else(|| rand::random::<u32>().into()), self.faults),
            admission: Admission::new(&self.limits),
            presence: Presence::default(),
            require_sni: self.require_sni,
            copy: self.copy,
            job_delay: std::sync::Mutex::new(self.pace.delay),
        });
        let about = About {
            endpoint: identity.endpoint.host().to_owned(),
            address: address.to_string(),
            region: identity.endpoint.region().to_owned(),
        };
        let told = endpoint_of_tests.as_ref().map(|control| control.address.clone());
        let tasks = Tasks {
            listening: LocalDsql::accept(listener, Arc::clone(&cluster)),
            working: tokio::spawn(jobs.run(Arc::clone(&cluster))).abort_handle(),
            controlling: endpoint_of_tests
                .map(|control| tokio::spawn(control.serve(Arc::clone(&cluster), about)).abort_handle()),
        };
        Ok(LocalDsql::new(address, identity, ca_file, cluster, told, tasks, server))
    }
}
