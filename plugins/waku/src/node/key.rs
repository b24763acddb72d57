//! The node key: a secp256k1 private key, kept as 64 hex characters as nwaku keeps it.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use libp2p::{
    PeerId,
    identity::{Keypair, secp256k1},
};
use zeroize::Zeroizing;

use crate::enr::RecordKey;

const KEY_DIGITS: usize = 64;
/// A key file may hold the digits, `0x` and white space around them.
const MAX_KEY_FILE: u64 = 256;

/// The private key of a node; its peer id (16Uiu2HA…) follows from it. `Debug` shows the peer id alone.
#[derive(Clone)]
pub struct NodeKey(Keypair);

/// Why there is no node key. No text holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hex digits; carries the number of characters.
    #[error("node key must be 64 hex digits, found {0} characters")]
    Length(usize),
    /// 64 characters that aren't all hex digits.
    #[error("node key has a character that is not a hex digit")]
    Digit,
    /// Zero, or not below the order of the curve.
    #[error("node key is not a valid secp256k1 private key")]
    Invalid,
    /// Others may read or write the file.
    #[error("node key file {path} has mode {mode:03o}: only its owner may have access (chmod 600)")]
    Permissions {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The file can't be read or made.
    #[error("node key file {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

impl NodeKey {
    /// A new key from the system's randomness.
    pub fn random() -> Self {
        Self(secp256k1::Keypair::generate().into())
    }

    /// Reads 64 hex digits, with or without `0x`.
    ///
    /// # Errors
    /// [`KeyError::Length`], [`KeyError::Digit`] and [`KeyError::Invalid`].
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.len() != KEY_DIGITS {
            return Err(KeyError::Length(digits.chars().count()));
        }
        let mut bytes = Zeroizing::new([0; KEY_DIGITS / 2]);
        hex::decode_to_slice(digits, &mut bytes[..]).map_err(|_| KeyError::Digit)?;
        let secret = secp256k1::SecretKey::try_from_bytes(&mut bytes[..]).map_err(|_| KeyError::Invalid)?;
        Ok(Self(secp256k1::Keypair::from(secret).into()))
    }

    /// Reads the key from a file, or makes a new key and the file (mode 0600) if there is none. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// [`KeyError`]; a file that others can access is refused.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        match Self::load(path) {
            Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let key = Self::random();
                match key.store(path) {
                    // Another process made it between the two looks: its key is the one.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load(path),
                    made => made.map(|()| key).map_err(|source| file_error(path, source)),
                }
            }
            loaded => loaded,
        }
    }

    fn load(path: &Path) -> Result<Self, KeyError> {
        let file = fs::File::open(path).map_err(|source| file_error(path, source))?;
        let mode = file
            .metadata()
            .map_err(|source| file_error(path, source))?
            .permissions()
            .mode()
            & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Permissions {
                path: path.display().to_string(),
                mode,
            });
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_KEY_FILE as usize));
        file.take(MAX_KEY_FILE)
            .read_to_string(&mut text)
            .map_err(|source| file_error(path, source))?;
        Self::from_hex(text.trim())
    }

    /// Writes a file beside and links it into place, so that no half-written key is ever seen.
    fn store(&self, path: &Path) -> io::Result<()> {
        let text = self.to_hex()?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let fresh = path.with_file_name(name);
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::hard_link(&fresh, path));
        fs::remove_file(&fresh).and(written)
    }

    fn to_hex(&self) -> io::Result<Zeroizing<String>> {
        let keypair = self.0.clone().try_into_secp256k1().map_err(io::Error::other)?;
        let bytes = Zeroizing::new(keypair.secret().to_bytes());
        Ok(Zeroizing::new(hex::encode(&bytes[..])))
    }

    /// The key in the form that signs node records; `None` for no key of this crate's making.
    pub(super) fn record_key(&self) -> Option<RecordKey> {
        let keypair = self.0.clone().try_into_secp256k1().ok()?;
        RecordKey::new(&mut Zeroizing::new(keypair.secret().to_bytes())[..])
    }

    /// The peer id that follows from the key.
    pub fn peer_id(&self) -> PeerId {
        self.0.public().to_peer_id()
    }

    pub(super) fn keypair(&self) -> &Keypair {
        &self.0
    }
}

fn file_error(path: &Path, source: io::Error) -> KeyError {
    KeyError::File {
        path: path.display().to_string(),
        source,
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeKey({})", self.peer_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Private key 1: its public key is the generator of the curve.
    const ONE: &str = "0000000000000000000000000000000000000000000000000000000000000001";

    #[test]
    fn the_peer_id_follows_from_the_key_and_debug_shows_nothing_else() {
        let key = NodeKey::from_hex(ONE).unwrap();
        assert_eq!(
            key.peer_id(),
            NodeKey::from_hex(&format!("0x{ONE}")).unwrap().peer_id()
        );
        assert!(
            key.peer_id().to_string().starts_with("16Uiu2HA"),
            "{}",
            key.peer_id()
        );
        assert_eq!(format!("{key:?}"), format!("NodeKey({})", key.peer_id()));
    }

    #[test]
    fn errors_say_what_is_wrong_without_the_key() {
        let text = |input: &str| NodeKey::from_hex(input).unwrap_err().to_string();
        assert_eq!(text("abc"), "node key must be 64 hex digits, found 3 characters");
        assert_eq!(
            text(&"é".repeat(32)),
            "node key has a character that is not a hex digit"
        );
        assert_eq!(
            text(&"0".repeat(64)),
            "node key is not a valid secp256k1 private key"
        );
        assert_eq!(
            text(&"f".repeat(64)),
            "node key is not a valid secp256k1 private key"
        );
    }

    #[test]
    fn a_missing_file_is_made_for_the_owner_alone_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodekey");
        let made = NodeKey::load_or_create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(NodeKey::load_or_create(&path).unwrap().peer_id(), made.peer_id());
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "the fresh file is gone"
        );
    }

    #[test]
    fn a_file_open_to_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodekey");
        fs::write(&path, ONE).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = NodeKey::load_or_create(&path).unwrap_err().to_string();
        assert!(
            error.ends_with("has mode 644: only its owner may have access (chmod 600)"),
            "{error}"
        );
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(
            NodeKey::load_or_create(&path).unwrap().peer_id(),
            NodeKey::from_hex(ONE).unwrap().peer_id()
        );
    }

    #[test]
    fn a_damaged_file_is_an_error_and_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nodekey");
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .unwrap();
        let error = NodeKey::load_or_create(&path).unwrap_err().to_string();
        assert_eq!(error, "node key must be 64 hex digits, found 0 characters");
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
