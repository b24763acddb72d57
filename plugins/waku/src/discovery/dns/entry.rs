//! The records of a tree.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use k256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
use sha3::{Digest, Keccak256};

use super::TreeUrl;
use crate::NodeRecord;

const ROOT: &str = "enrtree-root:v1 ";
const BRANCH: &str = "enrtree-branch:";
const LINK: &str = "enrtree://";
const RECORD: &str = "enr:";
/// Lengths of a hash in a name, in bytes.
const HASH_BYTES: std::ops::RangeInclusive<usize> = 12..=32;
const SIGNATURE: usize = 64;

/// Why a record of a tree is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TreeError {
    /// It is none, or malformed.
    #[error("it is malformed")]
    Malformed,
    /// The root is not signed by the key of the tree.
    #[error("its signature is not that of the tree's key")]
    Signature,
    /// The text does not match the hash in its name.
    #[error("it does not match its name")]
    Hash,
}

/// The signed root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    /// The name of the branch of nodes.
    pub(super) nodes: Hash,
    /// The name of the branch of links.
    pub(super) links: Hash,
    pub(super) seq: u64,
}

impl Root {
    pub(crate) fn parse(text: &str, key: &VerifyingKey) -> Result<Self, TreeError> {
        let (signed, signature) = text.rsplit_once(" sig=").ok_or(TreeError::Malformed)?;
        let rest = signed.strip_prefix(ROOT).ok_or(TreeError::Malformed)?;
        let mut fields = rest.split(' ');
        let mut field = |name: &str| fields.next()?.strip_prefix(name);
        let root = (|| {
            Some(Self {
                nodes: Hash::parse(field("e=")?)?,
                links: Hash::parse(field("l=")?)?,
                seq: field("seq=")?.parse().ok()?,
            })
        })();
        let root = root.ok_or(TreeError::Malformed)?;
        verify(signed, signature, key).ok_or(TreeError::Signature)?;
        Ok(root)
    }
}

/// `None` if the signature is none, or of another key. The last of its 65 bytes, by which the key could be found, is
/// not needed.
fn verify(text: &str, signature: &str, key: &VerifyingKey) -> Option<()> {
    let bytes = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
    let signature =
        Signature::from_slice(bytes.get(..SIGNATURE).filter(|_| bytes.len() == SIGNATURE + 1)?).ok()?;
    key.verify_prehash(&keccak(text), &signature).ok()
}

/// What stands at a name below the root.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    Branch(Vec<Hash>),
    Node(Box<NodeRecord>),
    Link(Box<TreeUrl>),
}

impl Entry {
    /// Reads the text that stands at the name of this hash.
    pub(crate) fn parse(text: &str, name: &Hash) -> Result<Self, TreeError> {
        if !name.is_of(text) {
            return Err(TreeError::Hash);
        }
        let entry = if let Some(list) = text.strip_prefix(BRANCH) {
            let names = list.split(',').filter(|name| !name.is_empty());
            names.map(Hash::parse).collect::<Option<_>>().map(Self::Branch)
        } else if text.starts_with(RECORD) {
            text.parse().ok().map(|record| Self::Node(Box::new(record)))
        } else if text.starts_with(LINK) {
            text.parse().ok().map(|url| Self::Link(Box::new(url)))
        } else {
            None
        };
        entry.ok_or(TreeError::Malformed)
    }
}

impl fmt::Display for Entry {
    /// The text that stands in DNS.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(names) => {
                let labels: Vec<String> = names.iter().map(Hash::label).collect();
                write!(f, "{BRANCH}{}", labels.join(","))
            }
            Self::Node(record) => record.fmt(f),
            Self::Link(url) => url.fmt(f),
        }
    }
}

/// The beginning of the hash of a text, which is its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Hash(Vec<u8>);

impl Hash {
    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok()?;
        HASH_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// As the writers of trees make it: half of the whole.
    pub(crate) fn of(text: &str) -> Self {
        Self(keccak(text)[..16].to_vec())
    }

    fn is_of(&self, text: &str) -> bool {
        keccak(text).starts_with(&self.0)
    }

    /// The label in DNS.
    pub(super) fn label(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }
}

