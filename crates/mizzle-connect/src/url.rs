//! A configuration out of a connection URL.
//!
//! ```text
//! postgres://<user>@<endpoint>[:<port>][/postgres][?<parameter>=<value>&…]
//! ```

use std::time::Duration;

use crate::config::Origin;
use crate::{Config, Error};

const SHAPE: &str =
    "write it as postgres://<user>@<cluster id>.dsql.<region>.on.aws/postgres?<parameter>=<value>";

/// What may stand behind the question mark, and what becomes of it.
const PARAMETERS: &[(&str, Apply)] = &[
    ("region", |config, value| Ok(config.region_of(value, Origin::Url))),
    ("cluster_id", |config, value| Ok(config.cluster_id_of(value, Origin::Url))),
    ("application_name", |config, value| Ok(config.application_name(value))),
    ("search_path", |config, value| Ok(config.search_path(value))),
    ("sslmode", |config, value| match value {
        "verify-full" => Ok(config),
        _ => Err("verify-full: TLS is always there and always verified"),
    }),
    ("sslrootcert", |config, value| {
        Ok(if value == "system" { config } else { config.root_certificate_file(value) })
    }),
    ("hostaddr", |config, value| match value.parse() {
        Ok(addr) => Ok(config.host_addr(addr)),
        Err(_) => Err("an IP address such as 127.0.0.1"),
    }),
    ("connect_timeout", |config, value| {
        Ok(config.connect_timeout(match seconds(value)? {
            Duration::ZERO => return Err("at least one second"),
            limit => limit,
        }))
    }),
    ("token_lifetime", |config, value| Ok(config.token_lifetime(seconds(value)?))),
    #[cfg(feature = "aws-config")]
    ("profile", |config, value| Ok(config.profile(value))),
];

/// The configuration with one parameter more, or what its value should have been.
type Apply = fn(Config, &str) -> Result<Config, &'static str>;

impl Config {
    /// Reads a connection URL; the environment gives what it leaves out, the credentials among it, as with
    /// [`from_env`](Config::from_env).
    ///
    /// User, database and values are percent-decoded. The parameters are `region`, `cluster_id`, `application_name`,
    /// `search_path`, `sslmode` (only `verify-full`), `sslrootcert`, `hostaddr`, `connect_timeout` and `token_lifetime` in
    /// seconds, and with the feature `aws-config` `profile`.
    ///
    /// # Errors
    /// When the URL is malformed, names an unknown parameter, or one twice, has a password, which Aurora DSQL does not know,
    /// or another database than `postgres`; and as [`from_env`](Config::from_env). No error shows the URL itself.
    ///
    /// # Example
    /// ```
    /// # fn main() -> Result<(), mizzle_connect::Error> {
    /// use mizzle_connect::Config;
    ///
    /// let url = "postgres://app@abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws/postgres?search_path=clinic";
    /// let config = Config::from_url(url)?;
    /// assert_eq!((config.user_name(), config.region_name().as_deref()), ("app", Some("eu-west-1")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_url(url: &str) -> Result<Self, Error> {
        Self::from_url_and_vars(url, |name| std::env::var(name).ok())
    }

    /// Like [`from_url`](Config::from_url), with any other source of variables.
    ///
    /// # Errors
    /// As [`from_url`](Config::from_url).
    pub fn from_url_and_vars(url: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let rest = ["postgres://", "postgresql://", "dsql://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .ok_or_else(|| malformed("it does not begin with postgres://"))?;
        let (rest, parameters) = rest.split_once('?').map_or((rest, None), |(rest, tail)| (rest, Some(tail)));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => {
                return Err(Error::setting(
                    "the connection URL has a password",
                    "leave it out: Aurora DSQL takes a token for a password, which is made for each connection",
                ));
            }
            Some((user, host)) => (Some(decoded(user, "the user")?), host),
            None => (None, authority),
        };
        if host.starts_with('[') || host.matches(':').count() > 1 {
            return Err(Error::setting(
                "the connection URL has an IP address for a host",
                "give the host name, which TLS verifies, and the address as the parameter hostaddr",
            ));
        }
        let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
        let database = decoded(database, "the database")?;
        if !matches!(database.as_str(), "" | "postgres") {
            return Err(Error::setting(
                format!("the connection URL names the database {database:?}"),
                "a cluster has one database, `postgres`; a schema is chosen with `search_path`",
            ));
        }
        let host = decoded(host, "the host")?;
        let mut config = Config::environment(&host, &variable)?;
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            config = config.user(user);
        }
        if let Some(port) = port {
            let number = port.parse().ok().filter(|port| *port != 0);
            config = config.port(number.ok_or_else(|| malformed("its port is not between 1 and 65535"))?);
        }
        if let Some(parameters) = parameters {
            config = apply(config, parameters)?;
        }
        config.target()?;
        Ok(config)
    }
}

