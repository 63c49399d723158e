//! Where the cluster is, who connects and how.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::cache::CredentialsCache;
use crate::endpoint::{Endpoint, is_region};
use crate::provider::{DefaultChain, Source};
use crate::startup::APPLICATION_NAME;
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
    region: Option<String>,
    fallback_region: Option<String>,
    pub(crate) credentials: CredentialsCache,
    pub(crate) host_addr: Option<IpAddr>,
    pub(crate) port: u16,
    pub(crate) tls: Tls,
    pub(crate) search_path: Option<String>,
    pub(crate) application_name: String,
    pub(crate) token_lifetime: Duration,
    pub(crate) connect_timeout: Duration,
}

/// A checked destination.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) region: String,
    /// Whether this is a server that the caller vouches for, not one of AWS's.
    pub(crate) local: bool,
}

impl Config {
    /// A configuration for user `admin` with credentials from AWS's default chain.
    ///
    /// The endpoint is a cluster's full host, `<26 characters>.dsql.<region>.on.aws`, or its 26-character id together
    /// with a [`region`](Config::region). Any other host is taken only for a local server: with a loopback
    /// [`host_addr`](Config::host_addr) or a root certificate of its own.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            user: "admin".into(),
            region: None,
            fallback_region: None,
            credentials: CredentialsCache::new(Source::DefaultChain(DefaultChain::default())),
            host_addr: None,
            port: 5432,
            tls: Tls::new(Roots::Native),
            search_path: None,
            application_name: APPLICATION_NAME.into(),
            token_lifetime: token::DEFAULT_LIFETIME,
            // An idle cluster scales to zero, and the first connection waits for it.
            connect_timeout: Duration::from_secs(15),
        }
    }

    /// The database user. `admin` signs its tokens for the action `dsql:DbConnectAdmin`, any other for
    /// `dsql:DbConnect`.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// The AWS region, such as `eu-west-1`. It may repeat the region that the endpoint names, never contradict it.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
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
        self.region.clone().or(named).or_else(|| self.fallback_region.clone())
    }

    /// The region to use when neither the caller nor the endpoint names one.
    pub(crate) fn fallback_region(mut self, region: Option<String>) -> Self {
        self.fallback_region = region;
        self
    }

    /// Checks what no single setting can show: that they agree with each other.
    pub(crate) fn target(&self) -> Result<Target, Error> {
        let endpoint = Endpoint::parse(&self.endpoint)?;
        let region = self.agreed_region(&endpoint)?;
        let local =
            matches!(endpoint, Endpoint::Other(_)) || self.host_addr.is_some_and(|addr| addr.is_loopback());
        if matches!(endpoint, Endpoint::Other(_)) && !self.vouches_for_host() {
            return Err(Error::setting(
                format!("endpoint {:?} is not an Aurora DSQL host", self.endpoint),
                "an Aurora DSQL host is <26 characters>.dsql.<region>.on.aws; for a local server set PGHOSTADDR to a \
                 loopback address such as 127.0.0.1, or PGSSLROOTCERT to the server's CA certificate",
            ));
        }
        if self.token_lifetime < Duration::from_secs(1) || self.token_lifetime > token::MAX_LIFETIME {
            return Err(Error::setting(
                format!("token lifetime {:?} is out of range", self.token_lifetime),
                "choose between one second and seven days; 15 minutes is the default",
            ));
        }
        Ok(Target { host: endpoint.host(&region), region, local })
    }

    fn agreed_region(&self, endpoint: &Endpoint) -> Result<String, Error> {
        let region = match (self.region.as_deref(), endpoint.region()) {
            (Some(explicit), Some(named)) if explicit != named => {
                return Err(Error::setting(
                    format!("region {explicit} contradicts endpoint {}, which is in {named}", self.endpoint),
                    format!("leave the region out, or set it to {named}"),
                ));
            }
            (Some(explicit), _) => explicit,
            (None, Some(named)) => named,
            (None, None) => self.fallback_region.as_deref().ok_or_else(|| {
                Error::setting(
                    format!("no region for endpoint {}", self.endpoint),
                    "name the region with `Config::region` or AWS_REGION, or give the cluster's full host",
                )
            })?,
        };
        if is_region(region) {
            Ok(region.to_owned())
        } else {
            Err(Error::setting(
                format!("region {region:?} is not an AWS region"),
                "a region looks like eu-west-1",
            ))
        }
    }

    /// Whether the caller says where a host that is not AWS's is, or by which certificate to know it.
    fn vouches_for_host(&self) -> bool {
        self.tls.has_own_roots() || self.host_addr.is_some_and(|addr| addr.is_loopback())
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
        let environment = || Some("ap-south-1".to_owned());
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
        check(&config, &format!("region us-east-1 contradicts endpoint {HOST}, which is in eu-west-1"));
        check(&Config::new(ID), &format!("no region for endpoint {ID}"));
        check(&Config::new(ID).region("Ireland"), "region \"Ireland\" is not an AWS region");
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
