//! Whole key files.

use super::crypto::{CryptoJson, open, seal};
use super::{KeystoreError, ScryptParams};
use crate::address::Address;
use crate::derivation::ExtendedKey;
use crate::limits::{self, MAX_KEY_FILE_BYTES};
use crate::password::Password;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

const VERSION: u64 = 3;

#[derive(Serialize)]
struct Written {
    address: String,
    crypto: CryptoJson,
    id: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    extendedkey: Option<CryptoJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subaccountindex: Option<u32>,
}

#[derive(Deserialize)]
struct Stored {
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Option<Value>,
    extendedkey: Option<Value>,
    version: Option<Value>,
}

/// Encrypts a key into the text of a key file: Status' dialect if it can have children, else
/// geth's. Runs scrypt twice or once.
///
/// # Errors
/// [`KeystoreError::Random`] when the system's random source fails.
pub fn encrypt(
    key: &ExtendedKey,
    password: &Password,
    params: ScryptParams,
) -> Result<Vec<u8>, KeystoreError> {
    let mut id = [0u8; 16];
    getrandom::fill(&mut id).map_err(|_| KeystoreError::Random)?;
    let xprv = key.xprv();
    let file = Written {
        address: hex::encode(key.address()),
        crypto: seal(key.private_key().as_slice(), password, params)?,
        id: uuid::Builder::from_random_bytes(id).into_uuid().to_string(),
        version: VERSION,
        extendedkey: match &xprv {
            Some(xprv) => Some(seal(xprv.as_bytes(), password, params)?),
            None => None,
        },
        subaccountindex: xprv.is_some().then_some(0),
    };
    serde_json::to_vec(&file).map_err(|_| KeystoreError::Field { field: "crypto" })
}

/// Decrypts a key file of any of the three dialects. Runs the file's key derivation once when it
/// names its address, else once for each key in it.
///
/// # Errors
/// [`KeystoreError`]; a wrong password and a changed ciphertext cannot be told apart.
pub fn decrypt(file: &[u8], password: &Password) -> Result<ExtendedKey, KeystoreError> {
    let stored = parse(file)?;
    let address = stored.address.as_deref().map(file_address).transpose()?;
    let plain = section(stored.crypto, "crypto")?;
    let Some(extended) = section(stored.extendedkey, "extendedkey")? else {
        let plain = plain.ok_or(KeystoreError::Field { field: "crypto" })?;
        let key = open_plain(&plain, password)?;
        return match address {
            Some(address) if address != key.address() => Err(KeystoreError::AddressMismatch),
            _ => Ok(key),
        };
    };
    let key = open_extended(&extended, password)?;
    if address == Some(key.address()) {
        return Ok(key);
    }
    // Without a matching address only the plain key tells which node this is.
    match (plain, address) {
        (None, None) => Ok(key),
        (None, Some(_)) => Err(KeystoreError::AddressMismatch),
        (Some(plain), address) => {
            let plain = open_plain(&plain, password)?.address();
            match address {
                Some(address) if address != plain => Err(KeystoreError::AddressMismatch),
                _ if plain != key.address() => Err(KeystoreError::OldDialect),
                _ => Ok(key),
            }
        }
    }
}

/// The address that a key file names, unverified; nothing if it names none.
///
/// # Errors
/// [`KeystoreError`] when the file is no key file.
pub fn stored_address(file: &[u8]) -> Result<Option<Address>, KeystoreError> {
    parse(file)?.address.as_deref().map(file_address).transpose()
}

fn parse(file: &[u8]) -> Result<Stored, KeystoreError> {
    limits::check("key file", file.len(), MAX_KEY_FILE_BYTES, "bytes")?;
    let stored: Stored = serde_json::from_slice(file).map_err(|error| KeystoreError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    let version = stored
        .version
        .as_ref()
        .and_then(Value::as_u64)
        .ok_or(KeystoreError::Field { field: "version" })?;
    if version != VERSION {
        return Err(KeystoreError::Version { version });
    }
    Ok(stored)
}

/// An encrypted object, or nothing when it is absent or the empty shell that upstream writes
/// beside plain keys.
fn section(value: Option<Value>, field: &'static str) -> Result<Option<CryptoJson>, KeystoreError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) if value.get("cipher") == Some(&Value::String(String::new())) => Ok(None),
        Some(value) => serde_json::from_value(value)
            .map(Some)
            .map_err(|_| KeystoreError::Field { field }),
    }
}

fn file_address(text: &str) -> Result<Address, KeystoreError> {
    let mut raw = [0u8; 20];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut raw)
        .map_err(|_| KeystoreError::Field { field: "address" })?;
    Ok(Address::from(raw))
}

/// Some old writers dropped the leading zero bytes of a key.
fn open_plain(sealed: &CryptoJson, password: &Password) -> Result<ExtendedKey, KeystoreError> {
    let plain = open(sealed, password)?;
    let mut key = Zeroizing::new([0u8; 32]);
    let start = key
        .len()
        .checked_sub(plain.len())
        .ok_or(KeystoreError::Field { field: "ciphertext" })?;
    key[start..].copy_from_slice(&plain);
    Ok(ExtendedKey::from_private_key(key.as_slice())?)
}

fn open_extended(sealed: &CryptoJson, password: &Password) -> Result<ExtendedKey, KeystoreError> {
    let plain = open(sealed, password)?;
    let text = std::str::from_utf8(&plain).map_err(|_| KeystoreError::Field { field: "extendedkey" })?;
    Ok(ExtendedKey::from_xprv(text)?)
}
