//! The encrypted object of a key file: AES-128-CTR under a stretched password, with a Keccak MAC.

use super::KeystoreError;
use super::kdf::{self, ScryptParams, StretchedKey};
use crate::password::Password;
use aes::Aes128;
use aes::cipher::{KeyIvInit, StreamCipher};
use alloy_primitives::keccak256;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

type Aes128Ctr = ctr::Ctr128BE<Aes128>;

const CIPHER: &str = "aes-128-ctr";
const SALT_BYTES: usize = 32;
const IV_BYTES: usize = 16;

/// As it stands in the file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CryptoJson {
    cipher: String,
    ciphertext: String,
    cipherparams: CipherParams,
    kdf: String,
    kdfparams: Value,
    mac: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct CipherParams {
    iv: String,
}

/// Encrypts `plain` with a fresh salt and counter block.
pub(crate) fn seal(
    plain: &[u8],
    password: &Password,
    params: ScryptParams,
) -> Result<CryptoJson, KeystoreError> {
    let mut salt = [0u8; SALT_BYTES];
    let mut iv = [0u8; IV_BYTES];
    getrandom::fill(&mut salt).map_err(|_| KeystoreError::Random)?;
    getrandom::fill(&mut iv).map_err(|_| KeystoreError::Random)?;
    let key = kdf::scrypt(password, &salt, params)?;
    let mut text = Zeroizing::new(plain.to_vec());
    apply_cipher(&key, &iv, &mut text);
    Ok(CryptoJson {
        cipher: CIPHER.to_owned(),
        ciphertext: hex::encode(text.as_slice()),
        cipherparams: CipherParams { iv: hex::encode(iv) },
        kdf: "scrypt".to_owned(),
        kdfparams: params.to_json(&salt),
        mac: hex::encode(mac(&key, &text)),
    })
}

/// Decrypts; the MAC is checked first, in constant time.
pub(crate) fn open(sealed: &CryptoJson, password: &Password) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    if sealed.cipher != CIPHER {
        return Err(KeystoreError::Cipher);
    }
    let iv: [u8; IV_BYTES] = bytes(&sealed.cipherparams.iv, "iv")?;
    let expected: [u8; 32] = bytes(&sealed.mac, "mac")?;
    let mut text = Zeroizing::new(
        hex::decode(&sealed.ciphertext).map_err(|_| KeystoreError::Field { field: "ciphertext" })?,
    );
    let key = kdf::stretch(password, &sealed.kdf, &sealed.kdfparams)?;
    if !bool::from(mac(&key, &text).ct_eq(&expected)) {
        return Err(KeystoreError::WrongPassword);
    }
    apply_cipher(&key, &iv, &mut text);
    Ok(text)
}

fn apply_cipher(key: &StretchedKey, iv: &[u8; IV_BYTES], text: &mut [u8]) {
    let mut cipher_key = Zeroizing::new([0u8; 16]);
    cipher_key.copy_from_slice(&key[..16]);
    Aes128Ctr::new((&*cipher_key).into(), iv.into()).apply_keystream(text);
}

fn mac(key: &StretchedKey, ciphertext: &[u8]) -> [u8; 32] {
    let mut input = Zeroizing::new(Vec::with_capacity(16 + ciphertext.len()));
    input.extend_from_slice(&key[16..]);
    input.extend_from_slice(ciphertext);
    keccak256(input.as_slice()).0
}

fn bytes<const N: usize>(text: &str, field: &'static str) -> Result<[u8; N], KeystoreError> {
    let mut out = [0u8; N];
    hex::decode_to_slice(text, &mut out).map_err(|_| KeystoreError::Field { field })?;
    Ok(out)
}
