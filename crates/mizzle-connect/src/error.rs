//! What can go wrong before a session is in the caller's hands.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_postgres::error::DbError;

use crate::ClockSkew;

/// Why a setting, a token or a connection could not be had.
///
/// `Display` says what happened at this layer and names the setting or the address; a server's refusal is quoted in
/// it. [`source`](StdError::source) holds the cause and [`hint`](Error::hint) the cure.
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone)]
struct Repr {
    kind: Kind,
    what: String,
    hint: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    skew: Option<ClockSkew>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Setting,
    Credentials,
    Tls,
    Network,
    Server,
    Timeout,
    Closed,
}

impl Error {
    /// Whether the same call may succeed later without any change: the cluster is waking up or out of connections,
    /// the network dropped the attempt, or time ran out.
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            Kind::Network | Kind::Timeout => true,
            Kind::Server => self.is_server_busy(),
            Kind::Setting | Kind::Credentials | Kind::Tls | Kind::Closed => false,
        }
    }

    /// Whether the server knew the request and said no: wrong or expired token, missing permission, unmapped role.
    pub fn is_access_denied(&self) -> bool {
        self.db().is_some_and(|db| is_access_denied(db.code().code(), db.message()))
    }

    /// Whether a setting is missing, malformed or contradicts another one.
    pub fn is_setting(&self) -> bool {
        self.0.kind == Kind::Setting
    }

    /// The server's five-character SQLSTATE, when it was the server that answered.
    pub fn sql_state(&self) -> Option<&str> {
        self.db().map(|db| db.code().code())
    }

    /// How wrong this machine's clock is, when the server refused a token for that reason.
    pub fn clock_skew(&self) -> Option<ClockSkew> {
        self.0.skew
    }

    /// What to do about it: the server's own hint, else ours.
    pub fn hint(&self) -> Option<&str> {
        let ours = self.0.hint.as_deref();
        if self.0.skew.is_some() { ours } else { self.db().and_then(DbError::hint).or(ours) }
    }

    /// Whether the server knows these credentials no more, or never did: not when the clock is wrong, a policy forbids the
    /// action, or the role is not mapped.
    pub(crate) fn blames_credentials(&self) -> bool {
        let hint = self.db().and_then(DbError::hint).unwrap_or_default();
        self.is_access_denied()
            && self.0.skew.is_none()
            && ["security token", "signature we calculated", "Signature expired"]
                .iter()
                .any(|reason| hint.contains(reason))
    }

    /// DSQL refuses for the moment: too many connections (53300), too many new ones (53400), a part of it restarts
    /// (XX000, 57P03), or an idle cluster wakes up. Sources: AWS user guide, "Cluster quotas" and "Troubleshooting";
    /// AWS Labs, "Limits and error codes".
    pub(crate) fn is_server_busy(&self) -> bool {
        self.db().is_some_and(|db| {
            matches!(db.code().code(), "53300" | "53400" | "57P03" | "XX000")
                || db.message().contains("waking up cluster")
        })
    }

    /// Whether nobody is there, or nobody who could answer: another Region might. A cluster that wakes up, or has too many
    /// connections, is there.
    pub(crate) fn is_unreachable(&self) -> bool {
        match self.0.kind {
            Kind::Network | Kind::Timeout => true,
            Kind::Server => self.db().is_some_and(|db| {
                matches!(db.code().code(), "XX000" | "57P01" | "57P02" | "57P03")
                    && !db.message().contains("waking up cluster")
            }),
            Kind::Setting | Kind::Credentials | Kind::Tls | Kind::Closed => false,
        }
    }

    /// What kind of error it is, in a word.
    pub(crate) fn kind(&self) -> &'static str {
        match self.0.kind {
            Kind::Setting => "setting",
            Kind::Credentials => "credentials",
            Kind::Tls => "tls",
            Kind::Network => "network",
            Kind::Server => "server",
            Kind::Timeout => "timeout",
            Kind::Closed => "closed",
        }
    }

    fn db(&self) -> Option<&DbError> {
        self.0.source.as_deref()?.downcast_ref::<tokio_postgres::Error>()?.as_db_error()
    }
}

/// Constructors, one for each thing that goes wrong.
impl Error {
    pub(crate) fn missing_variable(name: &str, hint: &str) -> Self {
        Self::new(Kind::Setting, format!("missing environment variable {name}")).with_hint(hint)
    }

    pub(crate) fn bad_variable(name: &str, value: &str, expected: &str) -> Self {
        Self::new(
            Kind::Setting,
            format!("environment variable {name} has the value {value:?}, which is not {expected}"),
        )
        .with_hint(format!("correct it with `export {name}=…`, or remove it with `unset {name}`"))
    }

    pub(crate) fn unreadable_variable(name: &str) -> Self {
        Self::new(Kind::Setting, format!("environment variable {name} is not valid UTF-8"))
            .with_hint(format!("correct it with `export {name}=…`"))
    }

