//! Keys of encrypted files, and whether a file is encrypted.
//!
//! An encrypted file is one of SQLCipher 4 with its defaults and a raw key: each page is encrypted with AES-256 and
//! authenticated with HMAC-SHA512, and nothing of it is in the clear. This needs the feature `sqlcipher`.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use zeroize::{Zeroize, Zeroizing};

use crate::directory::locked;
use crate::error::{Error, ErrorContext, Result};

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// What a file begins with that is not encrypted.
const PLAIN: &[u8] = b"SQLite format 3\0";
/// Bytes by which an encrypted file is told from others.
const SAMPLE: usize = 1024;
/// Different bytes in a sample of random ones: 251 on average, and never as few as this.
const RANDOM: usize = 200;

/// The raw key of an encrypted file. It is overwritten when it is dropped, and nothing shows it.
#[derive(Clone)]
pub struct CipherKey(Zeroizing<[u8; KEY_BYTES]>);

impl CipherKey {
    /// A key of 32 bytes; `bytes` are overwritten.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for another length.
    pub fn new(mut bytes: Vec<u8>) -> Result<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let fits = bytes.len() == KEY_BYTES;
        if fits {
            key.copy_from_slice(&bytes);
        }
        bytes.zeroize();
        match fits {
            true => Ok(CipherKey(key)),
            false => Err(Error::argument("key", format!("must have {KEY_BYTES} bytes"))),
        }
    }

    /// In time that does not depend on the keys.
    fn is(&self, other: &CipherKey) -> bool {
        let differing = self
            .0
            .iter()
            .zip(other.0.iter())
            .fold(0, |all, (a, b)| all | (a ^ b));
        differing == 0
    }

    /// As SQLCipher takes raw keys: `x'` and hexadecimal digits and `'`.
    fn spelled(&self) -> Zeroizing<Vec<u8>> {
        let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
        let mut text = Zeroizing::new(Vec::with_capacity(2 * KEY_BYTES + 3));
        text.extend(b"x'");
        text.extend(
            self.0
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]),
        );
        text.push(b'\'');
        text
    }
}

impl fmt::Debug for CipherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CipherKey(..)")
    }
}

/// The key of one file, if it has one: the same for all who open the file. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySlot(Arc<Mutex<Option<CipherKey>>>);

impl KeySlot {
    pub(crate) fn new(key: Option<CipherKey>) -> Self {
        KeySlot(Arc::new(Mutex::new(key)))
    }

    pub(crate) fn get(&self) -> Option<CipherKey> {
        locked(&self.0).clone()
    }

    pub(crate) fn set(&self, key: Option<CipherKey>) {
        *locked(&self.0) = key;
    }

    pub(crate) fn is_set(&self) -> bool {
        locked(&self.0).is_some()
    }
}

/// Refuses a secret that this build can do nothing with.
pub(crate) fn check_build<T>(secret: Option<&T>) -> Result<()> {
    match secret.is_some() && !cfg!(feature = "sqlcipher") {
        true => Err(Error::NoEncryption),
        false => Ok(()),
    }
}

/// Refuses `given` unless it is what `context` has.
pub(crate) fn check_same(context: &ErrorContext, given: Option<&CipherKey>) -> Result<()> {
    let job = context.job.clone();
    match (context.key.get(), given) {
        (Some(key), Some(given)) if key.is(given) => Ok(()),
        (None, None) => Ok(()),
        (Some(_), Some(_)) => Err(Error::WrongKey { job }),
        (Some(_), None) => Err(Error::KeyRequired { job }),
        (None, Some(_)) => Err(Error::NotEncrypted { job }),
    }
}

/// Refuses a file that is encrypted when there is no key, or is not when there is one.
///
/// Nobody may have the file open: closing it here drops the locks that the database library holds.
pub(crate) fn check_file(path: &Path, context: &ErrorContext) -> Result<()> {
    let job = || context.job.clone();
    let mut sample = Vec::new();
    let read = File::open(path).and_then(|file| file.take(SAMPLE as u64).read_to_end(&mut sample));
    if read.is_err() {
        // The database library meets the same, and tells it.
        return Ok(());
    }
    match context.key.is_set() {
        true if sample.starts_with(PLAIN) => Err(Error::NotEncrypted { job: job() }),
        false if looks_encrypted(&sample) => Err(Error::KeyRequired { job: job() }),
        _ => Ok(()),
    }
}

fn looks_encrypted(sample: &[u8]) -> bool {
    let mut seen = [false; 256];
    sample.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    !sample.starts_with(PLAIN) && seen.into_iter().filter(|seen| *seen).count() >= RANDOM
}

/// Gives the connection the key of a database that it has open under the name `schema`, before anything is read.
pub(crate) fn unlock(connection: &Connection, schema: &str, key: Option<&CipherKey>) -> rusqlite::Result<()> {
    match key {
        Some(key) => unlock_with(connection, schema, &key.spelled()),
        None => Ok(()),
    }
}

/// The same with a secret in SQLCipher's own spelling, which may be a passphrase.
#[cfg(feature = "sqlcipher")]
pub(crate) fn unlock_with(connection: &Connection, schema: &str, secret: &[u8]) -> rusqlite::Result<()> {
    use rusqlite::ffi;

    // The library would print each wrong key.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    let schema = std::ffi::CString::new(schema)?;
    let length = std::ffi::c_int::try_from(secret.len()).unwrap_or(0);
    // SAFETY: the handle is that of an open connection, which no other thread uses meanwhile because `Connection` is
    // not `Sync`; the name ends with a zero and `secret` has `length` bytes, and both are only read during the call.
    let code = unsafe {
        ffi::sqlite3_key_v2(
            connection.handle(),
            schema.as_ptr(),
            secret.as_ptr().cast(),
            length,
        )
    };
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// No secret gets here: [`check_build`] refuses it.
#[cfg(not(feature = "sqlcipher"))]
pub(crate) fn unlock_with(_connection: &Connection, _schema: &str, _secret: &[u8]) -> rusqlite::Result<()> {
    let misuse = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_MISUSE);
    Err(rusqlite::Error::SqliteFailure(misuse, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_32_bytes_and_is_not_shown() {
        let key = CipherKey::new(vec![0xab; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "CipherKey(..)");
        for length in [0, 31, 33] {
            let refused = CipherKey::new(vec![0xab; length]).unwrap_err();
            assert_eq!(refused.to_string(), "key: must have 32 bytes");
        }
        assert!(key.is(&CipherKey::new(vec![0xab; 32]).unwrap()));
        assert!(!key.is(&CipherKey::new(vec![0xac; 32]).unwrap()));
    }

    #[test]
    fn random_bytes_look_encrypted_and_others_do_not() {
        use sha2::{Digest, Sha256};
        let random: Vec<u8> = (0..32u32)
            .flat_map(|it| Sha256::digest(it.to_be_bytes()))
            .collect();
        assert!(looks_encrypted(&random));
        let plain = [PLAIN, &random].concat();
        let text = b"This is a letter to the editor. ".repeat(32);
        for other in [&plain, &text, &vec![0; 1024], &Vec::new()] {
            assert!(!looks_encrypted(other));
        }
    }
}
