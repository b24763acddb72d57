//! The index of a registry: what there is, whose it is, and how new that is.

use crate::manifest::json_line;
use crate::signature::Purpose;
use crate::{Digest, EXTENSION, Manifest, PackageError, PublicKey, SecretKey, Signature, limits};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The format that this crate reads and writes.
const FORMAT: u32 = 1;

/// What a registry has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The format of the index.
    pub format: u32,
    /// Grows with each change.
    pub serial: u32,
    /// Whose each name is: the key that published it first.
    pub owners: BTreeMap<String, PublicKey>,
    /// The packages, in the order of their names and versions.
    pub packages: Vec<Listed>,
}

/// A package in an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// The size of the file, in bytes.
    pub size: u64,
    /// The hash of the file.
    pub sha256: Digest,
    /// What the package says of itself.
    pub manifest: Manifest,
}

/// An index with a signature that fits. Whether the key is one to believe is another question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedIndex {
    index: Index,
    signature: Signature,
}

/// Why an index is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// It is not the JSON that it should be.
    #[error("the index is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of a format of the future.
    #[error("the index has format {found}, this program knows {known}: use a newer one")]
    Format {
        /// Which it has.
        found: u32,
        /// Which is known.
        known: u32,
    },
    /// It is not written in the one form that an index has.
    #[error("the index is not in the one form that it has: publish with `backplane publish`")]
    NotCanonical,
    /// It lists too much.
    #[error("the index lists {count} packages, at most {limit} are allowed")]
    TooMany {
        /// How many.
        count: usize,
        /// The limit: [`LISTED`](limits::LISTED).
        limit: usize,
    },
    /// A package in it breaks a rule.
    #[error("the index lists {name:?}: {source}")]
    Package {
        /// Which package.
        name: String,
        /// Which rule.
        source: Box<PackageError>,
    },
    /// A package is not in its order, there twice, too large, or nobody's.
    #[error("the index lists {name}: {problem}")]
    Listed {
        /// Which package.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The signature does not fit.
    #[error("the signature of the index by the key {key} does not fit: it was changed after it was signed")]
    Signature {
        /// Which key.
        key: PublicKey,
    },
}

impl Listed {
    /// The name of the file: `NAME-VERSION.bpkg`.
    pub fn file(&self) -> String {
        format!("{}.{EXTENSION}", self.title())
    }

    /// By what packages are ordered.
    fn key(&self) -> (&str, &Version) {
        (&self.manifest.name, &self.manifest.version)
    }

    /// `NAME-VERSION`.
    fn title(&self) -> String {
        format!("{}-{}", self.manifest.name, self.manifest.version)
    }
}

impl Index {
    /// An index without anything.
    pub(crate) fn empty() -> Self {
        Self {
            format: FORMAT,
            serial: 0,
            owners: BTreeMap::new(),
            packages: Vec::new(),
        }
    }

    /// The versions of the package `name`, the lowest first.
    pub fn versions<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Listed> + use<'a, 'n> {
        self.packages.iter().filter(move |it| it.manifest.name == name)
    }

    pub(crate) fn insert(&mut self, listed: Listed) {
        let at = self.packages.partition_point(|it| it.key() < listed.key());
        self.packages.insert(at, listed);
    }

    fn digest(&self) -> Digest {
        Digest::of(&json_line(self))
    }

    pub(crate) fn sign(self, key: &SecretKey) -> SignedIndex {
        let signature = key.sign(Purpose::Index, &self.digest());
        SignedIndex {
            index: self,
            signature,
        }
    }

    pub(crate) fn check(&self) -> Result<(), IndexError> {
        if self.format != FORMAT {
            let (found, known) = (self.format, FORMAT);
            return Err(IndexError::Format { found, known });
        }
        if self.packages.len() > limits::LISTED {
            let (count, limit) = (self.packages.len(), limits::LISTED);
            return Err(IndexError::TooMany { count, limit });
        }
        let mut files = BTreeSet::new();
        for (index, listed) in self.packages.iter().enumerate() {
            let fail = |problem| {
                let name = listed.title();
                Err(IndexError::Listed { name, problem })
            };
            listed.manifest.check().map_err(|source| IndexError::Package {
                name: listed.manifest.name.clone(),
                source: source.into(),
            })?;
            if index > 0 && self.packages[index - 1].key() >= listed.key() {
                return fail("it is not in its order");
            }
            if !files.insert(listed.file().to_ascii_lowercase()) {
                return fail("two versions have one file");
            }
            if listed.size > limits::PACKAGE {
                return fail("it is too large");
            }
            if !self.owners.contains_key(&listed.manifest.name) {
                return fail("it is nobody's");
            }
        }
        Ok(())
    }
}

