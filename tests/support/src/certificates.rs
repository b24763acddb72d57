//! Certificates of an authority that exists for one test.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, KeyPair};

/// An authority, and its certificate as a file.
pub struct Authority {
    own: CertifiedKey,
    file: PathBuf,
}

impl Authority {
    /// Made anew, with the file `NAME.pem` in a folder.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key_pair = KeyPair::generate().expect("a key");
        let cert = params.self_signed(&key_pair).expect("a certificate");
        let file = folder.join(format!("{name}.pem"));
        fs::write(&file, cert.pem()).expect("the folder can be written");
        Self {
            own: CertifiedKey { cert, key_pair },
            file,
        }
    }

    /// The PEM file of its certificate.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Writes a certificate for names or addresses of a host to the PEM file `certificate`, and its key to `key`.
    ///
    /// # Panics
    /// When a name is none, or a file cannot be written.
    pub fn certify(&self, names: &[&str], key: &Path, certificate: &Path) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let params = CertificateParams::new(names).expect("names");
        let own = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&own, &self.own.cert, &self.own.key_pair);
        let cert = cert.expect("a certificate");
        fs::write(key, own.serialize_pem()).expect("the key can be written");
        fs::write(certificate, cert.pem()).expect("the certificate can be written");
    }
}
