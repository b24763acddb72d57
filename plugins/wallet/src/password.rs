//! Passwords that are wiped after use.

use crate::limits::{self, LimitExceeded, MAX_PASSWORD_BYTES};
use alloy_primitives::keccak256;
use std::fmt;
use zeroize::Zeroizing;

/// A password, wiped when dropped and never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes over a password of at most [`MAX_PASSWORD_BYTES`]; an empty one is legal, because
    /// foreign key files have such.
    ///
    /// # Errors
    /// [`LimitExceeded`] when it is longer.
    pub fn new(text: impl Into<String>) -> Result<Self, LimitExceeded> {
        let text = Zeroizing::new(text.into());
        limits::check("password", text.len(), MAX_PASSWORD_BYTES, "bytes")?;
        Ok(Self(text))
    }

    /// The form in which Status' clients hand a password to their backend:
    /// `0x` and the lower-case hex Keccak-256 of its UTF-8 bytes.
    #[must_use]
    pub fn client_hash(&self) -> Self {
        let digest = Zeroizing::new(keccak256(self.0.as_bytes()).0);
        let hex = Zeroizing::new(hex::encode(digest.as_slice()));
        let mut text = Zeroizing::new(String::with_capacity(2 + hex.len()));
        text.push_str("0x");
        text.push_str(&hex);
        Self(text)
    }

    /// Number of characters.
    pub(crate) fn chars(&self) -> usize {
        self.0.chars().count()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_hash_equals_the_one_of_status() {
        let hashed = Password::new("password").unwrap().client_hash();
        assert_eq!(
            hashed.as_bytes(),
            b"0xb68fe43f0d1a0d7aef123722670be50268e15365401c442f8806ef83b612976b"
        );
    }

    #[test]
    fn too_long_names_field_and_limit() {
        let error = Password::new("x".repeat(MAX_PASSWORD_BYTES + 1)).unwrap_err();
        assert_eq!(error.to_string(), "password exceeds the limit of 1024 bytes");
    }

    #[test]
    fn debug_hides_the_text() {
        assert_eq!(
            format!("{:?}", Password::new("opensesame").unwrap()),
            "Password(hidden)"
        );
    }
}
