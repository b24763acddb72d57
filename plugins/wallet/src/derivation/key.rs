//! Private keys, with or without the chain code that lets them have children.

use super::path::Path;
use crate::address::{Address, KeyUid, uncompressed};
use bip32::{Prefix, XPrv, XPub};
use k256::ecdsa::SigningKey;
use std::fmt;
use zeroize::Zeroizing;

/// Why a key could not be read or derived. No variant carries key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DerivationError {
    /// A plain private key has no children.
    #[error("this key is a plain private key and cannot derive others")]
    PlainKey,
    /// The text is no base58check `xprv` of version 0488ADE4.
    #[error("extended key is not a valid xprv")]
    Xprv,
    /// The text is no base58check `xpub`.
    #[error("extended key is not a valid xpub")]
    Xpub,
    /// The bytes are no secp256k1 scalar: not 32 of them, zero, or not below the group order.
    #[error("private key is not a valid secp256k1 key of 32 bytes")]
    PrivateKey,
    /// The path leads to a key that does not exist, which happens once in 2^127 paths, or below
    /// level 255.
    #[error("no key exists at this derivation path")]
    NoSuchChild,
}

/// A private key; wiped when dropped and never printed.
pub struct ExtendedKey(Kind);

enum Kind {
    Node(XPrv),
    Plain(SigningKey),
}

impl ExtendedKey {
    /// The master key of a BIP-39 seed.
    ///
    /// # Errors
    /// [`DerivationError::NoSuchChild`] for one seed in 2^127.
    pub fn from_seed(seed: &[u8; 64]) -> Result<Self, DerivationError> {
        XPrv::new(seed)
            .map(|node| Self(Kind::Node(node)))
            .map_err(|_| DerivationError::NoSuchChild)
    }

    /// Reads a base58check `xprv` text.
    ///
    /// # Errors
    /// [`DerivationError::Xprv`].
    pub fn from_xprv(text: &str) -> Result<Self, DerivationError> {
        if !text.starts_with("xprv") {
            return Err(DerivationError::Xprv);
        }
        text.parse()
            .map(|node| Self(Kind::Node(node)))
            .map_err(|_| DerivationError::Xprv)
    }

    /// A key without children.
    ///
    /// # Errors
    /// [`DerivationError::PrivateKey`].
    pub fn from_private_key(bytes: &[u8]) -> Result<Self, DerivationError> {
        SigningKey::from_slice(bytes)
            .map(|key| Self(Kind::Plain(key)))
            .map_err(|_| DerivationError::PrivateKey)
    }

    /// A key without children from 64 hex digits, with or without `0x`.
    ///
    /// # Errors
    /// [`DerivationError::PrivateKey`].
    pub fn from_private_key_hex(text: &str) -> Result<Self, DerivationError> {
        let text = text.trim();
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), bytes.as_mut_slice())
            .map_err(|_| DerivationError::PrivateKey)?;
        Self::from_private_key(bytes.as_slice())
    }

    /// The key at `path` below this one.
    ///
    /// # Errors
    /// [`DerivationError::PlainKey`] when this key has no children and the path is not empty.
    pub fn derive(&self, path: &Path) -> Result<Self, DerivationError> {
        match &self.0 {
            Kind::Plain(key) if path.is_empty() => Ok(Self(Kind::Plain(key.clone()))),
            Kind::Plain(_) => Err(DerivationError::PlainKey),
            Kind::Node(node) => path
                .segments()
                .iter()
                .try_fold(node.clone(), |node, segment| node.derive_child(*segment))
                .map(|node| Self(Kind::Node(node)))
                .map_err(|_| DerivationError::NoSuchChild),
        }
    }

    /// The base58check form (111 bytes), if this key can have children.
    #[must_use]
    pub fn xprv(&self) -> Option<Zeroizing<String>> {
        match &self.0 {
            Kind::Node(node) => Some(node.to_string(Prefix::XPRV)),
            Kind::Plain(_) => None,
        }
    }

    /// The public form, if this key can have children.
    #[must_use]
    pub fn public_node(&self) -> Option<PublicNode> {
        match &self.0 {
            Kind::Node(node) => Some(PublicNode(node.public_key())),
            Kind::Plain(_) => None,
        }
    }

    /// The private scalar.
    #[must_use]
    pub fn private_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.signer().to_bytes().into())
    }

    /// The public key, 65 bytes with `0x04` first.
    #[must_use]
    pub fn public_key(&self) -> [u8; 65] {
        uncompressed(self.signer().verifying_key())
    }

    /// The Ethereum address.
    #[must_use]
    pub fn address(&self) -> Address {
        Address::from_raw_public_key(&self.public_key()[1..])
    }

    /// SHA-256 of the public key. Only for a master or an imported key is it a keypair's name.
    #[must_use]
    pub fn key_uid(&self) -> KeyUid {
        KeyUid::of(&self.public_key())
    }

    pub(crate) fn signer(&self) -> &SigningKey {
        match &self.0 {
            Kind::Node(node) => node.private_key(),
            Kind::Plain(key) => key,
        }
    }
}

