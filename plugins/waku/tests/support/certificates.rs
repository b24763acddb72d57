//! Certificates for nodes of the tests.

use std::path::Path;

use backplane_test_support::certificates::Authority;
use waku_plugin::TlsIdentity;

/// Writes a certificate for localhost and its key where the node looks for them.
pub(crate) fn certify(authority: &Authority, files: &TlsIdentity) {
    authority.certify(&["localhost", "127.0.0.1"], &files.key, &files.certificate);
}

/// Where a node looks for its certificate.
pub(crate) fn files(folder: &Path) -> TlsIdentity {
    TlsIdentity {
        key: folder.join("key.pem"),
        certificate: folder.join("cert.pem"),
    }
}
