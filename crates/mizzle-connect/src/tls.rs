//! TLS that always verifies: the server's certificate against known roots, and its name against the endpoint.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;

/// The protocol name that direct TLS negotiation must offer, as PostgreSQL 17 registers it.
const ALPN: &[u8] = b"postgresql";

/// Where trust begins.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The operating system's root certificates, among them Amazon Root CA 1.
    Native,
    /// The certificates of one PEM file and no others.
    File(PathBuf),
    /// These PEM certificates and no others.
    Pem(Vec<u8>),
}

/// The TLS side of a [`Config`](crate::Config): built at the first connection, then shared with its clones, so that
/// certificates are read once and sessions resume.
#[derive(Clone)]
pub(crate) struct Tls {
    roots: Roots,
    connector: Arc<OnceLock<MakeRustlsConnect>>,
}

impl Tls {
    pub(crate) fn new(roots: Roots) -> Self {
        Self { roots, connector: Arc::default() }
    }

    /// Whether the caller named the roots, which makes servers other than DSQL's trustworthy.
    pub(crate) fn has_own_roots(&self) -> bool {
        self.roots != Roots::Native
    }

    #[cfg(feature = "sqlx")]
    pub(crate) fn roots(&self) -> &Roots {
        &self.roots
    }

    pub(crate) fn connector(&self) -> Result<MakeRustlsConnect, Error> {
        if let Some(connector) = self.connector.get() {
            return Ok(connector.clone());
        }
        let connector = MakeRustlsConnect::new(client_config(self.roots.read()?)?);
        Ok(self.connector.get_or_init(|| connector).clone())
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.roots {
            Roots::Native => f.write_str("Native"),
            Roots::File(path) => f.debug_tuple("File").field(path).finish(),
            Roots::Pem(pem) => write!(f, "Pem({} bytes)", pem.len()),
        }
    }
}

impl Roots {
    fn read(&self) -> Result<RootCertStore, Error> {
        match self {
            Self::Native => native_roots(),
            Self::Pem(pem) => parse(pem, "the given root certificate"),
            Self::File(path) => {
                let name = format!("root certificate file {}", path.display());
                let pem = std::fs::read(path).map_err(|source| {
                    Error::setting(
                        format!("{name} cannot be read"),
                        "set PGSSLROOTCERT to a PEM file, or to `system` for the system's own roots",
                    )
                    .with_source(source)
                })?;
                parse(&pem, &name)
            }
        }
    }
}

/// A client that speaks TLS 1.2 or 1.3 on ring. The process-wide default provider of rustls is neither read nor set,
/// because it belongs to the application.
fn client_config(roots: RootCertStore) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|source| {
            Error::tls("no TLS on this machine", "report this together with the cause").with_source(source)
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(config)
}

fn native_roots() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    // Systems carry odd certificates that no server here uses, so the readable ones are enough.
    let (added, _ignored) = store.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(store);
    }
    let error = Error::tls(
        "no root certificates on this machine",
        "install them (package ca-certificates), or point PGSSLROOTCERT at Amazon Root CA 1",
    );
    Err(match found.errors.into_iter().next() {
        Some(source) => error.with_source(source),
        None => error,
    })
}

fn parse(pem: &[u8], name: &str) -> Result<RootCertStore, Error> {
    const CURE: &str = "it must hold certificates in PEM form (-----BEGIN CERTIFICATE-----)";
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate
            .map_err(|source| Error::setting(format!("{name} is malformed"), CURE).with_source(source))?;
        store
            .add(certificate)
            .map_err(|source| Error::setting(format!("{name} is malformed"), CURE).with_source(source))?;
    }
    if store.is_empty() {
        return Err(Error::setting(format!("{name} holds no certificate"), CURE));
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refusal(roots: Roots) -> String {
        match Tls::new(roots).connector() {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_root_file_must_exist_and_hold_certificates() {
        let missing = PathBuf::from("/nowhere/ca.pem");
        assert_eq!(refusal(Roots::File(missing)), "root certificate file /nowhere/ca.pem cannot be read");
        assert_eq!(refusal(Roots::Pem(b"hello".to_vec())), "the given root certificate holds no certificate");
        let cut = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        assert_eq!(refusal(Roots::Pem(cut)), "the given root certificate is malformed");
    }

    #[test]
    fn direct_negotiation_offers_postgresql() {
        let config =
            client_config(RootCertStore::empty()).expect("ring supports the default protocol versions");
        assert_eq!(config.alpn_protocols, vec![b"postgresql".to_vec()]);
    }
}