impl fmt::Debug for ExtendedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtendedKey(hidden)")
    }
}

/// The public form of a key with children: shows addresses below it, signs nothing.
#[derive(Debug, Clone)]
pub struct PublicNode(XPub);

impl PublicNode {
    /// Reads a base58check `xpub` text.
    ///
    /// # Errors
    /// [`DerivationError::Xpub`].
    pub fn from_xpub(text: &str) -> Result<Self, DerivationError> {
        if !text.starts_with("xpub") {
            return Err(DerivationError::Xpub);
        }
        text.parse().map(Self).map_err(|_| DerivationError::Xpub)
    }

    /// The base58check form.
    #[must_use]
    pub fn xpub(&self) -> String {
        self.0.to_string(Prefix::XPUB)
    }

    /// The address at `path` below this node.
    ///
    /// # Errors
    /// [`DerivationError::NoSuchChild`], also for a hardened step, which needs the private key.
    pub fn address(&self, path: &Path) -> Result<Address, DerivationError> {
        let node = path
            .segments()
            .iter()
            .try_fold(self.0.clone(), |node, segment| node.derive_child(*segment))
            .map_err(|_| DerivationError::NoSuchChild)?;
        let public_key = uncompressed(node.public_key());
        Ok(Address::from_raw_public_key(&public_key[1..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "c3ad0b50652318f845565c13761e5369ce75dcbc2a94616e15b829d4b07410fe";

    #[test]
    fn a_plain_key_answers_for_itself_only() {
        let key = ExtendedKey::from_private_key_hex(KEY).unwrap();
        let same = key.derive(&"m".parse().unwrap()).unwrap();
        assert_eq!(
            same.address().to_checksum(None),
            "0x516312d69737c5e6ef16f22E0097ff5D9F0c4196"
        );
        assert_eq!(
            same.key_uid().to_string(),
            "0x057eb069b1a98bb330c7bcbbae040bc33c1a77123abda91dbda47e191072b0b1"
        );
        assert_eq!(
            key.derive(&"m/0".parse().unwrap()).unwrap_err(),
            DerivationError::PlainKey
        );
        assert!(key.xprv().is_none());
    }

    #[test]
    fn bad_keys_are_refused_without_an_echo() {
        for text in ["", "00", &"0".repeat(64), &"f".repeat(64), &KEY[1..]] {
            let error = ExtendedKey::from_private_key_hex(text).unwrap_err();
            assert_eq!(error, DerivationError::PrivateKey);
        }
        let zprv = "zprvAWgYBBk7JR8Gjrh4UJQ2uJdG1r3WNRRfURiABBE3RvMXYSrRJL62XuezvGdPvG6GFBZduosCc1YP5wixPox7zhZLfiUm8aunE96BBa4Kei5";
        assert_eq!(ExtendedKey::from_xprv(zprv).unwrap_err(), DerivationError::Xprv);
        assert!(!format!("{:?}", ExtendedKey::from_private_key_hex(KEY).unwrap()).contains("c3ad"));
    }
}
