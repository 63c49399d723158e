//! Where the cluster is, who connects and how.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::CredentialsCache;
use crate::endpoint::{Endpoint, is_cluster_id, is_region};
use crate::provider::{DefaultChain, Source};
use crate::standby::{PROBE, Standby};
use crate::startup::{self, APPLICATION_NAME};
use crate::tls::{Roots, Tls};
use crate::{Credentials, Error, token};

/// Everything needed to connect to one cluster.
///
/// A `Config` is made from the environment ([`from_env`](Config::from_env)) or from an endpoint
/// ([`new`](Config::new)), refined by its builder methods, and checked as a whole when it connects. Clones share one
/// cache of credentials.
///
/// # Example
/// ```
/// use mizzle_connect::Config;
///
/// let config = Config::new("abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws").user("app").search_path("clinic");
/// assert_eq!(config.region_name().as_deref(), Some("eu-west-1"));
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) endpoint: String,
    pub(crate) user: String,
    region: Option<Named>,
    fallback_region: Option<Named>,
    cluster_id: Option<Named>,
    pub(crate) credentials: CredentialsCache,
    pub(crate) host_addr: Option<IpAddr>,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
    pub(crate) search_path: Option<String>,
    pub(crate) application_name: String,
    pub(crate) token_lifetime: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) standby: Option<Arc<Standby>>,
}

/// A region or a cluster's id, and who named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) value: String,
    pub(crate) origin: Origin,
}

/// Where a setting came from, for the messages that must say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Caller(&'static str),
    Url,
    Variable(&'static str),
    Profile(String),
}

/// A checked destination.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) region: String,
    /// The cluster to ask for at an endpoint that serves several.
    pub(crate) cluster_id: Option<String>,
    /// Whether this is a server that the caller vouches for, not one of AWS's.
    pub(crate) local: bool,
}

