//! A configuration out of the environment.

use std::ffi::OsString;
use std::net::IpAddr;

use crate::config::{Named, Origin};
use crate::{Config, Credentials, Error};

/// Every variable that is read here; AWS's default chain reads more of its own.
const VARIABLES: [&str; 13] = [
    "CLUSTER_ENDPOINT",
    "CLUSTER_ID",
    "CLUSTER_USER",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "PGHOSTADDR",
    "PGPORT",
    "PGSSLROOTCERT",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

impl Config {
    /// Reads the configuration from the environment.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `CLUSTER_ENDPOINT` | the cluster's host, or its 26-character id; required |
    /// | `CLUSTER_USER` | the database user, `admin` by default |
    /// | `CLUSTER_ID` | the cluster behind a VPC endpoint |
    /// | `AWS_REGION`, `AWS_DEFAULT_REGION` | the region, where the endpoint names none |
    /// | `AWS_PROFILE`, `AWS_CONFIG_FILE` | whose region is taken where these name none either |
    /// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | credentials; without them AWS's default chain is asked |
    /// | `PGHOSTADDR`, `PGPORT` | the address and port of a local server |
    /// | `PGSSLROOTCERT` | its CA certificate, or `system` for the system's roots, which is the default |
    ///
    /// A variable that is set to nothing counts as missing.
    ///
    /// # Errors
    /// When a required variable is missing, a value is malformed, or two of them contradict each other; the error
    /// names the variable and [`Error::hint`] the cure.
    pub fn from_env() -> Result<Self, Error> {
        if let Some(name) = VARIABLES.into_iter().find(|name| is_unreadable(std::env::var_os(name))) {
            return Err(Error::unreadable_variable(name));
        }
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// Like [`from_env`](Config::from_env), with any other source of variables.
    ///
    /// # Errors
    /// As [`from_env`](Config::from_env).
    pub fn from_vars(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());

        let endpoint = variable("CLUSTER_ENDPOINT").ok_or_else(|| {
            Error::missing_variable(
                "CLUSTER_ENDPOINT",
                "`export CLUSTER_ENDPOINT=<cluster id>.dsql.<region>.on.aws`, or run a local DSQL with `mizzle local \
                 --env-file`",
            )
        })?;
        let config = Self::environment(&endpoint, variable)?;
        // A variable for the region does not mend an endpoint that is none.
        config.known_endpoint()?;
        if config.region_name().is_none() {
            return Err(Error::missing_variable(
                "AWS_REGION",
                "`export AWS_REGION=<region>`, or set CLUSTER_ENDPOINT to the cluster's full host, which names it",
            ));
        }
        config.target()?;
        Ok(config)
    }

    /// A configuration for this endpoint, with everything else that the environment says; not checked as a whole yet.
    pub(crate) fn environment(
        endpoint: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut config = Config::new(endpoint).fallback_region(region(variable));
        if let Some(id) = variable("CLUSTER_ID") {
            config = config.cluster_id_of(id, Origin::Variable("CLUSTER_ID"));
        }
        if let Some(user) = variable("CLUSTER_USER") {
            config = config.user(user);
        }
        if let Some(credentials) = static_credentials(variable)? {
            config = config.fixed_credentials(credentials);
        }
        if let Some(text) = variable("PGHOSTADDR") {
            let addr: IpAddr = text
                .parse()
                .map_err(|_| Error::bad_variable("PGHOSTADDR", &text, "an IP address such as 127.0.0.1"))?;
            config = config.host_addr(addr);
        }
        if let Some(text) = variable("PGPORT") {
            let port = text.parse().ok().filter(|port| *port != 0);
            config = config.port(
                port.ok_or_else(|| Error::bad_variable("PGPORT", &text, "a port between 1 and 65535"))?,
            );
        }
        if let Some(path) = variable("PGSSLROOTCERT").filter(|path| path != "system") {
            config = config.root_certificate_file(path);
        }
        Ok(config)
    }
}

/// AWS_REGION, else AWS_DEFAULT_REGION, else the profile's.
fn region(variable: impl Fn(&str) -> Option<String>) -> Option<Named> {
    let named = |name| variable(name).map(|value| Named { value, origin: Origin::Variable(name) });
    named("AWS_REGION")
        .or_else(|| named("AWS_DEFAULT_REGION"))
        .or_else(|| crate::profile::region(None, &variable))
}

/// The access key of the environment. Half a key is an error, so that nobody connects as somebody else by accident.
fn static_credentials(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Credentials>, Error> {
    match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => {
            let credentials = Credentials::new(id, secret);
            Ok(Some(match variable("AWS_SESSION_TOKEN") {
                Some(token) => credentials.with_session_token(token),
                None => credentials,
            }))
        }
        (Some(_), None) => Err(Error::missing_variable(
            "AWS_SECRET_ACCESS_KEY",
            "`export AWS_SECRET_ACCESS_KEY=…`, the secret that belongs to AWS_ACCESS_KEY_ID",
        )),
        (None, Some(_)) => Err(Error::missing_variable(
            "AWS_ACCESS_KEY_ID",
            "`export AWS_ACCESS_KEY_ID=…`, the key that AWS_SECRET_ACCESS_KEY belongs to",
        )),
        (None, None) if cfg!(feature = "aws-config") => Ok(None),
        (None, None) => Err(Error::missing_variable(
            "AWS_ACCESS_KEY_ID",
            "`export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…`; profiles, SSO and roles need mizzle-connect's \
             feature `aws-config`, which this program was built without",
        )),
    }
}

fn is_unreadable(value: Option<OsString>) -> bool {
    value.is_some_and(|value| value.into_string().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "CLUSTER_ENDPOINT=abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";
    const KEY: &str = "AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=secret";

    /// Variables as `NAME=value` separated by spaces, and what becomes of them.
    #[track_caller]
    fn check(variables: &str, expect: &str) {
        let config = Config::from_vars(|name| {
            variables
                .split(' ')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .map(str::to_owned)
        });
        let got = match config {
            Ok(config) => {
                let target = config.target().expect("from_vars checks the target");
                let addr = config.host_addr.map(|addr| format!(" at {addr}")).unwrap_or_default();
                format!(
                    "{}@{}:{}{addr} in {} {:?}",
                    config.user, target.host, config.port, target.region, config.tls
                )
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect, "{variables}");
    }

    #[test]
    fn good_environments() {
        let host = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";
        for (variables, expect) in [
            (format!("{HOST} {KEY}"), format!("admin@{host}:5432 in eu-west-1 Native")),
            (format!("{HOST} {KEY} CLUSTER_USER=app"), format!("app@{host}:5432 in eu-west-1 Native")),
            (format!("{HOST} {KEY} CLUSTER_USER="), format!("admin@{host}:5432 in eu-west-1 Native")),
            // The variable is a default for the machine, the host is what this program means.
            (format!("{HOST} {KEY} AWS_REGION=us-east-1"), format!("admin@{host}:5432 in eu-west-1 Native")),
            (
                format!("CLUSTER_ENDPOINT=abcdefghijklmnopqrstuvwxyz {KEY} AWS_DEFAULT_REGION=eu-west-1"),
                format!("admin@{host}:5432 in eu-west-1 Native"),
            ),
            (
                format!(
                    "CLUSTER_ENDPOINT=abcdefghijklmnopqrstuvwxyz {KEY} AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=us-east-1"
                ),
                format!("admin@{host}:5432 in eu-west-1 Native"),
            ),
            (format!("{HOST} {KEY} PGSSLROOTCERT=system"), format!("admin@{host}:5432 in eu-west-1 Native")),
            (
                format!("{HOST} {KEY} PGHOSTADDR=127.0.0.1 PGPORT=5999 PGSSLROOTCERT=/ca.pem"),
                format!("admin@{host}:5999 at 127.0.0.1 in eu-west-1 File(\"/ca.pem\")"),
            ),
            (
                format!("CLUSTER_ENDPOINT=localhost {KEY} AWS_REGION=us-east-1 PGHOSTADDR=::1"),
                "admin@localhost:5432 at ::1 in us-east-1 Native".to_owned(),
            ),
        ] {
            check(&variables, &expect);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (variables, expect) in [
            (KEY.to_owned(), "missing environment variable CLUSTER_ENDPOINT"),
            (format!("CLUSTER_ENDPOINT= {KEY}"), "missing environment variable CLUSTER_ENDPOINT"),
            (
                format!("CLUSTER_ENDPOINT=abcdefghijklmnopqrstuvwxyz {KEY}"),
                "missing environment variable AWS_REGION",
            ),
            (format!("{HOST} AWS_ACCESS_KEY_ID=x"), "missing environment variable AWS_SECRET_ACCESS_KEY"),
            (format!("{HOST} AWS_SECRET_ACCESS_KEY=x"), "missing environment variable AWS_ACCESS_KEY_ID"),
        ] {
            check(&variables, expect);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_value() {
        for (variables, expect) in [
            (
                "PGPORT=no",
                "environment variable PGPORT has the value \"no\", which is not a port between 1 and 65535",
            ),
            (
                "PGPORT=0",
                "environment variable PGPORT has the value \"0\", which is not a port between 1 and 65535",
            ),
            (
                "PGHOSTADDR=localhost",
                "environment variable PGHOSTADDR has the value \"localhost\", which is not an IP address such as 127.0.0.1",
            ),
        ] {
            check(&format!("{HOST} {KEY} {variables}"), expect);
        }
        check(
            &format!("{HOST} {KEY} CLUSTER_ID=bbcdefghijklmnopqrstuvwxyz"),
            "cluster id bbcdefghijklmnopqrstuvwxyz (of CLUSTER_ID) contradicts endpoint \
             abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws",
        );
        check(
            &format!("CLUSTER_ENDPOINT=localhost AWS_REGION=us-east-1 {KEY}"),
            "endpoint \"localhost\" is not an Aurora DSQL host",
        );
    }

    #[test]
    fn an_endpoint_that_is_none_is_named_and_not_a_region_that_would_not_mend_it() {
        for (endpoint, expect) in [
            (
                "https://abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws",
                "endpoint \"https://abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws\" is not a host name",
            ),
            (
                "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws\n",
                "endpoint \"abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws\\n\" is not a host name",
            ),
            (
                "abcdefghijklmnopqrstuvwxy.dsql.eu-west-1.on.aws",
                "endpoint \"abcdefghijklmnopqrstuvwxy.dsql.eu-west-1.on.aws\" is not an Aurora DSQL host",
            ),
        ] {
            check(&format!("CLUSTER_ENDPOINT={endpoint} {KEY}"), expect);
        }
    }

    #[test]
    fn a_missing_endpoint_has_two_cures() {
        let error = Config::from_vars(|_| None).expect_err("nothing is set");
        assert!(error.is_setting());
        let hint = error.hint().expect("the hint names the cure");
        assert!(
            hint.contains("export CLUSTER_ENDPOINT=") && hint.contains("mizzle local --env-file"),
            "{hint}"
        );
    }

    #[test]
    fn without_a_key_the_default_chain_is_asked_if_it_is_there() {
        let named = HOST.strip_prefix("CLUSTER_ENDPOINT=").expect("the constant begins so");
        let config = Config::from_vars(|name| (name == "CLUSTER_ENDPOINT").then(|| named.to_owned()));
        if cfg!(feature = "aws-config") {
            assert!(format!("{:?}", config.expect("credentials are loaded later")).contains("DefaultChain"));
        } else {
            let error = config.expect_err("there is no chain to ask");
            assert_eq!(error.to_string(), "missing environment variable AWS_ACCESS_KEY_ID");
            assert!(error.hint().expect("the hint names the feature").contains("aws-config"));
        }
    }
}
