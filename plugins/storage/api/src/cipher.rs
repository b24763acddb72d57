//! Keys of encrypted files.

use std::fmt;

use backplane_sdk::{Bytes, record};

use crate::KvError;

/// Why a call that has to do with keys failed. No case holds a key.
///
/// All but `store` mean that the call had no effect.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The provider was built without encryption.
    #[error("this build has no encryption; build `storage-plugin` with its feature `sqlcipher`")]
    NoEncryption,
    /// The file is encrypted, and no key was given.
    #[error("the file of {name:?} is encrypted; open it with its key")]
    KeyRequired {
        /// The job or database.
        name: String,
    },
    /// The file is encrypted under another key, or damaged.
    #[error("the key of {name:?} is another one, or its file is damaged")]
    WrongKey {
        /// The job or database.
        name: String,
    },
    /// A key was given, and the file is not encrypted.
    #[error("the file of {name:?} is not encrypted")]
    NotEncrypted {
        /// The job or database.
        name: String,
    },
    /// The store refused or could not do it; what is called a job there is the job or the database.
    #[error(transparent)]
    Store {
        /// Why.
        error: KvError,
    },
}

/// How a file is encrypted that another program wrote with SQLCipher.
#[record]
#[derive(Clone, PartialEq, Eq)]
pub struct OldCipher {
    /// The passphrase; a raw key is written as `x'`, hexadecimal digits and `'`.
    pub secret: Bytes,
    /// The version of SQLCipher whose defaults hold, 1 to 4.
    #[default(4)]
    pub version: u32,
    /// Rounds of the key derivation, 1 to 10000000, where they are not the default.
    pub kdf_iter: Option<u32>,
    /// Bytes of a page, a power of two from 512 to 65536, where they are not the default.
    pub page_size: Option<u32>,
    /// The hash of the pages' authentication, where it is not the default.
    pub hmac: Option<CipherHash>,
    /// The hash of the key derivation, where it is not the default.
    pub kdf: Option<CipherHash>,
}

/// A hash that SQLCipher uses.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CipherHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// What a file held that became a database.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Tables, those of SQLite itself and of full-text indexes included.
    pub tables: u32,
    /// Their rows.
    pub rows: u64,
    /// The `user_version` of the file, which the database does not keep.
    pub user_version: i32,
}

impl fmt::Debug for OldCipher {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OldCipher")
            .field("version", &self.version)
            .field("kdf_iter", &self.kdf_iter)
            .field("page_size", &self.page_size)
            .field("hmac", &self.hmac)
            .field("kdf", &self.kdf)
            .finish_non_exhaustive()
    }
}