impl Config {
    /// A configuration for user `admin` with credentials from AWS's default chain.
    ///
    /// The endpoint is a cluster's full host, `<26 characters>.dsql.<region>.on.aws`, also the one of PrivateLink,
    /// `<26 characters>.dsql-<hex>.<region>.on.aws`; its 26-character id together with a [`region`](Config::region); or a VPC
    /// endpoint's own name together with a [`cluster_id`](Config::cluster_id). Any other host is taken only for a local server: with a loopback
    /// [`host_addr`](Config::host_addr) or a root certificate of its own.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            user: "admin".into(),
            region: None,
            fallback_region: None,
            cluster_id: None,
            credentials: CredentialsCache::new(Source::DefaultChain(DefaultChain::default())),
            host_addr: None,
            port: 5432,
            tls: Tls::new(Roots::Native),
            search_path: None,
            application_name: APPLICATION_NAME.into(),
            token_lifetime: token::DEFAULT_LIFETIME,
            // An idle cluster scales to zero, and the first connection waits for it.
            connect_timeout: Duration::from_secs(15),
            standby: None,
        }
    }

    /// The database user. `admin` signs its tokens for the action `dsql:DbConnectAdmin`, any other for
    /// `dsql:DbConnect`.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// The AWS region, such as `eu-west-1`. It may repeat the region that the endpoint names, never contradict it.
    pub fn region(self, region: impl Into<String>) -> Self {
        self.region_of(region, Origin::Caller("Config::region"))
    }

    pub(crate) fn region_of(mut self, region: impl Into<String>, origin: Origin) -> Self {
        self.region = Some(Named { value: region.into(), origin });
        self
    }

    /// The 26-character id of the cluster, for an endpoint that does not name it: a VPC endpoint without private DNS. It is
    /// sent as `amzn-cluster-id` (AWS user guide, "Managing and connecting to clusters using AWS PrivateLink").
    pub fn cluster_id(self, id: impl Into<String>) -> Self {
        self.cluster_id_of(id, Origin::Caller("Config::cluster_id"))
    }

    pub(crate) fn cluster_id_of(mut self, id: impl Into<String>, origin: Origin) -> Self {
        self.cluster_id = Some(Named { value: id.into(), origin });
        self
    }

    /// The profile of AWS's shared configuration that gives the credentials and, where nothing else does, the region;
    /// `AWS_PROFILE` otherwise.
    #[cfg(feature = "aws-config")]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if let Some(found) = crate::profile::region(Some(&name), |name| std::env::var(name).ok()) {
            let named_otherwise = |named: &Named| matches!(named.origin, Origin::Variable(_));
            if !self.fallback_region.as_ref().is_some_and(named_otherwise) {
                self.fallback_region = Some(found);
            }
        }
        self.credentials = CredentialsCache::new(Source::DefaultChain(DefaultChain::of_profile(name)));
        self
    }

    /// Where the credentials come from. What the provider answers is cached until five minutes before it expires, and
    /// asked for again when the server refuses it.
    #[cfg(feature = "aws-credential-types")]
    pub fn credentials(
        mut self,
        provider: impl aws_credential_types::provider::ProvideCredentials + 'static,
    ) -> Self {
        self.credentials = CredentialsCache::new(Source::provider(provider));
        self
    }

    /// As `credentials`, with a function for a provider: for a secret store of one's own.
    ///
    /// # Example
    /// ```
    /// use mizzle_connect::{Config, Credentials};
    ///
    /// # async fn vault() -> Result<(String, String), std::io::Error> { Ok(Default::default()) }
    /// let config = Config::new("abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws").credentials_from(async || {
    ///     let (id, secret) = vault().await?;
    ///     Ok::<_, std::io::Error>(Credentials::new(id, secret))
    /// });
    /// ```
    pub fn credentials_from<F, Asked, E>(mut self, ask: F) -> Self
    where
        F: Fn() -> Asked + Send + Sync + 'static,
        Asked: Future<Output = Result<Credentials, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.credentials = CredentialsCache::new(Source::asking(ask));
        self
    }

    /// These credentials, and no others.
    pub fn fixed_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = CredentialsCache::new(Source::Fixed(credentials));
        self
    }

    /// An access key that does not expire, with its secret.
    pub fn static_credentials(
        self,
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
    ) -> Self {
        self.fixed_credentials(Credentials::new(access_key_id, secret_access_key))
    }

    /// The address to connect to instead of asking DNS for the endpoint, which TLS still verifies.
    pub fn host_addr(mut self, addr: IpAddr) -> Self {
        self.host_addr = Some(addr);
        self
    }

    /// The TCP port, 5432 by default.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Trusts the certificates of a PEM file and no others. The file is read at the first connection.
    pub fn root_certificate_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tls = Tls::new(Roots::File(path.into()));
        self
    }

    /// Trusts these PEM certificates and no others.
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls = Tls::new(Roots::Pem(pem.into()));
        self
    }

    /// The schemas in which unqualified names are looked up: names separated by commas, in double quotes where they
    /// hold other than letters, digits, `_` and `$`. Sent while connecting, without a round trip.
    pub fn search_path(mut self, schemas: impl Into<String>) -> Self {
        self.search_path = Some(schemas.into());
        self
    }

    /// The name that the connection carries, `mizzle/<version>` by default; the server keeps 63 bytes.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = name.into();
        self
    }

    /// How long a token may be used to connect: 15 minutes by default, at least one second, at most seven days. It
    /// does not limit the connection, which DSQL ends after 60 minutes.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// How long one connection may take from DNS to the server's greeting, 15 seconds by default.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The endpoint of the same cluster in another Region. Connections go there while this one cannot be reached; one connect
    /// in 30 seconds tries this one, and when it lets in, all do. Connections that are open stay where they are.
    ///
    /// # Example
    /// ```
    /// use mizzle_connect::Config;
    ///
    /// let near = Config::new("abcdefghijklmnopqrstuvwxyz.dsql.us-east-1.on.aws").user("app");
    /// let far = Config::new("bbcdefghijklmnopqrstuvwxyz.dsql.us-east-2.on.aws").user("app");
    /// let config = near.standby(far);
    /// ```
    pub fn standby(self, other: Config) -> Self {
        self.standby_probed(other, PROBE)
    }

    /// As [`standby`](Config::standby), with another time between two tries of the preferred endpoint.
    pub fn standby_probed(mut self, other: Config, probe: Duration) -> Self {
        self.standby = Some(Arc::new(Standby::new(other, probe)));
        self
    }

    /// The database user.
    pub fn user_name(&self) -> &str {
        &self.user
    }

    /// The endpoint as it was given.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The region that tokens are signed for: the explicit one, else the endpoint's, else the environment's.
    pub fn region_name(&self) -> Option<String> {
        let named =
            Endpoint::parse(&self.endpoint).ok().and_then(|endpoint| endpoint.region().map(str::to_owned));
        let value = |named: &Option<Named>| named.as_ref().map(|named| named.value.clone());
        value(&self.region).or(named).or_else(|| value(&self.fallback_region))
    }

    /// The region to use when neither the caller nor the endpoint names one.
    pub(crate) fn fallback_region(mut self, region: Option<Named>) -> Self {
        self.fallback_region = region;
        self
    }

    /// Checks what no single setting can show: that they agree with each other.
    pub(crate) fn target(&self) -> Result<Target, Error> {
        let endpoint = self.known_endpoint()?;
        let region = self.agreed_region(&endpoint)?;
        let local =
            matches!(endpoint, Endpoint::Other(_)) || self.host_addr.is_some_and(|addr| addr.is_loopback());
        let cluster_id = self.agreed_cluster_id(&endpoint)?;
        if self.token_lifetime < Duration::from_secs(1) || self.token_lifetime > token::MAX_LIFETIME {
            return Err(Error::setting(
                format!("token lifetime {:?} is out of range", self.token_lifetime),
                "choose between one second and seven days; 15 minutes is the default",
            ));
        }
        for (what, text) in [("user", &self.user), ("application name", &self.application_name)] {
            if text.contains('\0') {
                return Err(Error::setting(
                    format!("the {what} {text:?} holds a zero byte"),
                    "PostgreSQL's protocol ends a text there: leave it out",
                ));
            }
        }
        self.search_path.as_deref().map(startup::search_path).transpose()?;
        Ok(Target { host: endpoint.host(&region), region, cluster_id, local })
    }

    /// The endpoint, if it is a cluster's or one that the caller vouches for.
    pub(crate) fn known_endpoint(&self) -> Result<Endpoint, Error> {
        let endpoint = Endpoint::parse(&self.endpoint)?;
        if matches!(endpoint, Endpoint::Other(_)) && !self.vouches_for_host() {
            return Err(Error::setting(
                format!("endpoint {:?} is not an Aurora DSQL host", self.endpoint),
                "an Aurora DSQL host is <26 characters>.dsql.<region>.on.aws; for a local server set PGHOSTADDR to a \
                 loopback address such as 127.0.0.1, or PGSSLROOTCERT to the server's CA certificate",
            ));
        }
        Ok(endpoint)
    }

    fn agreed_region(&self, endpoint: &Endpoint) -> Result<String, Error> {
        let region = match (&self.region, endpoint.region()) {
            (Some(explicit), Some(named)) if explicit.value != named => {
                return Err(Error::setting(
                    format!("region {explicit} contradicts endpoint {}, which is in {named}", self.endpoint),
                    format!("leave the region out, or set it to {named}"),
                ));
            }
            (_, Some(named)) => return Ok(named.to_owned()),
            (explicit, None) => explicit.as_ref().or(self.fallback_region.as_ref()).ok_or_else(|| {
                Error::setting(
                    format!("no region for endpoint {}", self.endpoint),
                    "name the region with `Config::region` or AWS_REGION, or give the cluster's full host",
                )
            })?,
        };
        if is_region(&region.value) {
            Ok(region.value.clone())
        } else {
            Err(Error::setting(
                format!("region {region} is not an AWS region"),
                "a region looks like eu-west-1",
            ))
        }
    }

    /// The id to send: only where the endpoint does not say it.
    fn agreed_cluster_id(&self, endpoint: &Endpoint) -> Result<Option<String>, Error> {
        if let Some(id) = self.cluster_id.as_ref().filter(|id| !is_cluster_id(&id.value)) {
            return Err(Error::setting(
                format!("cluster id {id} is not one of Aurora DSQL"),
                "a cluster id has 26 characters, all of them a-z or 0-9",
            ));
        }
        match (&self.cluster_id, endpoint.cluster_id()) {
            (Some(id), Some(named)) if id.value != named => Err(Error::setting(
                format!("cluster id {id} contradicts endpoint {}", self.endpoint),
                "leave the cluster id out: the endpoint names the cluster",
            )),
            (_, Some(_)) => Ok(None),
            (None, None) if matches!(endpoint, Endpoint::Vpc { .. }) => Err(Error::setting(
                format!("no cluster id for the VPC endpoint {}", self.endpoint),
                "name the cluster with `Config::cluster_id` or CLUSTER_ID, or use the host of private DNS, \
                 <cluster id>.dsql-<hex>.<region>.on.aws",
            )),
            (id, None) => Ok(id.as_ref().map(|id| id.value.clone())),
        }
    }

    /// Whether the caller says where a host that is not AWS's is, or by which certificate to know it.
    fn vouches_for_host(&self) -> bool {
        self.tls.has_own_roots() || self.host_addr.is_some_and(|addr| addr.is_loopback())
    }
}

