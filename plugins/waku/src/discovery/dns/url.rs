//! Where a tree is, and whose.

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use k256::ecdsa::VerifyingKey;

const PREFIX: &str = "enrtree://";
/// Longest name in DNS.
const MAX_DOMAIN: usize = 253;

/// The place of a tree and the key that signs its root: `enrtree://KEY@DOMAIN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeUrl {
    pub(crate) key: VerifyingKey,
    pub(super) domain: String,
}

/// Why a text names no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeUrlError {
    /// Not of the form.
    #[error("is not of the form enrtree://KEY@DOMAIN")]
    Form,
    /// The key is no compressed secp256k1 key in base32.
    #[error("has a key that is not a compressed secp256k1 key in base32")]
    Key,
    /// The domain is empty or longer than names in DNS are.
    #[error("has a domain that is empty or longer than {MAX_DOMAIN} characters")]
    Domain,
}

impl FromStr for TreeUrl {
    type Err = TreeUrlError;

    fn from_str(text: &str) -> Result<Self, TreeUrlError> {
        let rest = text.strip_prefix(PREFIX).ok_or(TreeUrlError::Form)?;
        let (key, domain) = rest.split_once('@').ok_or(TreeUrlError::Form)?;
        let bytes = BASE32_NOPAD
            .decode(key.as_bytes())
            .map_err(|_| TreeUrlError::Key)?;
        let bytes: [u8; 33] = bytes.try_into().map_err(|_| TreeUrlError::Key)?;
        if domain.is_empty() || domain.len() > MAX_DOMAIN {
            return Err(TreeUrlError::Domain);
        }
        Ok(Self {
            key: VerifyingKey::from_sec1_bytes(&bytes).map_err(|_| TreeUrlError::Key)?,
            domain: domain.to_owned(),
        })
    }
}

impl fmt::Display for TreeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE32_NOPAD.encode(&self.key.to_sec1_bytes());
        write!(f, "{PREFIX}{key}@{}", self.domain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SANDBOX: &str =
        "enrtree://AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O@sandbox.waku.nodes.status.im";

    #[test]
    fn a_deployed_tree_is_named_and_faults_are_told() {
        let url: TreeUrl = SANDBOX.parse().unwrap();
        assert_eq!(url.domain, "sandbox.waku.nodes.status.im");
        assert_eq!(url.to_string(), SANDBOX);
        let error = |text: &str| text.parse::<TreeUrl>().unwrap_err();
        assert_eq!(error("https://example.org"), TreeUrlError::Form);
        assert_eq!(error("enrtree://example.org"), TreeUrlError::Form);
        assert_eq!(error("enrtree://AIRVQ@example.org"), TreeUrlError::Key);
        assert_eq!(
            error(&SANDBOX[..SANDBOX.find('@').unwrap() + 1]),
            TreeUrlError::Domain
        );
    }

    proptest! {
        #[test]
        fn random_texts_never_panic(text in "(enrtree://)?.{0,60}@?.{0,5}") {
            let _ = text.parse::<TreeUrl>();
        }
    }
}
