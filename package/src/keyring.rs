//! Whom one believes: public keys with names, and what becomes of packages by others.

use crate::{FileError, KeyError, PublicKey, limits, write_whole};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How the files of a keyring end.
const ENDING: &str = ".pub";

/// The public keys in a folder, each in a file `NAME.pub`.
#[derive(Debug, Clone)]
pub struct Keyring {
    folder: PathBuf,
    keys: BTreeMap<String, PublicKey>,
}

/// What becomes of a package, or an index, that no key of the keyring has signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// It is taken.
    None,
    /// It is taken with a warning.
    Warn,
    /// It is refused.
    #[default]
    Require,
}

/// Who has signed something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// A key of the keyring.
    Known {
        /// The name that the keyring has for it.
        name: String,
        /// The key.
        key: PublicKey,
    },
    /// A key that is not in the keyring.
    Unknown {
        /// The key.
        key: PublicKey,
    },
    /// Nobody.
    Unsigned,
}

/// Why something is not believed, or a key not taken into a keyring.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A file of the keyring cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There are too many keys.
    #[error("the keyring {} has more than {limit} keys", .folder.display())]
    TooMany {
        /// The keyring.
        folder: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// The name of a key breaks its rule.
    #[error(
        "{name:?} cannot name a key: at most {} of a-z, 0-9, '.', '_' and '-', beginning with a letter",
        limits::KEY_NAME
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The name stands for another key.
    #[error("the keyring has another key called {name}: {key}")]
    Taken {
        /// The name.
        name: String,
        /// The key that it stands for.
        key: PublicKey,
    },
    /// The policy asks for a signature.
    #[error("{what} is not signed, and the policy is to require it")]
    Unsigned {
        /// The package or index.
        what: String,
    },
    /// The policy asks for a signature by a key of the keyring.
    #[error(
        "{what} is signed by the key {key}, which is not in the keyring: if you believe it, `backplane key trust NAME {key}`"
    )]
    Unknown {
        /// The package or index.
        what: String,
        /// The key.
        key: PublicKey,
    },
}

impl Keyring {
    /// Reads the keyring in `folder`; one that is not there has no keys.
    ///
    /// # Errors
    /// [`TrustError`]; a file that holds no key is one.
    pub fn open(folder: &Path) -> Result<Self, TrustError> {
        let mut keys = BTreeMap::new();
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            entries => Some(entries.map_err(FileError::io(folder)).map_err(KeyError::from)?),
        };
        for entry in entries.into_iter().flatten() {
            let path = entry
                .map_err(FileError::io(folder))
                .map_err(KeyError::from)?
                .path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let Some(name) = name.strip_suffix(ENDING).filter(|name| is_name(name)) else {
                continue;
            };
            if keys.len() == limits::KEYS {
                return Err(TrustError::TooMany {
                    folder: folder.to_owned(),
                    limit: limits::KEYS,
                });
            }
            keys.insert(name.to_owned(), PublicKey::read(&path)?);
        }
        let folder = folder.to_owned();
        Ok(Self { folder, keys })
    }

    /// Takes a key in, from now on and for later.
    ///
    /// # Errors
    /// [`TrustError`]: the name is wrong, or stands for another key.
    pub fn trust(&mut self, name: &str, key: PublicKey) -> Result<(), TrustError> {
        let name = name.to_owned();
        if !is_name(&name) {
            return Err(TrustError::Name { name });
        }
        match self.keys.get(&name) {
            Some(known) if *known == key => return Ok(()),
            Some(known) => return Err(TrustError::Taken { name, key: *known }),
            None => {}
        }
        fs::create_dir_all(&self.folder)
            .map_err(FileError::io(&self.folder))
            .map_err(KeyError::from)?;
        let path = self.folder.join(format!("{name}{ENDING}"));
        write_whole(&path, key.to_text().as_bytes()).map_err(KeyError::from)?;
        self.keys.insert(name, key);
        Ok(())
    }

    /// The keys by their names.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.keys.iter().map(|(name, key)| (name.as_str(), key))
    }

    /// What the keyring says of `signer`.
    pub fn trust_in(&self, signer: Option<PublicKey>) -> Trust {
        let Some(key) = signer else {
            return Trust::Unsigned;
        };
        match self.keys.iter().find(|(_, known)| **known == key) {
            Some((name, _)) => Trust::Known {
                name: name.clone(),
                key,
            },
            None => Trust::Unknown { key },
        }
    }
}

impl Policy {
    /// Whether `what` is taken, given who has signed it; with a warning, maybe.
    ///
    /// # Errors
    /// The policy is to require more.
    pub fn admit(self, trust: &Trust, what: &str) -> Result<Option<String>, TrustError> {
        let what = || what.to_owned();
        let refusal = match trust {
            Trust::Known { .. } => return Ok(None),
            Trust::Unknown { key } => TrustError::Unknown {
                what: what(),
                key: *key,
            },
            Trust::Unsigned => TrustError::Unsigned { what: what() },
        };
        match self {
            Self::Require => Err(refusal),
            Self::None => Ok(None),
            Self::Warn => Ok(Some(match trust {
                Trust::Unknown { key } => {
                    format!(
                        "{} is signed by the key {key}, which is not in the keyring",
                        what()
                    )
                }
                _ => format!("{} is not signed", what()),
            })),
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= limits::KEY_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::tests::key;

    #[test]
    fn a_keyring_knows_the_keys_that_it_has_taken_in() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("deep/keyring");
        let mut keyring = Keyring::open(&place).unwrap();
        let (ann, ben) = (key().public(), key().public());
        assert_eq!(keyring.trust_in(Some(ann)), Trust::Unknown { key: ann });
        keyring.trust("ann", ann).unwrap();
        keyring.trust("ann", ann).unwrap();
        assert!(matches!(
            keyring.trust("ann", ben),
            Err(TrustError::Taken { key, .. }) if key == ann
        ));
        for name in ["", "../ann", "Ann", ".ann", "1", &"a".repeat(65)] {
            assert!(
                matches!(keyring.trust(name, ben), Err(TrustError::Name { .. })),
                "{name}"
            );
        }
        let again = Keyring::open(&place).unwrap();
        let name = "ann".to_owned();
        assert_eq!(again.trust_in(Some(ann)), Trust::Known { name, key: ann });
        assert_eq!(again.trust_in(Some(ben)), Trust::Unknown { key: ben });
        assert_eq!(again.trust_in(None), Trust::Unsigned);
        assert_eq!(again.keys().count(), 1);
        fs::write(place.join("ben.pub"), "nothing").unwrap();
        assert!(matches!(Keyring::open(&place), Err(TrustError::Key(_))));
    }

    #[test]
    fn a_policy_takes_warns_or_refuses() {
        let key = key().public();
        let name = "ann".to_owned();
        let (known, unknown) = (Trust::Known { name, key }, Trust::Unknown { key });
        assert_eq!(Policy::default(), Policy::Require);
        for policy in [Policy::None, Policy::Warn, Policy::Require] {
            assert_eq!(policy.admit(&known, "it").unwrap(), None);
        }
        for trust in [&unknown, &Trust::Unsigned] {
            assert_eq!(Policy::None.admit(trust, "it").unwrap(), None);
            assert!(Policy::Warn.admit(trust, "it").unwrap().is_some());
            let error = Policy::Require.admit(trust, "it").unwrap_err().to_string();
            assert!(error.starts_with("it is "), "{error}");
        }
    }
}