    pub(crate) fn setting(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Setting, what).with_hint(hint)
    }

    pub(crate) fn credentials(
        what: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::new(Kind::Credentials, what)
            .with_hint(
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile with AWS_PROFILE \
                 (after `aws sso login` where it uses SSO)",
            )
            .with_source(source)
    }

    pub(crate) fn expired_credentials() -> Self {
        Self::new(Kind::Credentials, "the AWS credentials have expired")
            .with_hint("renew them, for example with `aws sso login`, or export fresh ones")
    }

    pub(crate) fn tls(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Tls, what).with_hint(hint)
    }

    /// A connection that did not come about, with a token signed at this time.
    pub(crate) fn connect(
        address: &str,
        local: bool,
        source: tokio_postgres::Error,
        signed: SystemTime,
    ) -> Self {
        if let Some(db) = source.as_db_error() {
            if let Some(skew) = db.hint().and_then(|hint| ClockSkew::of(hint, signed)) {
                let what = format!("{address} refused the connection: {skew}");
                let mut error = Self::new(Kind::Server, what).with_hint(
                    "set this machine's clock by a time server, for example with `chronyc makestep`",
                );
                error.0.skew = Some(skew);
                return error.with_source(source);
            }
            let what = format!("{address} refused the connection: {}", db.message());
            let hint = refusal_hint(db.code().code(), db.message());
            return Self::new(Kind::Server, what).with_optional_hint(hint).with_source(source);
        }
        if let Some(tls) = find_rustls(&source) {
            let what = format!("no verified TLS connection to {address}");
            let hint = tls_hint(tls, local);
            return Self::new(Kind::Tls, what).with_hint(hint).with_source(source);
        }
        let hint = if local {
            "start the local DSQL with `mizzle local`, or correct PGHOSTADDR and PGPORT"
        } else {
            "check the endpoint's spelling and that port 5432 is open from here; an IPv4-only network cannot reach an \
             IPv6 address"
        };
        Self::new(Kind::Network, format!("no connection to {address}")).with_hint(hint).with_source(source)
    }

    pub(crate) fn connect_timeout(address: &str, limit: Duration) -> Self {
        Self::new(Kind::Timeout, format!("no connection to {address} within {limit:?}"))
            .with_hint("check that port 5432 is open from here, or allow more time with `connect_timeout`")
    }

    pub(crate) fn pool_timeout(limit: Duration, in_use: usize, opening: usize, max_size: usize) -> Self {
        let mut what = format!("no session from the pool within {limit:?}: {in_use} of {max_size} in use");
        if opening > 0 {
            what += &format!(", {opening} being opened");
        }
        Self::new(Kind::Timeout, what).with_hint(if opening > 0 {
            "check that port 5432 is open from here; a cluster that was idle, or lets in many, needs a longer `acquire_timeout`"
        } else {
            "return sessions sooner, or raise `max_size` or `acquire_timeout` of the pool"
        })
    }

    /// A task of ours that ended before its work.
    pub(crate) fn interrupted(source: tokio::task::JoinError) -> Self {
        Self::new(Kind::Closed, "the work was interrupted").with_source(source)
    }

    pub(crate) fn pool_closed() -> Self {
        Self::new(Kind::Closed, "the pool is closed")
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self(Box::new(Repr { kind, what: what.into(), hint: None, source: None, skew: None }))
    }

    fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_optional_hint(Some(hint.into()))
    }

    fn with_optional_hint(mut self, hint: Option<String>) -> Self {
        self.0.hint = hint;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Repr { kind, what, hint, source, skew: _ } = &*self.0;
        let mut out = f.debug_struct("Error");
        out.field("kind", kind).field("what", what);
        if let Some(hint) = hint {
            out.field("hint", hint);
        }
        if let Some(source) = source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// 28000 with `access denied` is DSQL's answer to a bad token, 28P01 PostgreSQL's; some drivers show 08006 instead.
fn is_access_denied(code: &str, message: &str) -> bool {
    matches!(code, "28000" | "28P01") || message.contains("access denied")
}

/// Our cure for a refusal that the server gives no hint for.
fn refusal_hint(code: &str, message: &str) -> Option<String> {
    if message.contains("waking up cluster") {
        return Some("the cluster was idle and is waking up; try again in a few seconds".into());
    }
    // DSQL sends no hint in exactly one case: the token is good, and the role is not mapped to the caller's ARN.
    (code == "28000" && message.contains("access denied")).then(|| {
        "the token is good but the role is not mapped to it: as admin run `AWS IAM GRANT <role> TO '<your IAM ARN>'`"
            .into()
    })
}

fn tls_hint(error: &rustls::Error, local: bool) -> &'static str {
    use rustls::CertificateError;
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) if local => {
            "point PGSSLROOTCERT at the local server's CA certificate"
        }
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "install the system's root certificates (package ca-certificates), or point PGSSLROOTCERT at Amazon Root CA 1"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "the certificate belongs to another host: set CLUSTER_ENDPOINT to the name that it was made for",
        rustls::Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => "check this machine's clock and the server's certificate",
        _ => "the server must speak TLS from the first byte, as Aurora DSQL and `mizzle local` do",
    }
}

/// The rustls error behind a connection error; `io::Error` hides what it wraps from `source()`.
fn find_rustls<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        next = match error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}
