//! Certificates of an authority that exists for one test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, IsCa, KeyPair};
use waku_plugin::TlsIdentity;

/// An authority, and its certificate as a file.
pub(crate) struct Authority {
    own: CertifiedKey,
    pub(crate) file: PathBuf,
}

impl Authority {
    /// Made anew, with the file `NAME.pem` in a folder.
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key_pair = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key_pair).unwrap();
        let file = folder.join(format!("{name}.pem"));
        fs::write(&file, cert.pem()).unwrap();
        Self {
            own: CertifiedKey { cert, key_pair },
            file,
        }
    }

    /// Writes a certificate for localhost and its key where the node looks for them.
    pub(crate) fn certify(&self, files: &TlsIdentity) {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let params = CertificateParams::new(names).unwrap();
        let key = KeyPair::generate().unwrap();
        let cert = params
            .signed_by(&key, &self.own.cert, &self.own.key_pair)
            .unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        fs::write(&files.certificate, cert.pem()).unwrap();
    }
}

/// Where a node looks for its certificate.
pub(crate) fn files(folder: &Path) -> TlsIdentity {
    TlsIdentity {
        key: folder.join("key.pem"),
        certificate: folder.join("cert.pem"),
    }
}
