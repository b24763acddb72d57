//! Password stretching: scrypt, and PBKDF2 for reading.

use super::KeystoreError;
use crate::limits::{self, LimitExceeded, MAX_PBKDF2_ROUNDS, MAX_SCRYPT_MEMORY, MAX_SCRYPT_WORK};
use crate::password::Password;
use serde_json::{Value, json};
use sha2::Sha256;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;
const MAX_SALT_BYTES: usize = 1024;

/// Cost of scrypt: `n` is a power of two, memory is 128 · `n` · `r` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScryptParams {
    log_n: u8,
    r: u32,
    p: u32,
}

impl ScryptParams {
    /// geth's light parameters, N = 2^12, r = 8, p = 6: Status' choice for key files.
    pub const LIGHT: Self = Self {
        log_n: 12,
        r: 8,
        p: 6,
    };
    /// geth's standard parameters, N = 2^18, r = 8, p = 1: Status' choice for the password
    /// envelope.
    pub const STANDARD: Self = Self {
        log_n: 18,
        r: 8,
        p: 1,
    };

    /// Parameters within [`MAX_SCRYPT_MEMORY`] and [`MAX_SCRYPT_WORK`].
    ///
    /// # Errors
    /// [`KeystoreError::Field`] when `n` is no power of two above 1 or another one is zero,
    /// [`KeystoreError::ScryptBlockSize`] when `n` is not below 2^(16 · `r`),
    /// [`KeystoreError::Limit`] when they cost too much.
    pub fn new(n: u64, r: u32, p: u32) -> Result<Self, KeystoreError> {
        if n < 2 || !n.is_power_of_two() {
            return Err(KeystoreError::Field { field: "n" });
        }
        if r == 0 {
            return Err(KeystoreError::Field { field: "r" });
        }
        if p == 0 {
            return Err(KeystoreError::Field { field: "p" });
        }
        let blocks = n.saturating_mul(r.into());
        if blocks.saturating_mul(128) > MAX_SCRYPT_MEMORY {
            return Err(KeystoreError::Limit(LimitExceeded {
                field: "scrypt memory",
                limit: MAX_SCRYPT_MEMORY,
                unit: "bytes",
            }));
        }
        if blocks.saturating_mul(p.into()) > MAX_SCRYPT_WORK {
            return Err(KeystoreError::Limit(LimitExceeded {
                field: "scrypt work",
                limit: MAX_SCRYPT_WORK,
                unit: "blocks",
            }));
        }
        // A power of two below 2^23 by now.
        let log_n = n.trailing_zeros() as u8;
        if u32::from(log_n) >= r.saturating_mul(16) {
            return Err(KeystoreError::ScryptBlockSize);
        }
        Ok(Self { log_n, r, p })
    }

    pub(super) fn to_json(self, salt: &[u8]) -> Value {
        json!({
            "dklen": KEY_BYTES,
            "n": 1u64 << self.log_n,
            "p": self.p,
            "r": self.r,
            "salt": hex::encode(salt),
        })
    }
}

/// A stretched password: 16 bytes of cipher key, then 16 of MAC key.
pub(super) type StretchedKey = Zeroizing<[u8; KEY_BYTES]>;

pub(super) fn scrypt(
    password: &Password,
    salt: &[u8],
    params: ScryptParams,
) -> Result<StretchedKey, KeystoreError> {
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    let params = scrypt::Params::new(params.log_n, params.r, params.p, KEY_BYTES)
        .map_err(|_| KeystoreError::Field { field: "kdfparams" })?;
    scrypt::scrypt(password.as_bytes(), salt, &params, key.as_mut_slice())
        .map_err(|_| KeystoreError::Field { field: "kdfparams" })?;
    Ok(key)
}

/// Stretches a password by the function and parameters that a file names.
pub(super) fn stretch(password: &Password, kdf: &str, params: &Value) -> Result<StretchedKey, KeystoreError> {
    if number(params, "dklen")? != KEY_BYTES as u64 {
        return Err(KeystoreError::Field { field: "dklen" });
    }
    let salt = salt(params)?;
    match kdf {
        "scrypt" => {
            let params = ScryptParams::new(
                number(params, "n")?,
                small_number(params, "r")?,
                small_number(params, "p")?,
            )?;
            scrypt(password, &salt, params)
        }
        "pbkdf2" => pbkdf2(password, &salt, params),
        _ => Err(KeystoreError::Kdf),
    }
}

fn pbkdf2(password: &Password, salt: &[u8], params: &Value) -> Result<StretchedKey, KeystoreError> {
    if params.get("prf").and_then(Value::as_str) != Some("hmac-sha256") {
        return Err(KeystoreError::Kdf);
    }
    let rounds = small_number(params, "c")?;
    if rounds == 0 {
        return Err(KeystoreError::Field { field: "c" });
    }
    if rounds > MAX_PBKDF2_ROUNDS {
        return Err(KeystoreError::Limit(LimitExceeded {
            field: "pbkdf2 c",
            limit: MAX_PBKDF2_ROUNDS.into(),
            unit: "rounds",
        }));
    }
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, rounds, key.as_mut_slice());
    Ok(key)
}

fn salt(params: &Value) -> Result<Vec<u8>, KeystoreError> {
    let missing = KeystoreError::Field { field: "salt" };
    let text = params
        .get("salt")
        .and_then(Value::as_str)
        .ok_or(missing.clone())?;
    limits::check("salt", text.len() / 2, MAX_SALT_BYTES, "bytes")?;
    hex::decode(text).map_err(|_| missing)
}

fn number(params: &Value, field: &'static str) -> Result<u64, KeystoreError> {
    params
        .get(field)
        .and_then(Value::as_u64)
        .ok_or(KeystoreError::Field { field })
}

fn small_number(params: &Value, field: &'static str) -> Result<u32, KeystoreError> {
    u32::try_from(number(params, field)?).map_err(|_| KeystoreError::Field { field })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_bounded_before_anything_is_allocated() {
        assert_eq!(ScryptParams::new(1 << 12, 8, 6), Ok(ScryptParams::LIGHT));
        assert_eq!(ScryptParams::new(1 << 18, 8, 1), Ok(ScryptParams::STANDARD));
        for (n, r, p, text) in [
            (
                1 << 20,
                8,
                1,
                "scrypt memory exceeds the limit of 536870912 bytes",
            ),
            (
                1 << 63,
                u32::MAX,
                1,
                "scrypt memory exceeds the limit of 536870912 bytes",
            ),
            (1 << 18, 8, 9, "scrypt work exceeds the limit of 16777216 blocks"),
            (
                1 << 18,
                1,
                8,
                "key file: scrypt parameter n must be below 2^(16 r)",
            ),
            (1000, 8, 1, "key file: field n is missing or not valid"),
            (0, 8, 1, "key file: field n is missing or not valid"),
            (2, 0, 1, "key file: field r is missing or not valid"),
            (2, 1, 0, "key file: field p is missing or not valid"),
        ] {
            assert_eq!(ScryptParams::new(n, r, p).unwrap_err().to_string(), text);
        }
    }
}
