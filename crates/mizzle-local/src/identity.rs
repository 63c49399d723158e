//! Who a cluster is: its endpoint, its region and the credentials of its principal.

use std::path::Path;

use crate::Error;
use crate::iam::{Principal, random};

/// The region of a cluster that nobody gave an endpoint.
const REGION: &str = "us-east-1";

/// What stays the same over restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) endpoint: Endpoint,
    pub(crate) principal: Principal,
}

/// `<26 characters>.dsql.<region>.on.aws`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    host: String,
}

impl Endpoint {
    /// A new endpoint in the usual region.
    pub(crate) fn generate() -> Endpoint {
        let id = random(b"abcdefghijklmnopqrstuvwxyz0123456789", 26);
        Endpoint { host: format!("{id}.dsql.{REGION}.on.aws") }
    }

    /// # Errors
    /// When `host` does not look like a cluster's endpoint.
    pub(crate) fn read(host: &str) -> Result<Endpoint, Error> {
        let labels: Vec<&str> = host.split('.').collect();
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        match labels[..] {
            [id, "dsql", region, "on", "aws"]
                if id.len() == 26 && plain(id) && !region.is_empty() && plain(&region.replace('-', "")) =>
            {
                Ok(Endpoint { host: host.to_owned() })
            }
            _ => Err(Error::new(format!("{host:?} is not a cluster endpoint"))
                .with_hint("write 26 letters and digits, then .dsql.<region>.on.aws, all in lower case")
                .for_setting()),
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn region(&self) -> &str {
        self.host.split('.').nth(2).unwrap_or(REGION)
    }

    pub(crate) fn cluster_arn(&self) -> String {
        let id = self.host.split('.').next().unwrap_or_default();
        format!("arn:aws:dsql:{}:123456789012:cluster/{id}", self.region())
    }
}

impl Identity {
    pub(crate) fn new(endpoint: Option<Endpoint>) -> Identity {
        Identity { endpoint: endpoint.unwrap_or_else(Endpoint::generate), principal: Principal::generate() }
    }

    /// The identity kept in `folder`, made there when it is not there yet.
    ///
    /// # Errors
    /// When the folder holds another endpoint than the one asked for, or cannot be read or written.
    pub(crate) fn keep_in(folder: &Path, endpoint: Option<Endpoint>) -> Result<Identity, Error> {
        let file = folder.join("identity");
        if let Ok(text) = std::fs::read_to_string(&file) {
            let kept = Identity::from_text(&text)
                .ok_or_else(|| Error::new(format!("cannot understand {}", file.display())))?;
            return match endpoint {
                Some(asked) if asked != kept.endpoint => Err(Error::new(format!(
                    "{} holds the cluster {}, not {}",
                    folder.display(),
                    kept.endpoint.host,
                    asked.host
                ))
                .with_hint("leave the endpoint out, or choose another data folder")),
                _ => Ok(kept),
            };
        }
        let identity = Identity::new(endpoint);
        crate::file::write_private(&file, &identity.to_text())?;
        Ok(identity)
    }

    fn to_text(&self) -> String {
        let Principal { arn, access_key_id, secret_access_key, .. } = &self.principal;
        format!("{}\n{arn}\n{access_key_id}\n{secret_access_key}\n", self.endpoint.host)
    }

    fn from_text(text: &str) -> Option<Identity> {
        let lines: Vec<&str> = text.lines().collect();
        let [host, arn, access_key_id, secret_access_key] = lines[..] else { return None };
        Some(Identity {
            endpoint: Endpoint::read(host).ok()?,
            principal: Principal::new("local", access_key_id, secret_access_key, arn),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_strictly() {
        let good = "abcdefghijklmnopqrstuvwxy1.dsql.eu-west-2.on.aws";
        assert_eq!(Endpoint::read(good).unwrap().region(), "eu-west-2");
        for bad in ["localhost", "abc.dsql.eu-west-2.on.aws", &good.to_uppercase(), &format!("{good}.")] {
            assert!(Endpoint::read(bad).is_err(), "{bad}");
        }
        assert!(Endpoint::read(Endpoint::generate().host()).is_ok());
    }

    #[test]
    fn an_identity_kept_is_the_identity_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = Identity::keep_in(folder.path(), None).unwrap();
        assert_eq!(Identity::keep_in(folder.path(), None).unwrap(), first);
        let other = Identity::keep_in(folder.path(), Some(Endpoint::generate()));
        assert!(other.unwrap_err().to_string().contains("holds the cluster"));
    }
}
