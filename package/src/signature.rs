//! Signatures over digests.

use crate::manifest::json_line;
use crate::place::SIGNATURE;
use crate::{Digest, PackageError, PublicKey};
use backplane_descriptor::hex_text;
use serde::{Deserialize, Serialize};

/// A signature of Ed25519, and the key that tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// By whom.
    pub key: PublicKey,
    signature: Bytes,
}

/// A signature without its key; as text 128 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Bytes([u8; 64]);

hex_text!(Bytes);

/// What is signed. A signature for one purpose is none for another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Package,
    Index,
}

impl Purpose {
    /// The bytes that are signed.
    pub(crate) fn message(self, digest: &Digest) -> Vec<u8> {
        let purpose: &[u8] = match self {
            Self::Package => b"backplane package 1\0",
            Self::Index => b"backplane index 1\0",
        };
        [purpose, &digest.0].concat()
    }
}

impl Signature {
    pub(crate) const fn new(key: PublicKey, signature: [u8; 64]) -> Self {
        let signature = Bytes(signature);
        Self { key, signature }
    }

    /// Whether it is one of `digest` for `purpose` by its key.
    pub(crate) fn fits(&self, purpose: Purpose, digest: &Digest) -> bool {
        self.key.verifies(&purpose.message(digest), &self.signature.0)
    }

    /// The entry of a package with it.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        json_line(self)
    }

    /// Reads it from the one form that it has.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, PackageError> {
        let signature: Self = serde_json::from_slice(json).map_err(|source| PackageError::Json {
            entry: SIGNATURE,
            source,
        })?;
        match signature.to_json() == json {
            true => Ok(signature),
            false => Err(PackageError::NotCanonical { what: SIGNATURE }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;

    #[test]
    fn a_signature_is_for_one_digest_one_purpose_and_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = |name| SecretKey::create(&folder.path().join(name)).unwrap();
        let (own, other) = (key("own"), key("other"));
        let digest = Digest::of(b"a");
        let signature = own.sign(Purpose::Package, &digest);
        assert!(signature.fits(Purpose::Package, &digest));
        assert!(!signature.fits(Purpose::Index, &digest));
        assert!(!signature.fits(Purpose::Package, &Digest::of(b"b")));
        let forged = Signature::new(other.public(), signature.signature.0);
        assert!(!forged.fits(Purpose::Package, &digest));
        assert_eq!(
            signature,
            own.sign(Purpose::Package, &digest),
            "it is the same each time"
        );
    }

    #[test]
    fn a_weak_key_signs_nothing() {
        // The neutral element of the curve: with it, one signature would fit any message.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let key = hex::encode(neutral).parse().unwrap();
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!Signature::new(key, signature).fits(Purpose::Package, &Digest::of(b"a")));
    }

    #[test]
    fn it_has_one_form_as_text() {
        let folder = tempfile::tempdir().unwrap();
        let key = SecretKey::create(&folder.path().join("key")).unwrap();
        let signature = key.sign(Purpose::Index, &Digest::of(b"a"));
        let json = signature.to_json();
        assert_eq!(Signature::parse(&json).unwrap(), signature);
        let spaced = [b" ", &*json].concat();
        assert!(matches!(
            Signature::parse(&spaced),
            Err(PackageError::NotCanonical { .. })
        ));
        let upper = String::from_utf8(json)
            .unwrap()
            .replace("\"signature\":\"", "\"signature\":\"A");
        assert!(matches!(
            Signature::parse(upper.as_bytes()),
            Err(PackageError::Json { .. })
        ));
    }
}
