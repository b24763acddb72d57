//! Content identifiers of Logos Storage: CIDv1 over SHA-256, with a codec of its own for each kind of content.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
pub type Digest = [u8; 32];

/// Bytes of a CID.
const CID_BYTES: usize = 38;
/// A CID in base58btc has about 52 characters; nothing much longer is decoded.
const MAX_TEXT: usize = 64;
/// Version 1.
const VERSION: u8 = 0x01;
/// SHA-256, with 32 bytes.
const HASH: [u8; 2] = [0x12, 0x20];

/// What a CID stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A manifest: a file with its name and type.
    Manifest,
    /// A block.
    Block,
    /// The root of a Merkle tree over blocks: the bytes of a file.
    Tree,
}

impl Kind {
    /// The number of the multicodec.
    pub const fn codec(self) -> u16 {
        match self {
            Self::Manifest => 0xCD01,
            Self::Block => 0xCD02,
            Self::Tree => 0xCD03,
        }
    }

    const fn last(self) -> u8 {
        // The codec as a varint of three bytes begins alike for all of them.
        0x80 | (self.codec() & 0x7f) as u8
    }
}

/// A content identifier. As text it is multibase base58btc: `zDv…` for a manifest, `zDx…` for a block, `zDz…` for a tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cid {
    /// What it stands for.
    pub kind: Kind,
    /// The digest of it.
    pub digest: Digest,
}

/// The text or the bytes are no content identifier of Logos Storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a CIDv1 of Logos Storage (SHA-256, codec 0xcd01 to 0xcd03) in base58btc")]
pub struct NotACid;

impl Cid {
    /// The identifier of a manifest that has this digest.
    pub const fn manifest(digest: Digest) -> Self {
        Self {
            kind: Kind::Manifest,
            digest,
        }
    }

    /// The identifier of a tree that has this root.
    pub const fn tree(digest: Digest) -> Self {
        Self {
            kind: Kind::Tree,
            digest,
        }
    }

    /// Its binary form.
    pub fn to_bytes(self) -> [u8; CID_BYTES] {
        let mut bytes = [0; CID_BYTES];
        bytes[..4].copy_from_slice(&[VERSION, self.kind.last(), 0x9a, 0x03]);
        bytes[4..6].copy_from_slice(&HASH);
        bytes[6..].copy_from_slice(&self.digest);
        bytes
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// [`NotACid`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotACid> {
        let (head, digest) = bytes.split_at_checked(6).ok_or(NotACid)?;
        let digest = digest.try_into().map_err(|_| NotACid)?;
        [Kind::Manifest, Kind::Block, Kind::Tree]
            .into_iter()
            .map(|kind| Self { kind, digest })
            .find(|cid| cid.to_bytes()[..6] == *head)
            .ok_or(NotACid)
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "z{}", bs58::encode(self.to_bytes()).into_string())
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cid {
    type Err = NotACid;

    fn from_str(text: &str) -> Result<Self, NotACid> {
        let digits = text.strip_prefix('z').filter(|_| text.len() <= MAX_TEXT);
        let bytes = bs58::decode(digits.ok_or(NotACid)?).into_vec();
        Self::from_bytes(&bytes.map_err(|_| NotACid)?)
    }
}

/// The digest of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_kinds_begin_as_upstream_says() {
        for (kind, head, text) in [
            (Kind::Manifest, "01819a031220", "zDv"),
            (Kind::Block, "01829a031220", "zDx"),
            (Kind::Tree, "01839a031220", "zDz"),
        ] {
            let cid = Cid {
                kind,
                digest: [0x5a; 32],
            };
            assert_eq!(hex::encode(&cid.to_bytes()[..6]), head);
            assert_eq!(&cid.to_string()[..3], text);
        }
    }

    proptest! {
        #[test]
        fn every_cid_comes_back_from_its_text(digest: Digest, kind in 0usize..3) {
            let kind = [Kind::Manifest, Kind::Block, Kind::Tree][kind];
            let cid = Cid { kind, digest };
            prop_assert_eq!(cid.to_string().parse(), Ok(cid));
            prop_assert_eq!(Cid::from_bytes(&cid.to_bytes()), Ok(cid));
        }

        #[test]
        fn other_text_and_other_bytes_are_refused(text in "\\PC{0,80}", bytes: Vec<u8>) {
            if let Ok(cid) = text.parse::<Cid>() {
                prop_assert_eq!(cid.to_string(), text);
            }
            if let Ok(cid) = Cid::from_bytes(&bytes) {
                prop_assert_eq!(&cid.to_bytes()[..], &bytes[..]);
            }
        }
    }
}
