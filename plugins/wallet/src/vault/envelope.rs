//! The password envelope: a random key that encrypts the key files, itself encrypted under the
//! password. So a new password costs one small file, not a rewrite of all.
//!
//! The format is the one that Status uses since 2026.

use crate::address::KeyUid;
use crate::keystore::{self, CryptoJson, KeystoreError, ScryptParams};
use crate::limits::{self, MAX_KEY_FILE_BYTES};
use crate::password::Password;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const VERSION: u64 = 1;
/// What Status' desktop application passes for its databases; kept for whoever shares the file.
const DATABASE_KDF_ITERATIONS: u64 = 256_000;

/// The key that encrypts a profile's key files.
#[derive(Clone)]
pub(super) struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    pub(super) fn generate() -> Result<Self, KeystoreError> {
        let mut key = Zeroizing::new([0u8; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| KeystoreError::Random)?;
        Ok(Self(key))
    }

    /// As the password of key files: lower-case hex.
    pub(super) fn password(&self) -> Result<Password, KeystoreError> {
        Ok(Password::new(hex::encode(self.0.as_slice()))?)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    version: u64,
    key_uid: KeyUid,
    db_kdf_iterations: u64,
    crypto: CryptoJson,
}

/// Encrypts the data key under a person's password.
pub(super) fn wrap(
    key: &DataKey,
    key_uid: KeyUid,
    password: &Password,
    params: ScryptParams,
) -> Result<Vec<u8>, KeystoreError> {
    let envelope = Envelope {
        version: VERSION,
        key_uid,
        db_kdf_iterations: DATABASE_KDF_ITERATIONS,
        crypto: keystore::seal(key.0.as_slice(), &password.client_hash(), params)?,
    };
    serde_json::to_vec(&envelope).map_err(|_| KeystoreError::Field { field: "crypto" })
}

/// Decrypts the data key.
pub(super) fn unwrap(file: &[u8], key_uid: KeyUid, password: &Password) -> Result<DataKey, KeystoreError> {
    limits::check("password envelope", file.len(), MAX_KEY_FILE_BYTES, "bytes")?;
    let envelope: Envelope = serde_json::from_slice(file).map_err(|error| KeystoreError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    if envelope.version != VERSION {
        return Err(KeystoreError::Field { field: "version" });
    }
    if envelope.key_uid != key_uid {
        return Err(KeystoreError::Field { field: "keyUid" });
    }
    let plain = keystore::open(&envelope.crypto, &password.client_hash())?;
    let mut key = Zeroizing::new([0u8; 32]);
    if plain.len() != key.len() {
        return Err(KeystoreError::Field { field: "ciphertext" });
    }
    key.copy_from_slice(&plain);
    Ok(DataKey(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_opens_only_for_its_profile_and_password() {
        let uid = KeyUid::of(&[4; 65]);
        let password = Password::new("opensesame").unwrap();
        let key = DataKey::generate().unwrap();
        let file = wrap(&key, uid, &password, ScryptParams::new(2, 1, 1).unwrap()).unwrap();
        assert_eq!(*unwrap(&file, uid, &password).unwrap().0, *key.0);
        assert_eq!(
            unwrap(&file, KeyUid::of(&[5; 65]), &password).err(),
            Some(KeystoreError::Field { field: "keyUid" })
        );
        assert_eq!(
            unwrap(&file, uid, &Password::new("opensesamE").unwrap()).err(),
            Some(KeystoreError::WrongPassword)
        );
        for end in 0..file.len() {
            assert!(matches!(
                unwrap(&file[..end], uid, &password).err(),
                Some(KeystoreError::Json { .. })
            ));
        }
    }

    #[test]
    fn the_file_has_the_fields_of_status() {
        let uid = KeyUid::of(&[4; 65]);
        let key = DataKey::generate().unwrap();
        let password = Password::new("opensesame").unwrap();
        let file = wrap(&key, uid, &password, ScryptParams::STANDARD).unwrap();
        let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
        assert_eq!(file["version"], 1);
        assert_eq!(file["keyUid"], uid.to_string());
        assert_eq!(file["dbKdfIterations"], 256_000);
        assert_eq!(file["crypto"]["kdfparams"]["n"], 262_144);
        assert_eq!(file["crypto"]["kdfparams"]["p"], 1);
    }
}
