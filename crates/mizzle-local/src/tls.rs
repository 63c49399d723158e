//! The certificate authority of a cluster, and the TLS it makes possible.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::Error;

/// How long certificates are good for: the longest that every client accepts for a server.
const LIFE: Duration = Duration::from_secs(800 * 86_400);

/// A certificate authority: its certificate and its key, both as PEM.
#[derive(Clone)]
pub(crate) struct Authority {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    /// A new one.
    pub(crate) fn generate() -> Result<Authority, Error> {
        let key = KeyPair::generate().map_err(cannot)?;
        let certificate = authority_params()?.self_signed(&key).map_err(cannot)?.pem();
        Ok(Authority { certificate, key: key.serialize_pem() })
    }

    /// The one kept in `folder`, made there when it is not there yet.
    pub(crate) fn keep_in(folder: &Path) -> Result<Authority, Error> {
        let (certificate_file, key_file) = (folder.join("ca.pem"), folder.join("ca.key"));
        if let (Ok(certificate), Ok(key)) =
            (std::fs::read_to_string(&certificate_file), std::fs::read_to_string(&key_file))
        {
            return Ok(Authority { certificate, key });
        }
        let authority = Authority::generate()?;
        crate::file::write_private(&key_file, &authority.key)?;
        std::fs::write(&certificate_file, &authority.certificate)
            .map_err(|error| Error::file("write", &certificate_file, error))?;
        Ok(authority)
    }

    /// TLS for a server known under `names`, which speaks the protocol called `postgresql`.
    pub(crate) fn server(&self, names: &[String]) -> Result<Arc<rustls::ServerConfig>, Error> {
        let issuer_key = KeyPair::from_pem(&self.key).map_err(cannot)?;
        // Name and key are all that a certificate takes over from its issuer.
        let issuer = Issuer::new(authority_params()?, issuer_key);
        let key = KeyPair::generate().map_err(cannot)?;
        let mut params = params(names.to_vec())?;
        params.distinguished_name.push(DnType::CommonName, "Mizzle local DSQL");
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &issuer).map_err(cannot)?;
        let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private)
            })
            .map_err(cannot)?;
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The names a certificate is good for: this machine and the cluster.
pub(crate) fn names(endpoint: &str, host: IpAddr) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1", endpoint].map(str::to_owned).to_vec();
    if !host.is_unspecified() && !names.contains(&host.to_string()) {
        names.push(host.to_string());
    }
    names
}

fn authority_params() -> Result<CertificateParams, Error> {
    let mut params = params(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Mizzle local DSQL CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn params(names: Vec<String>) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(names).map_err(cannot)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(Duration::from_secs(86_400));
    params.not_after = epoch + now + LIFE;
    params.distinguished_name = rcgen::DistinguishedName::new();
    Ok(params)
}

fn cannot(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new("cannot make certificates").with_source(error)
}
