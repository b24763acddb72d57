//! The certificate of secure WebSocket: read at the start, and again when its files change.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use libp2p::websocket::tls;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};
use tokio::{sync::watch, task::spawn_blocking, time::sleep};
use zeroize::Zeroizing;

use crate::limits::{MAX_TLS_FILE, TLS_LOOK};

/// The files of secure WebSocket, all in the format PEM and of at most 256 KiB.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// What the node shows to those who dial it; without it, the node listens on no `/wss`.
    pub identity: Option<TlsIdentity>,
    /// Certificates of authorities that are trusted beside those of the web, when the node dials.
    pub trust: Option<PathBuf>,
}

/// A certificate with its key. The files are looked at every 5 s: when they have changed, connections that come in
/// from then on get the new certificate. Files that make no sense then are not taken, with a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The private key: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: PathBuf,
    /// The certificate, and behind it those up to the authority.
    pub certificate: PathBuf,
}

/// Why the files of secure WebSocket are of no use. No text holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is too large; carries it.
    #[error("{path}: has more than {MAX_TLS_FILE} bytes", path = .0.display())]
    TooLarge(PathBuf),
    /// There is no private key in the file, or an encrypted one.
    #[error("{path}: holds no private key in the format PEM that is not encrypted", path = .0.display())]
    NoKey(PathBuf),
    /// There is no certificate in the file, or a broken one.
    #[error("{path}: holds no sound certificate in the format PEM", path = .0.display())]
    NoCertificate(PathBuf),
    /// Key and certificate do not go together, or the certificate is malformed.
    #[error("{certificate}: {reason}", certificate = certificate.display())]
    Refused {
        /// The file of the certificate.
        certificate: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads the files, and goes on looking at those of the certificate as long as somebody holds the receiver.
pub(super) async fn watched(config: TlsConfig) -> Result<watch::Receiver<tls::Config>, TlsError> {
    if config == TlsConfig::default() {
        return Ok(watch::channel(tls::Config::client()).1);
    }
    let (first, mark) = read(config.clone()).await?;
    let (sender, receiver) = watch::channel(first);
    if config.identity.is_some() {
        tokio::spawn(watch_files(config, mark, sender));
    }
    Ok(receiver)
}

async fn watch_files(config: TlsConfig, mut mark: Mark, sender: watch::Sender<tls::Config>) {
    loop {
        tokio::select! {
            () = sender.closed() => return,
            () = sleep(TLS_LOOK) => {}
        }
        // Between the exchange of the one file and the other they do not go together: the next look finds both.
        match read(config.clone()).await {
            Ok((_, found)) if found == mark => {}
            Ok((renewed, found)) => {
                mark = found;
                sender.send_replace(renewed);
                tracing::info!("secure websocket has a new certificate");
            }
            Err(error) => tracing::warn!(%error, "secure websocket keeps its certificate"),
        }
    }
}

/// What tells one content of the files from another.
type Mark = [u8; 32];

async fn read(config: TlsConfig) -> Result<(tls::Config, Mark), TlsError> {
    let path = config.identity.as_ref().map(|it| it.key.clone());
    let read = spawn_blocking(move || load(&config)).await;
    read.unwrap_or_else(|error| {
        Err(TlsError::Read {
            path: path.unwrap_or_default(),
            source: io::Error::other(error),
        })
    })
}

fn load(config: &TlsConfig) -> Result<(tls::Config, Mark), TlsError> {
    let (mut builder, mut mark) = (tls::Config::builder(), Sha256::new());
    if let Some(identity) = &config.identity {
        let (key, chain) = (file(&identity.key)?, file(&identity.certificate)?);
        mark.update(Sha256::digest(&key));
        mark.update(&*chain);
        let certificates = certificates(&identity.certificate, &chain)?;
        let made = builder.server(private_key(&identity.key, &key)?, certificates);
        made.map_err(|error| refused(&identity.certificate, &error))?;
    }
    if let Some(path) = &config.trust {
        for authority in certificates(path, &file(path)?)? {
            let made = builder.add_trust(&authority);
            made.map_err(|error| refused(path, &error))?;
        }
    }
    Ok((builder.finish(), mark.finalize().into()))
}

fn refused(path: &Path, error: &tls::Error) -> TlsError {
    TlsError::Refused {
        certificate: path.to_owned(),
        reason: error.to_string(),
    }
}

fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed = |source| TlsError::Read {
        path: path.to_owned(),
        source,
    };
    // With its room from the start, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TLS_FILE + 1));
    let file = File::open(path).map_err(failed)?;
    let mut bounded = file.take(MAX_TLS_FILE as u64 + 1);
    bounded.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_TLS_FILE {
        return Err(TlsError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}

fn private_key(path: &Path, pem: &[u8]) -> Result<tls::PrivateKey, TlsError> {
    let none = || TlsError::NoKey(path.to_owned());
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| none())?;
    let der = key.secret_der();
    // The transport panics on bytes that it does not know for a key.
    PrivateKeyDer::try_from(der).map_err(|_| none())?;
    Ok(tls::PrivateKey::new(der.to_vec()))
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<tls::Certificate>, TlsError> {
    let none = || TlsError::NoCertificate(path.to_owned());
    let all = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let all = all.map_err(|_| none())?;
    if all.is_empty() {
        return Err(none());
    }
    Ok(all.iter().map(|it| tls::Certificate::new(it.to_vec())).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    fn made() -> CertifiedKey {
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap()
    }

    fn files(folder: &TempDir, key: &str, certificate: &str) -> TlsConfig {
        let identity = TlsIdentity {
            key: folder.path().join("key.pem"),
            certificate: folder.path().join("cert.pem"),
        };
        fs::write(&identity.key, key).unwrap();
        fs::write(&identity.certificate, certificate).unwrap();
        TlsConfig {
            identity: Some(identity),
            trust: None,
        }
    }

    fn fault(config: &TlsConfig, folder: &TempDir) -> String {
        let error = load(config).unwrap_err().to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn files_that_are_of_no_use_are_named_with_the_reason() {
        let (folder, one, other) = (TempDir::new().unwrap(), made(), made());
        let (key, certificate) = (one.key_pair.serialize_pem(), one.cert.pem());
        load(&files(&folder, &key, &certificate)).unwrap();
        let fault = |key: &str, certificate: &str| fault(&files(&folder, key, certificate), &folder);
        let no_key = "key.pem: holds no private key in the format PEM that is not encrypted";
        assert_eq!(fault("", &certificate), no_key);
        assert_eq!(fault(&certificate, &certificate), no_key);
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(fault(encrypted, &certificate), no_key);
        let no_sense = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(fault(no_sense, &certificate), no_key);
        let no_certificate = "cert.pem: holds no sound certificate in the format PEM";
        assert_eq!(fault(&key, ""), no_certificate);
        assert_eq!(fault(&key, &key), no_certificate);
        let mixed = fault(&key, &other.cert.pem());
        assert!(mixed.starts_with("cert.pem: tls error: "), "{mixed}");
        assert_eq!(
            fault(&key, &"x".repeat(MAX_TLS_FILE + 1)),
            "cert.pem: has more than 262144 bytes"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let (folder, one) = (TempDir::new().unwrap(), made());
        let config = files(&folder, &one.key_pair.serialize_pem(), &one.cert.pem());
        fs::remove_file(folder.path().join("cert.pem")).unwrap();
        assert_eq!(
            fault(&config, &folder),
            "cert.pem: No such file or directory (os error 2)"
        );
    }
}
