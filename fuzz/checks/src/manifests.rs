//! Manifests of files: what can be decoded is a file that can be, and is found again in its own bytes.

use storage_content::Manifest;

/// Decodes `bytes` as the manifest of a file.
pub fn manifest_decoding(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::decode(bytes) {
        assert!(manifest.shape.blocks() > 0, "a file has a block");
        assert_eq!(Manifest::decode(&manifest.encode()), Ok(manifest));
    }
}