fn apply(mut config: Config, parameters: &str) -> Result<Config, Error> {
    let mut seen = Vec::new();
    for pair in parameters.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| malformed("a parameter has no value"))?;
        let (name, value) = (decoded(name, "a parameter")?, decoded(value, "a value")?);
        let known = PARAMETERS.iter().find(|(known, _)| *known == name);
        let Some((known, change)) = known else {
            let names: Vec<_> = PARAMETERS.iter().map(|(name, _)| *name).collect();
            return Err(Error::setting(
                format!("the connection URL has the parameter {name:?}, which is unknown"),
                format!("the parameters are {}", names.join(", ")),
            ));
        };
        if seen.contains(known) {
            return Err(malformed(format!("it has the parameter {known} twice")));
        }
        if value.is_empty() {
            return Err(malformed(format!("its {known} is empty")));
        }
        seen.push(known);
        config = change(config, &value)
            .map_err(|expected| malformed(format!("its {known} is {value:?}, which is not {expected}")))?;
    }
    Ok(config)
}

fn malformed(what: impl std::fmt::Display) -> Error {
    Error::setting(format!("the connection URL cannot be used: {what}"), SHAPE)
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    text.parse().map(Duration::from_secs).map_err(|_| "a number of seconds")
}

/// Text with `%2F` read as `/`, in UTF-8.
fn decoded(text: &str, what: &str) -> Result<String, Error> {
    let wrong = || malformed(format!("{what} is not percent-encoded text"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit =
                    || rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or_else(wrong);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).map_err(|_| wrong())?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "abcdefghijklmnopqrstuvwxyz.dsql.eu-west-1.on.aws";

    #[track_caller]
    fn check(url: &str, expect: &str) {
        let variable = |name: &str| {
            let found =
                [("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y"), ("CLUSTER_USER", "other")];
            found.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let got = match Config::from_url_and_vars(url, variable) {
            Ok(config) => format!(
                "{}@{}:{} {} {:?} {}",
                config.user,
                config.target().expect("checked").host,
                config.port,
                config.application_name,
                config.search_path,
                config.token_lifetime.as_secs()
            ),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect);
    }

    #[test]
    fn everything_in_a_url_is_decoded() {
        let name = concat!("mizzle/", env!("CARGO_PKG_VERSION"));
        check(&format!("postgres://{HOST}"), &format!("other@{HOST}:5432 {name} None 900"));
        check(&format!("dsql://admin@{HOST}:5433/"), &format!("admin@{HOST}:5433 {name} None 900"));
        check(
            &format!(
                "postgresql://a%40b%20%C3%A9@{HOST}/postgres?search_path=%22my%20schema%22&application_name=a%26b&token_lifetime=60&sslmode=verify-full"
            ),
            &format!("a@b é@{HOST}:5432 a&b Some(\"\\\"my schema\\\"\") 60"),
        );
        check(
            "postgres://app@abcdefghijklmnopqrstuvwxyz?region=us-east-1",
            &format!("app@abcdefghijklmnopqrstuvwxyz.dsql.us-east-1.on.aws:5432 {name} None 900"),
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_no_password_is_shown() {
        let bad = "the connection URL cannot be used: ";
        check("mysql://x", &format!("{bad}it does not begin with postgres://"));
        check(&format!("postgres://app:topsecret@{HOST}"), "the connection URL has a password");
        check(&format!("postgres://a%4@{HOST}"), &format!("{bad}the user is not percent-encoded text"));
        check(&format!("postgres://a%ff@{HOST}"), &format!("{bad}the user is not percent-encoded text"));
        check(&format!("postgres://{HOST}:0"), &format!("{bad}its port is not between 1 and 65535"));
        check(&format!("postgres://{HOST}/clinic"), "the connection URL names the database \"clinic\"");
        check(
            &format!("postgres://{HOST}?tokenDurationSecs=9"),
            "the connection URL has the parameter \"tokenDurationSecs\", which is unknown",
        );
        check(
            &format!("postgres://{HOST}?region=eu-west-1&region=eu-west-1"),
            &format!("{bad}it has the parameter region twice"),
        );
        check(
            &format!("postgres://{HOST}?sslmode=disable"),
            &format!(
                "{bad}its sslmode is \"disable\", which is not verify-full: TLS is always there and always verified"
            ),
        );
        check(
            &format!("postgres://{HOST}?region=us-east-1"),
            &format!(
                "region us-east-1 (of the connection URL) contradicts endpoint {HOST}, which is in eu-west-1"
            ),
        );
        check("postgres://", "endpoint \"\" is not a host name");
        check("postgres://localhost", "endpoint \"localhost\" is not an Aurora DSQL host");
        for address in ["[::1]:5432", "[::1]", "::1"] {
            check(&format!("postgres://{address}/"), "the connection URL has an IP address for a host");
        }
        check(&format!("postgres://{HOST}?region="), &format!("{bad}its region is empty"));
        check(
            &format!("postgres://{HOST}?connect_timeout=0"),
            &format!("{bad}its connect_timeout is \"0\", which is not at least one second"),
        );
        check(
            &format!("postgres://{HOST}?search_path=a%20b"),
            "search path \"a b\" is not a list of schema names",
        );
    }
}
