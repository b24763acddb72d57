//! Addresses (EIP-55) and key identifiers.

pub use alloy_primitives::Address;

use k256::ecdsa::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Why a text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hex digits.
    #[error("address is not 0x followed by 40 hex digits")]
    Format,
    /// Mixed case that is not the EIP-55 checksum: most likely a typing error.
    #[error("address has a wrong EIP-55 checksum")]
    Checksum,
}

/// Reads an address. Text in one case is taken as it is; mixed case must carry the right checksum.
///
/// # Errors
/// [`AddressError`] when format or checksum are wrong.
pub fn parse_address(text: &str) -> Result<Address, AddressError> {
    let digits = text.strip_prefix("0x").ok_or(AddressError::Format)?;
    let mut raw = [0u8; 20];
    hex::decode_to_slice(digits, &mut raw).map_err(|_| AddressError::Format)?;
    let address = Address::from(raw);
    let one_case =
        !digits.bytes().any(|b| b.is_ascii_uppercase()) || !digits.bytes().any(|b| b.is_ascii_lowercase());
    if !one_case && address.to_checksum(None) != text {
        return Err(AddressError::Checksum);
    }
    Ok(address)
}

/// The 65 byte uncompressed form of a public key, `0x04` first.
pub(crate) fn uncompressed(key: &VerifyingKey) -> [u8; 65] {
    let point = key.to_encoded_point(false);
    let mut out = [0u8; 65];
    out.copy_from_slice(point.as_bytes());
    out
}

/// Status' name for a keypair: SHA-256 of the uncompressed public key, of the master key for
/// mnemonics and of the key itself for imported ones.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyUid([u8; 32]);

impl KeyUid {
    pub(crate) fn of(public_key: &[u8; 65]) -> Self {
        Self(Sha256::digest(public_key).into())
    }

    /// Takes the 32 bytes of the hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

/// A text is not `0x` and 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("keyUid is not 0x followed by 64 lower-case hex digits")]
pub struct KeyUidError;

impl FromStr for KeyUid {
    type Err = KeyUidError;

    /// Accepts the lower-case form only: the text is also a folder's name, and a keypair must not
    /// have two of them.
    fn from_str(text: &str) -> Result<Self, KeyUidError> {
        let digits = text.strip_prefix("0x").ok_or(KeyUidError)?;
        if digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(KeyUidError);
        }
        let mut raw = [0u8; 32];
        hex::decode_to_slice(digits, &mut raw).map_err(|_| KeyUidError)?;
        Ok(Self(raw))
    }
}

impl TryFrom<String> for KeyUid {
    type Error = KeyUidError;

    fn try_from(text: String) -> Result<Self, KeyUidError> {
        text.parse()
    }
}

impl From<KeyUid> for String {
    fn from(uid: KeyUid) -> Self {
        uid.to_string()
    }
}

impl fmt::Display for KeyUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for KeyUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An uncompressed public key, `0x04` first.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey([u8; 65]);

/// A text is not `0x04` and 128 further hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("public key is not 0x04 followed by 128 hex digits")]
pub struct PublicKeyError;

impl PublicKey {
    pub(crate) const fn new(bytes: [u8; 65]) -> Self {
        Self(bytes)
    }

    /// The 65 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 65] {
        self.0
    }
}

impl TryFrom<String> for PublicKey {
    type Error = PublicKeyError;

    fn try_from(text: String) -> Result<Self, PublicKeyError> {
        let mut bytes = [0u8; 65];
        let digits = text.strip_prefix("0x").ok_or(PublicKeyError)?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| PublicKeyError)?;
        if bytes[0] == 0x04 {
            Ok(Self(bytes))
        } else {
            Err(PublicKeyError)
        }
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // EIP-55, "Test Cases".
    const MIXED: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

    #[test]
    fn one_case_and_right_checksum_are_read() {
        let address = parse_address(MIXED).unwrap();
        assert_eq!(address.to_checksum(None), MIXED);
        assert_eq!(parse_address(&MIXED.to_lowercase()).unwrap(), address);
    }

    #[test]
    fn a_typing_error_is_noticed() {
        assert_eq!(
            parse_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed"),
            Err(AddressError::Checksum)
        );
        assert_eq!(parse_address("0x5aAe"), Err(AddressError::Format));
        assert_eq!(parse_address(&MIXED[2..]), Err(AddressError::Format));
    }

    #[test]
    fn a_key_uid_cannot_walk_out_of_the_folder() {
        for text in ["../x", "0x..", "", "0xAB", &format!("0x{}", "AB".repeat(32))] {
            assert_eq!(text.parse::<KeyUid>(), Err(KeyUidError), "{text}");
        }
    }
}
