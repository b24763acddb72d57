//! Key files: Web3 Secret Storage version 3, in the dialects that Status and its relatives use.
//!
//! Three are read: geth's own (`crypto`), Status' (`crypto` and an `extendedkey` of the same
//! node), and one with `extendedkey` only. Written are Status' for keys with children and geth's
//! for plain ones.

mod crypto;
mod kdf;
mod key_file;

pub use kdf::ScryptParams;
pub use key_file::{decrypt, encrypt, stored_address};

pub(crate) use crypto::{CryptoJson, open, seal};

use crate::derivation::DerivationError;
use crate::limits::LimitExceeded;

/// Why a key file could not be read or written. No variant carries content of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The file or a cost parameter in it is too large.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The file is not JSON, or ends too early.
    #[error("key file is damaged: line {line}, column {column}")]
    Json {
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
    },
    /// A field is absent or has a wrong type or length.
    #[error("key file: field {field} is missing or not valid")]
    Field {
        /// Name of the field.
        field: &'static str,
    },
    /// The version is not 3.
    #[error("key file: version {version} is not supported, only 3 is")]
    Version {
        /// The version found.
        version: u64,
    },
    /// The cipher is not `aes-128-ctr`.
    #[error("key file: the cipher is not supported, only aes-128-ctr is")]
    Cipher,
    /// The key derivation function is neither `scrypt` nor `pbkdf2` with HMAC-SHA256.
    #[error("key file: the kdf is not supported, only scrypt and pbkdf2 with hmac-sha256 are")]
    Kdf,
    /// N is not below 2^(16 · r), as RFC 7914 demands. Nobody writes such files today, but the old
    /// example in the definition of the format is one.
    #[error("key file: scrypt parameter n must be below 2^(16 r)")]
    ScryptBlockSize,
    /// The password is wrong, or the ciphertext was changed.
    #[error("wrong password")]
    WrongPassword,
    /// The key inside belongs to another address than the file says.
    #[error("key file: the key does not belong to the address of the file")]
    AddressMismatch,
    /// An old Status file, whose key and extended key are two different children.
    #[error("key file: an old Status file whose key and extended key differ is not supported")]
    OldDialect,
    /// The decrypted bytes are no key.
    #[error("key file: {0}")]
    Key(#[from] DerivationError),
    /// The system's random source failed.
    #[error("the random source of the operating system failed")]
    Random,
}