/// `eu-west-1 (of AWS_REGION)`.
impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)?;
        match &self.origin {
            Origin::Caller(method) => write!(f, " (of `{method}`)"),
            Origin::Url => f.write_str(" (of the connection URL)"),
            Origin::Variable(name) => write!(f, " (of {name})"),
            Origin::Profile(name) => write!(f, " (of the profile {name})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";
    const ID: &str = "abcdefghijklmnopqrstuvwxyz";
    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[track_caller]
    fn check(config: &Config, expect: &str) {
        let got = match config.target() {
            Ok(target) => {
                format!("{} {}{}", target.host, target.region, if target.local { " local" } else { "" })
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect);
    }

    #[test]
    fn the_region_is_the_explicit_one_then_the_hosts_then_the_environments() {
        let environment =
            || Some(Named { value: "ap-south-1".into(), origin: Origin::Variable("AWS_REGION") });
        check(&Config::new(HOST), &format!("{HOST} eu-west-1"));
        check(&Config::new(HOST).region("eu-west-1"), &format!("{HOST} eu-west-1"));
        check(&Config::new(HOST).fallback_region(environment()), &format!("{HOST} eu-west-1"));
        check(&Config::new(ID).region("us-east-2"), &format!("{ID}.dsql.us-east-2.on.aws us-east-2"));
        check(
            &Config::new(ID).fallback_region(environment()),
            &format!("{ID}.dsql.ap-south-1.on.aws ap-south-1"),
        );
        assert_eq!(Config::new(HOST).region_name().as_deref(), Some("eu-west-1"));
        assert_eq!(Config::new(ID).region_name(), None);
    }

    #[test]
    fn regions_that_contradict_each_other_are_both_named() {
        let config = Config::new(HOST).region("us-east-1");
        check(
            &config,
            &format!(
                "region us-east-1 (of `Config::region`) contradicts endpoint {HOST}, which is in eu-west-1"
            ),
        );
        check(&Config::new(ID), &format!("no region for endpoint {ID}"));
        check(
            &Config::new(ID).region("Ireland"),
            "region Ireland (of `Config::region`) is not an AWS region",
        );
        let profile = Named { value: "x".into(), origin: Origin::Profile("dev".into()) };
        check(
            &Config::new(ID).fallback_region(Some(profile)),
            "region x (of the profile dev) is not an AWS region",
        );
    }

    #[test]
    fn another_host_needs_an_address_of_this_machine_or_a_certificate() {
        let local = Config::new("localhost").region("us-east-1");
        check(&local, "endpoint \"localhost\" is not an Aurora DSQL host");
        check(&local.clone().host_addr(LOOPBACK), "localhost us-east-1 local");
        check(&local.clone().root_certificate_pem("…"), "localhost us-east-1 local");
        check(&local.host_addr([10, 0, 0, 1].into()), "endpoint \"localhost\" is not an Aurora DSQL host");
        check(&Config::new(HOST).host_addr(LOOPBACK), &format!("{HOST} eu-west-1 local"));
    }

    #[test]
    fn a_vpc_endpoint_needs_the_clusters_id() {
        const VPC: &str = "vpce-0a1b2c3d-4e5f.dsql-fnh4.us-east-1.vpce.amazonaws.com";
        let sent = |config: &Config| config.target().expect("it is complete").cluster_id;
        check(&Config::new(VPC), &format!("no cluster id for the VPC endpoint {VPC}"));
        check(&Config::new(VPC).cluster_id(ID), &format!("{VPC} us-east-1"));
        assert_eq!(sent(&Config::new(VPC).cluster_id(ID)).as_deref(), Some(ID));
        check(
            &Config::new(VPC).cluster_id("short"),
            "cluster id short (of `Config::cluster_id`) is not one of Aurora DSQL",
        );
        assert_eq!(sent(&Config::new(HOST).cluster_id(ID)), None, "the host says it");
        let other = "bbcdefghijklmnopqrstuvwxyz";
        check(
            &Config::new(HOST).cluster_id(other),
            &format!("cluster id {other} (of `Config::cluster_id`) contradicts endpoint {HOST}"),
        );
    }

    #[test]
    fn what_the_protocol_cannot_say_is_refused_before_anything_is_sent() {
        check(&Config::new(HOST).user("a\0b"), "the user \"a\\0b\" holds a zero byte");
        check(&Config::new(HOST).application_name("\0"), "the application name \"\\0\" holds a zero byte");
        check(&Config::new(HOST).search_path("a b"), "search path \"a b\" is not a list of schema names");
    }

    #[test]
    fn a_token_lives_between_a_second_and_a_week() {
        check(&Config::new(HOST).token_lifetime(Duration::ZERO), "token lifetime 0ns is out of range");
        check(&Config::new(HOST).token_lifetime(token::MAX_LIFETIME), &format!("{HOST} eu-west-1"));
        let week_and_second = token::MAX_LIFETIME + Duration::from_secs(1);
        check(&Config::new(HOST).token_lifetime(week_and_second), "token lifetime 604801s is out of range");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Config::new(HOST).static_credentials("AKIDEXAMPLE", "topsecret"));
        assert!(
            shown.contains(HOST) && !shown.contains("topsecret") && !shown.contains("AKIDEXAMPLE"),
            "{shown}"
        );
    }
}
