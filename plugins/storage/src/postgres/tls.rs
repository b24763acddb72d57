//! TLS towards a server: what its certificate has to show, and what it means when the handshake fails.

use std::error::Error as _;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::version::TLS13;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result, check_size};
use crate::limits;

/// How far connections are protected: libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protection {
    /// Not.
    Disable,
    /// Against those who only listen, if the server speaks TLS.
    Prefer,
    /// Against those who only listen.
    Require,
    /// Against all who have no certificate of the authorities.
    VerifyCa,
    /// Against all who have no certificate of the authorities for the host.
    VerifyFull,
}

impl Protection {
    pub(super) fn named(name: &str) -> Result<Protection> {
        Ok(match name {
            "disable" => Protection::Disable,
            "prefer" => Protection::Prefer,
            "require" => Protection::Require,
            "verify-ca" => Protection::VerifyCa,
            "verify-full" => Protection::VerifyFull,
            _ => {
                let reason = "sslmode must be disable, prefer, require, verify-ca or verify-full";
                return Err(Error::argument("url", reason));
            }
        })
    }
}

/// The ALPN name of the server's protocol; it is asked for by servers that are spoken TLS to at once.
const PROTOCOL: &[u8] = b"postgresql";

/// What makes connections that show `protection`; `roots` is the path of the authorities' certificates.
pub(super) fn connector(protection: Protection, roots: Option<&str>) -> Result<MakeRustlsConnect> {
    let refused = |reason| Err(Error::argument("url", reason));
    let (roots, names) = match (protection, roots) {
        (Protection::Disable | Protection::Prefer, Some(_)) => {
            return refused("sslrootcert needs sslmode=verify-full, verify-ca or require");
        }
        (Protection::VerifyCa | Protection::VerifyFull, None) => {
            return refused("sslmode=verify-ca and verify-full need sslrootcert");
        }
        (_, None) => (None, false),
        (_, Some(path)) => (Some(authorities(path)?), protection == Protection::VerifyFull),
    };
    let provider = ring::default_provider();
    let algorithms = provider.signature_verification_algorithms;
    // Not what the process takes by default: other libraries in it may have chosen otherwise.
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])
        .map_err(|_| Error::argument("url", "asks for TLS, which cannot be set up"))?;
    let builder = match roots {
        Some(roots) if names => builder.with_root_certificates(roots),
        roots => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyName { roots, algorithms })),
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates of a PEM file.
fn authorities(path: &str) -> Result<RootCertStore> {
    let refused = |why: &str| Error::argument("url", format!("sslrootcert: {path:?} {why}"));
    let mut pem = Vec::new();
    let most = limits::SERVER_ROOTS_BYTES;
    File::open(path)
        .and_then(|file| file.take(most as u64 + 1).read_to_end(&mut pem))
        .map_err(|error| refused(&format!("cannot be read: {}", error.kind())))?;
    check_size("url: sslrootcert bytes", pem.len(), most)?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|_| refused("is not a PEM file"))?;
    let mut roots = RootCertStore::empty();
    // A bundle may have some that are of no use here.
    let (usable, _) = roots.add_parsable_certificates(certificates);
    match usable {
        0 => Err(refused("has no certificate of an authority")),
        _ => Ok(roots),
    }
}

/// Takes a certificate whatever host it is for: one of the authorities, or without them any. That the server has its key
/// is checked all the same.
#[derive(Debug)]
struct AnyName {
    roots: Option<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Why there can be no TLS with a server, if that is why `failed` is an error: it would be the same again.
pub(super) fn refusal(failed: &tokio_postgres::Error) -> Option<&'static str> {
    let Some(error) = cause(failed) else {
        // The library has this as text alone.
        let silent = failed.source()?.to_string() == "server does not support TLS";
        return silent.then_some("url: sslmode: the server does not speak TLS");
    };
    Some(match error {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer => {
                "url: sslrootcert: the certificate of the server is of none of these authorities"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "url: the certificate of the server is for other hosts"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "url: the certificate of the server has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "url: the certificate of the server is not valid yet"
            }
            _ => "url: the certificate of the server cannot be verified",
        },
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "url: sslmode: the server does not speak TLS 1.3"
        }
        rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => {
            "url: sslmode: the server refuses the handshake"
        }
        _ => return None,
    })
}

/// Whether a server might take a connection without TLS in place of the one that `failed`.
pub(super) fn is_against(failed: &tokio_postgres::Error) -> bool {
    let unauthorized = failed.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    unauthorized || cause(failed).is_some()
}

/// What TLS has to say of a failure.
fn cause(failed: &tokio_postgres::Error) -> Option<&rustls::Error> {
    let error = failed.source()?.downcast_ref::<io::Error>()?;
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(protection: Protection, roots: Option<&str>) -> String {
        connector(protection, roots).err().unwrap().to_string()
    }

    #[test]
    fn authorities_are_named_where_they_count_and_nowhere_else() {
        for weak in [Protection::Disable, Protection::Prefer] {
            let reason = "url: sslrootcert needs sslmode=verify-full, verify-ca or require";
            assert_eq!(refused(weak, Some("x")), reason);
        }
        for strict in [Protection::VerifyCa, Protection::VerifyFull] {
            let reason = "url: sslmode=verify-ca and verify-full need sslrootcert";
            assert_eq!(refused(strict, None), reason);
        }
        assert!(connector(Protection::Require, None).is_ok());
    }

    #[test]
    fn a_file_without_authorities_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        let path = path.to_str().unwrap();
        let full = |path: &str| refused(Protection::VerifyFull, Some(path));
        let missing = format!("url: sslrootcert: {path:?} cannot be read: entity not found");
        assert_eq!(full(path), missing);
        std::fs::write(path, "nothing").unwrap();
        let empty = format!("url: sslrootcert: {path:?} has no certificate of an authority");
        assert_eq!(full(path), empty);
        std::fs::write(path, vec![b'\n'; limits::SERVER_ROOTS_BYTES + 1]).unwrap();
        let large = "url: sslrootcert bytes has 1048577, the limit is 1048576";
        assert_eq!(full(path), large);
    }
}