pub(super) fn keccak(text: &str) -> [u8; 32] {
    Keccak256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of EIP-1459, and the key that go-ethereum's tests have it signed by.
    const URL: &str = "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@nodes.example.org";
    const EXAMPLE: &str = "enrtree-root:v1 e=JWXYDBPXYWG6FX3GMDIBFA6CJ4 l=C7HRFPF3BLGF3YR4DY5KX3SMBE seq=1 sig=o908WmNp7LibOfPsr4btQwatZJ5URBr2ZAuxvK4UWHlsB9sUOTJQaGAlLPVAhM__XJesCHxLISo94z5Z2a463gA";
    const ENTRIES: [(&str, &str); 3] = [
        (
            "C7HRFPF3BLGF3YR4DY5KX3SMBE",
            "enrtree://AM5FCQLWIZX2QFPNJAP7VUERCCRNGRHWZG3YYHIUV7BVDQ5FDPRT2@morenodes.example.org",
        ),
        (
            "JWXYDBPXYWG6FX3GMDIBFA6CJ4",
            "enrtree-branch:2XS2367YHAXJFGLZHVAWLQD4ZY,H4FHT4B454P6UXFD7JCYQ5PWDY,MHTDO6TMUBRIA2XWG5LUDACK24",
        ),
        (
            "2XS2367YHAXJFGLZHVAWLQD4ZY",
            "enr:-HW4QOFzoVLaFJnNhbgMoDXPnOvcdVuj7pDpqRvh6BRDO68aVi5ZcjB3vzQRZH2IcLBGHzo8uUN3snqmgTiE56CH3AMBgmlkgnY0iXNlY3AyNTZrMaECC2_24YYkYHEgdzxlSNKQEnHhuNAbNlMlWJxrJxbAFvA",
        ),
    ];

    fn key() -> VerifyingKey {
        URL.parse::<TreeUrl>().unwrap().key
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let root = Root::parse(EXAMPLE, &key()).unwrap();
        assert_eq!((root.nodes.label().as_str(), root.seq), (ENTRIES[1].0, 1));
        assert_eq!(root.links.label(), ENTRIES[0].0);
        let entry = |place: usize| {
            let (name, text) = ENTRIES[place];
            Entry::parse(text, &Hash::parse(name).unwrap()).unwrap()
        };
        assert!(matches!(entry(0), Entry::Link(url) if url.domain == "morenodes.example.org"));
        assert!(matches!(entry(1), Entry::Branch(names) if names.len() == 3));
        assert!(matches!(entry(2), Entry::Node(record) if record.to_string() == ENTRIES[2].1));
    }

    #[test]
    fn what_is_changed_or_signed_by_another_is_refused() {
        let changed = EXAMPLE.replace("seq=1", "seq=2");
        assert_eq!(Root::parse(&changed, &key()), Err(TreeError::Signature));
        let sandbox = "enrtree://AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O@x";
        let other = sandbox.parse::<TreeUrl>().unwrap().key;
        assert_eq!(Root::parse(EXAMPLE, &other), Err(TreeError::Signature));
        let cut = &EXAMPLE[..EXAMPLE.len() - 2];
        assert_eq!(Root::parse(cut, &key()), Err(TreeError::Signature));
        for malformed in ["", "enrtree-root:v1 sig=", "enrtree-root:v2 e=A l=B seq=1 sig=A"] {
            assert_eq!(
                Root::parse(malformed, &key()),
                Err(TreeError::Malformed),
                "{malformed}"
            );
        }
        let name = Hash::parse(ENTRIES[0].0).unwrap();
        assert_eq!(Entry::parse(ENTRIES[1].1, &name), Err(TreeError::Hash));
        let text = "v=spf1";
        assert_eq!(Entry::parse(text, &Hash::of(text)), Err(TreeError::Malformed));
        assert_eq!(Hash::parse("AAAA"), None, "too short to mean anything");
    }

    proptest! {
        #[test]
        fn random_texts_never_panic(text in "(enrtree-root:v1 |enrtree-branch:|enr:|enrtree://)?.{0,80}( sig=)?.{0,9}") {
            let _ = Root::parse(&text, &key());
            let _ = Entry::parse(&text, &Hash::of(&text));
        }
    }
}
