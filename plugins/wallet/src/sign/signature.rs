//! The 65 byte form of a signature.

use super::SignError;
use k256::ecdsa::{RecoveryId, Signature as Ecdsa};
use std::fmt;
use std::str::FromStr;

/// `r` (32 bytes), `s` (32 bytes, in the lower half of the group order), `v` (27 or 28).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 65]);

impl Signature {
    pub(super) fn new(signature: &Ecdsa, recovery: RecoveryId) -> Self {
        let mut bytes = [0u8; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Self(bytes)
    }

    /// Reads 65 bytes; a `v` of 0 or 1 is taken as 27 or 28.
    ///
    /// # Errors
    /// [`SignError::Signature`] for another length or `v`, a zero or too large `r` or `s`, and for
    /// the mirrored `s` with which anybody could turn a signature into a second one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignError> {
        let mut bytes: [u8; 65] = bytes.try_into().map_err(|_| SignError::Signature)?;
        if bytes[64] < 27 {
            bytes[64] += 27;
        }
        let signature = Self(bytes);
        signature.parts()?;
        Ok(signature)
    }

    /// The bytes, with a `v` of 27 or 28.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 65] {
        self.0
    }

    pub(super) fn parts(&self) -> Result<(Ecdsa, RecoveryId), SignError> {
        let signature = Ecdsa::from_slice(&self.0[..64]).map_err(|_| SignError::Signature)?;
        let recovery = match self.0[64] {
            27 => RecoveryId::new(false, false),
            28 => RecoveryId::new(true, false),
            _ => return Err(SignError::Signature),
        };
        if signature.normalize_s().is_some() {
            return Err(SignError::Signature);
        }
        Ok((signature, recovery))
    }
}

impl FromStr for Signature {
    type Err = SignError;

    /// Reads `0x` and 130 hex digits.
    fn from_str(text: &str) -> Result<Self, SignError> {
        let mut bytes = [0u8; 65];
        let digits = text.strip_prefix("0x").ok_or(SignError::Signature)?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| SignError::Signature)?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
