//! Which authorities vouch for servers.

use super::WebError;
use crate::{file, limits};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The authorities that are believed. Those of the system are read when they are needed first.
#[derive(Debug, Clone, Default)]
pub(super) struct Roots(Arc<OnceLock<Arc<ClientConfig>>>);

impl Roots {
    /// Those in a PEM file.
    pub(super) fn read(path: &Path) -> Result<Self, WebError> {
        let fail = |problem| WebError::Roots {
            path: path.to_owned(),
            problem,
        };
        let pem = file::read(path, limits::AUTHORITIES)?;
        let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|_| fail("it is no PEM file"))?;
        let store = store(certificates).ok_or_else(|| fail("it has no certificate of an authority"))?;
        Ok(Self(Arc::new(OnceLock::from(config(store)?))))
    }

    /// How to speak with servers that they vouch for.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, WebError> {
        if let Some(known) = self.0.get() {
            return Ok(known.clone());
        }
        let found = rustls_native_certs::load_native_certs();
        let store = store(found.certs).ok_or_else(|| WebError::NoRoots {
            problem: found
                .errors
                .first()
                .map_or_else(String::new, |error| format!(" ({error})")),
        })?;
        let config = config(store)?;
        Ok(self.0.get_or_init(|| config).clone())
    }
}

/// The certificates that are of use; none, if none is.
fn store(certificates: Vec<CertificateDer<'static>>) -> Option<RootCertStore> {
    let mut store = RootCertStore::empty();
    // A file of a system may have some that are of no use here.
    let (usable, _) = store.add_parsable_certificates(certificates);
    (usable > 0).then_some(store)
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, WebError> {
    // Not what the process takes by default, which others in it may have chosen.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| WebError::System(std::io::Error::other(error)))?;
    Ok(Arc::new(
        builder.with_root_certificates(roots).with_no_client_auth(),
    ))
}
