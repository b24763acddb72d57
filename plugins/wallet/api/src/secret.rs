//! Text that is wiped after use and never shown.

use backplane_sdk::record;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// A password, a mnemonic, a private key or an encrypted key file: travels as text, is wiped from memory when
/// dropped, and its `Debug` text does not show it.
#[record]
#[derive(Clone, Default)]
pub struct Secret(String);

impl Secret {
    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Hands the text over without a copy; it is wiped when the result is dropped.
    #[must_use]
    pub fn take(mut self) -> Zeroizing<String> {
        Zeroizing::new(std::mem::take(&mut self.0))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_sdk::Value;

    #[test]
    fn it_travels_as_plain_text_and_is_not_shown() {
        let secret = Secret::from("opensesame");
        let (mut bytes, mut text) = (Vec::new(), Vec::new());
        secret.encode(&mut bytes).unwrap();
        "opensesame".to_owned().encode(&mut text).unwrap();
        assert_eq!(bytes, text);
        assert_eq!(Secret::decode(&bytes).unwrap().expose(), "opensesame");
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
        assert_eq!(format!("{:#?}", Some(&secret)), "Some(\n    Secret(hidden),\n)");
        assert_eq!(*secret.take(), "opensesame");
    }
}