impl SignedIndex {
    /// Reads the file of an index.
    ///
    /// # Errors
    /// [`IndexError`].
    pub fn parse(json: &[u8]) -> Result<Self, IndexError> {
        let signed: Self = serde_json::from_slice(json)?;
        signed.index.check()?;
        if signed.to_json() != json {
            return Err(IndexError::NotCanonical);
        }
        match signed.signature.fits(Purpose::Index, &signed.index.digest()) {
            true => Ok(signed),
            false => Err(IndexError::Signature { key: signed.signer() }),
        }
    }

    /// What there is.
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// Who says so.
    pub const fn signer(&self) -> PublicKey {
        self.signature.key
    }

    /// What is signed.
    pub fn digest(&self) -> Digest {
        self.index.digest()
    }

    pub(crate) fn into_index(self) -> Index {
        self.index
    }

    /// The file of the index: JSON without spaces, and a line feed.
    pub fn to_json(&self) -> Vec<u8> {
        json_line(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::tests::{hello, key};

    fn listed(version: &str) -> Listed {
        let manifest = hello(version).manifest().clone();
        Listed {
            size: 1,
            sha256: Digest::of(b""),
            manifest,
        }
    }

    fn index(versions: &[&str]) -> Index {
        let mut index = Index::empty();
        index.owners.insert("hello".to_owned(), key().public());
        index.packages = versions.iter().map(|version| listed(version)).collect();
        index
    }

    #[test]
    fn an_index_is_read_as_it_was_signed() {
        let signed = index(&["1.0.0", "1.10.0"]).sign(&key());
        let again = SignedIndex::parse(&signed.to_json()).unwrap();
        assert_eq!(again, signed);
        assert_eq!(again.index().versions("hello").count(), 2);
        assert_eq!(again.index().packages[1].file(), "hello-1.10.0.bpkg");
    }

    #[test]
    fn a_changed_index_is_refused() {
        let signed = index(&["1.0.0"]).sign(&key());
        let text = String::from_utf8(signed.to_json()).unwrap();
        let refused = |text: &str| SignedIndex::parse(text.as_bytes()).unwrap_err();
        let later = refused(&text.replace("\"serial\":0", "\"serial\":9"));
        assert!(matches!(later, IndexError::Signature { key } if key == signed.signer()));
        assert!(matches!(refused(&format!(" {text}")), IndexError::NotCanonical));
        assert!(matches!(refused(&text[1..]), IndexError::Json(_)));
        assert!(matches!(
            refused(&text.replace("hello", "../up")),
            IndexError::Package { .. }
        ));
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        let refused = |index: Index| index.check().unwrap_err().to_string();
        assert_eq!(
            refused(index(&["1.10.0", "1.9.0"])),
            "the index lists hello-1.9.0: it is not in its order"
        );
        assert_eq!(
            refused(index(&["1.0.0", "1.0.0"])),
            "the index lists hello-1.0.0: it is not in its order"
        );
        assert_eq!(
            refused(index(&["1.0.0-A", "1.0.0-a"])),
            "the index lists hello-1.0.0-a: two versions have one file"
        );
        let mut large = index(&["1.0.0"]);
        large.packages[0].size = limits::PACKAGE + 1;
        assert_eq!(refused(large), "the index lists hello-1.0.0: it is too large");
        let mut nobodys = index(&["1.0.0"]);
        nobodys.owners.clear();
        assert_eq!(refused(nobodys), "the index lists hello-1.0.0: it is nobody's");
        let mut future = index(&[]);
        future.format = 2;
        assert_eq!(
            refused(future),
            "the index has format 2, this program knows 1: use a newer one"
        );
    }
}
