//! Where a cluster is: hosts, cluster ids and the region that a host names.
//!
//! Shapes of a host (AWS user guide, "Accessing Aurora DSQL" and "PrivateLink"; the parsers of AWS's connectors):
//!
//! ```text
//! <26 of a-z0-9>.dsql.<region>.on.aws          public
//! <26 of a-z0-9>.dsql-<hex>.<region>.on.aws    PrivateLink with private DNS
//! <vpce-…>.dsql-<hex>.<region>.vpce.amazonaws.com   a VPC endpoint's own name, which serves many clusters
//! <26 of a-z0-9>                               the id alone; the region comes from elsewhere
//! any other name                               a local server, allowed only in the local mode
//! ```

use crate::Error;

/// A parsed endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A cluster's own host, which names its region.
    Cluster { host: String, region: String },
    /// A cluster id without a host.
    Id(String),
    /// A VPC endpoint's own name, which says nothing about the cluster.
    Vpc { host: String, region: String },
    /// A name that says nothing about a region.
    Other(String),
}

impl Endpoint {
    /// Reads an endpoint; case does not matter, as in DNS.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let host = text.trim_end_matches('.').to_ascii_lowercase();
        if let Some(cure) = misfit(&host) {
            return Err(Error::setting(format!("endpoint {text:?} is not a host name"), cure));
        }
        if is_cluster_id(&host) {
            return Ok(Self::Id(host));
        }
        if let Some(region) = region_of(&host).map(str::to_owned) {
            return Ok(Self::Cluster { host, region });
        }
        match vpc_region(&host).map(str::to_owned) {
            Some(region) => Ok(Self::Vpc { host, region }),
            None => Ok(Self::Other(host)),
        }
    }

    /// The region that the endpoint itself names.
    pub(crate) fn region(&self) -> Option<&str> {
        match self {
            Self::Cluster { region, .. } | Self::Vpc { region, .. } => Some(region),
            Self::Id(_) | Self::Other(_) => None,
        }
    }

    /// The cluster's id, where the endpoint itself has it.
    pub(crate) fn cluster_id(&self) -> Option<&str> {
        match self {
            Self::Cluster { host, .. } => host.split('.').next(),
            Self::Id(id) => Some(id),
            Self::Vpc { .. } | Self::Other(_) => None,
        }
    }

    /// The host to connect to and to sign for.
    pub(crate) fn host(&self, region: &str) -> String {
        match self {
            Self::Cluster { host, .. } | Self::Vpc { host, .. } | Self::Other(host) => host.clone(),
            Self::Id(id) => format!("{id}.dsql.{region}.on.aws"),
        }
    }
}

/// What is wrong with a text that cannot be a host, as a cure.
fn misfit(host: &str) -> Option<&'static str> {
    if host.is_empty() {
        Some("set it to <cluster id>.dsql.<region>.on.aws")
    } else if host.contains("://") || host.contains('/') {
        Some("give the host alone, without a scheme or a path")
    } else if host.parse::<std::net::IpAddr>().is_ok() {
        Some("give the host name, which TLS verifies, and the address in PGHOSTADDR")
    } else if host.contains(':') {
        Some("give the host alone; a port belongs in PGPORT")
    } else if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        Some("a host consists of letters, digits, dots and hyphens")
    } else {
        None
    }
}

pub(crate) fn is_cluster_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn region_of(host: &str) -> Option<&str> {
    let (id, rest) = host.split_once('.')?;
    let (service, rest) = rest.split_once('.')?;
    let region = rest.strip_suffix(".on.aws")?;
    let service_fits = service == "dsql"
        || service
            .strip_prefix("dsql-")
            .is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_alphanumeric()));
    (is_cluster_id(id) && service_fits && is_region(region)).then_some(region)
}

/// The region of `<name>.dsql-<hex>.<region>.vpce.amazonaws.com`.
fn vpc_region(host: &str) -> Option<&str> {
    let rest = host.strip_suffix(".vpce.amazonaws.com")?;
    let (rest, region) = rest.rsplit_once('.')?;
    let (_, service) = rest.rsplit_once('.')?;
    (service.starts_with("dsql") && is_region(region)).then_some(region)
}

/// Whether a text has the shape of an AWS region, such as `eu-west-1`.
pub(crate) fn is_region(text: &str) -> bool {
    text.contains('-')
        && text.split('-').all(|part| !part.is_empty())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "abcdefghijklmnopqrstuvwxy7";

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let got = match Endpoint::parse(text) {
            Ok(Endpoint::Cluster { region, .. }) => format!("cluster in {region}"),
            Ok(Endpoint::Vpc { region, .. }) => format!("VPC endpoint in {region}"),
            Ok(Endpoint::Id(id)) => format!("id {id}"),
            Ok(Endpoint::Other(host)) => format!("other {host}"),
            Err(error) => format!("{error}; {}", error.hint().unwrap_or_default()),
        };
        assert_eq!(got, expect);
    }

    #[test]
    fn a_clusters_host_names_its_region() {
        check(&format!("{ID}.dsql.us-east-1.on.aws"), "cluster in us-east-1");
        check(&format!("{ID}.dsql-0f9a1c.ap-northeast-2.on.aws"), "cluster in ap-northeast-2");
        check(&format!("{}.DSQL.eu-west-1.ON.AWS.", ID.to_uppercase()), "cluster in eu-west-1");
    }

    #[test]
    fn a_vpc_endpoint_names_its_region_and_no_cluster() {
        check("vpce-0a1b-2c3d.dsql-fnh4.us-east-1.vpce.amazonaws.com", "VPC endpoint in us-east-1");
        check("x.s3.us-east-1.vpce.amazonaws.com", "other x.s3.us-east-1.vpce.amazonaws.com");
    }

    #[test]
    fn an_id_alone_has_no_region() {
        check(ID, &format!("id {ID}"));
        assert_eq!(Endpoint::Id(ID.into()).host("eu-west-1"), format!("{ID}.dsql.eu-west-1.on.aws"));
    }

    #[test]
    fn everything_else_is_another_host_and_never_mangled() {
        check("localhost", "other localhost");
        check("abc.dsql.us-east-1.on.aws", "other abc.dsql.us-east-1.on.aws");
        check(&format!("{ID}.dsqlx.us-east-1.on.aws"), &format!("other {ID}.dsqlx.us-east-1.on.aws"));
        check(
            &format!("{ID}.dsql.us-east-1.on.aws.example"),
            &format!("other {ID}.dsql.us-east-1.on.aws.example"),
        );
    }

    #[test]
    fn what_cannot_be_a_host_is_refused_with_a_cure() {
        check("", "endpoint \"\" is not a host name; set it to <cluster id>.dsql.<region>.on.aws");
        check(
            "https://localhost",
            "endpoint \"https://localhost\" is not a host name; give the host alone, without a scheme or a path",
        );
        check(
            "localhost:5432",
            "endpoint \"localhost:5432\" is not a host name; give the host alone; a port belongs in PGPORT",
        );
        check(
            "127.0.0.1",
            "endpoint \"127.0.0.1\" is not a host name; give the host name, which TLS verifies, and the address in PGHOSTADDR",
        );
        check(
            "a b",
            "endpoint \"a b\" is not a host name; a host consists of letters, digits, dots and hyphens",
        );
    }
}
