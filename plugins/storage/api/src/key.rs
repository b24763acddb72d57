//! Keys.

use std::fmt;

use backplane_sdk::Bytes;
use smallvec::SmallVec;

/// A key: bytes that sort as unsigned bytes do, a shorter key before its extensions.
///
/// [`encoding::key`](crate::encoding::key) makes one from typed components; [`Key::from`] takes bytes as they
/// are; calls take it as [`Bytes`]. `Debug` shows the bytes in hexadecimal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(SmallVec<[u8; INLINE]>);

/// Most keys are shorter, and need no memory of their own.
const INLINE: usize = 24;

impl Key {
    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key's bytes, without a copy where there are many.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }
}

/// Few bytes are copied, so that what held them is given back where it came from.
fn compact(bytes: Vec<u8>) -> SmallVec<[u8; INLINE]> {
    match bytes.len() <= INLINE {
        true => SmallVec::from_slice(&bytes),
        false => SmallVec::from_vec(bytes),
    }
}

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Key {
    fn from(bytes: Vec<u8>) -> Self {
        Key(compact(bytes))
    }
}

impl From<&[u8]> for Key {
    fn from(bytes: &[u8]) -> Self {
        Key(SmallVec::from_slice(bytes))
    }
}

impl<const N: usize> From<[u8; N]> for Key {
    fn from(bytes: [u8; N]) -> Self {
        Key(SmallVec::from_slice(&bytes))
    }
}

impl From<Bytes> for Key {
    fn from(bytes: Bytes) -> Self {
        Key(compact(bytes.0))
    }
}

impl From<Key> for Bytes {
    fn from(key: Key) -> Self {
        Bytes(key.into_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
