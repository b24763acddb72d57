//! Keys: who signs.

use crate::signature::Purpose;
use crate::{Digest, FileError, Signature, file, limits};
use backplane_descriptor::hex_text;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use std::fmt;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How the file of a secret key begins.
const SECRET: &[u8] = b"ed25519-secret ";
/// How the file of a public key begins.
const PUBLIC: &str = "ed25519 ";
/// The length of the file of a secret key.
const SECRET_FILE: usize = SECRET.len() + 64 + 1;

/// A public key of Ed25519; as text 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

hex_text!(PublicKey);

/// A secret key of Ed25519. It is wiped from memory when it is dropped, and never shown.
pub struct SecretKey(SigningKey);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Others than the owner may read the file of a secret key.
    #[error("{} can be read by others (mode {mode:03o}): chmod 600 it", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file does not hold a key as [`SecretKey::create`] and [`PublicKey::to_text`] write it.
    #[error("{} holds no {kind} key", .path.display())]
    NoKey {
        /// Which file.
        path: PathBuf,
        /// `public` or `secret`.
        kind: &'static str,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

impl SecretKey {
    /// Makes a key, and the file `path` for it, which its owner alone may read. There must be no such file.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(KeyError::Random)?;
        let mut text = Zeroizing::new([b'\n'; SECRET_FILE]);
        text[..SECRET.len()].copy_from_slice(SECRET);
        let digits = &mut text[SECRET.len()..SECRET_FILE - 1];
        // The length is right.
        let _ = hex::encode_to_slice(seed.as_slice(), digits);
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(&*text)?;
            file.sync_all()
        };
        write().map_err(FileError::io(path))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads the file of a key, which its owner alone may read.
    ///
    /// # Errors
    /// [`KeyError`]; nothing of the content is in it.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let fail = || KeyError::NoKey {
            path: path.to_owned(),
            kind: "secret",
        };
        let metadata = path.metadata().map_err(FileError::io(path))?;
        if metadata.len() != SECRET_FILE as u64 || !metadata.is_file() {
            return Err(fail());
        }
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(KeyError::Open { path, mode });
        }
        // A buffer that does not grow leaves no copies behind.
        let mut text = Zeroizing::new([0; SECRET_FILE]);
        let mut file = std::fs::File::open(path).map_err(FileError::io(path))?;
        file.read_exact(&mut *text).map_err(FileError::io(path))?;
        let digits = text.strip_prefix(SECRET).and_then(|it| it.strip_suffix(b"\n"));
        let mut seed = Zeroizing::new([0; 32]);
        match digits.map(|digits| hex::decode_to_slice(digits, &mut *seed)) {
            Some(Ok(())) => Ok(Self(SigningKey::from_bytes(&seed))),
            _ => Err(fail()),
        }
    }

    /// The key that tells its signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a digest for one purpose.
    pub(crate) fn sign(&self, purpose: Purpose, digest: &Digest) -> Signature {
        let signature = self.0.sign(&purpose.message(digest)).to_bytes();
        Signature::new(self.public(), signature)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

impl PublicKey {
    /// What a file with it holds.
    pub fn to_text(&self) -> String {
        format!("{PUBLIC}{self}\n")
    }

    /// Reads a file with a key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes = file::read(path, limits::KEY_FILE)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let key = text
            .strip_prefix(PUBLIC)
            .and_then(|text| text.trim_end().parse().ok());
        key.ok_or_else(|| KeyError::NoKey {
            path: path.to_owned(),
            kind: "public",
        })
    }

    /// Whether `signature` is one of `message` by this key. Strict: a weak key, and a second form of a signature, are
    /// refused.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_key_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = SecretKey::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(SecretKey::read(&path).unwrap().public(), key.public());
        assert!(SecretKey::create(&path).is_err(), "it is not overwritten");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = SecretKey::read(&path).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "{} can be read by others (mode 640): chmod 600 it",
                path.display()
            )
        );
    }

    #[test]
    fn a_secret_key_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = SecretKey::create(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let digits = text.split_whitespace().nth(1).unwrap();
        assert!(!format!("{key:?}").contains(digits));
        fs::write(&path, text.replace("secret", "sacred")).unwrap();
        let error = format!("{0} {0:?}", SecretKey::read(&path).unwrap_err());
        assert!(
            error.contains("holds no secret key") && !error.contains(digits),
            "{error}"
        );
        fs::write(&path, text.replacen(digits, &"g".repeat(64), 1)).unwrap();
        assert!(matches!(SecretKey::read(&path), Err(KeyError::NoKey { .. })));
        fs::write(&path, b"").unwrap();
        assert!(matches!(SecretKey::read(&path), Err(KeyError::NoKey { .. })));
    }

    #[test]
    fn a_public_key_is_read_from_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let key = SecretKey::create(&folder.path().join("key")).unwrap().public();
        let path = folder.path().join("key.pub");
        fs::write(&path, key.to_text()).unwrap();
        assert_eq!(PublicKey::read(&path).unwrap(), key);
        fs::write(&path, "ed25519 zz").unwrap();
        assert!(matches!(
            PublicKey::read(&path),
            Err(KeyError::NoKey { kind: "public", .. })
        ));
    }
}
