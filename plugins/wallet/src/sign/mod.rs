//! Message signatures: EIP-191 `personal_sign`, EIP-712 typed data, and their recovery.

mod shape;
mod signature;
mod typed_data;

pub use signature::Signature;
pub use typed_data::TypedData;

use crate::address::{Address, uncompressed};
use crate::derivation::ExtendedKey;
use crate::limits::{self, LimitExceeded, MAX_MESSAGE_BYTES};
use alloy_primitives::{B256, eip191_hash_message};
use k256::ecdsa::VerifyingKey;

/// Why something was not signed or a signature was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Message or document are too large or too deep.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The document is not JSON of the EIP-712 shape.
    #[error("typed data is not valid: line {line}, column {column}")]
    Json {
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
    },
    /// A part of the document that EIP-712 needs is absent or has another type.
    #[error("typed data: {field} is missing or has a wrong type")]
    Field {
        /// Name of the part.
        field: &'static str,
    },
    /// The types use each other in a circle, so that no value could be complete.
    #[error("typed data: types use each other in a circle")]
    Circular,
    /// The declared `EIP712Domain` has other fields than the domain.
    #[error("typed data: the type EIP712Domain does not describe the domain")]
    Domain,
    /// The document is for another chain than the caller expects.
    #[error("typed data is for chain {found}, not for chain {expected}")]
    ChainId {
        /// What the caller expects.
        expected: u64,
        /// What the domain says; in decimal, as it may be larger than any real one.
        found: String,
    },
    /// The message does not fit its types.
    #[error("typed data: the message does not fit its primary type")]
    Message,
    /// Not 65 bytes of a canonical signature (low `s`, `v` of 27, 28, 0 or 1) by any key.
    #[error("signature is not a valid 65 byte recoverable signature")]
    Signature,
}

/// Signs a message as `personal_sign` does: Keccak-256 over the EIP-191 prefix, the length and
/// the bytes.
///
/// # Errors
/// [`SignError::Limit`] above [`MAX_MESSAGE_BYTES`].
pub fn personal_sign(key: &ExtendedKey, message: &[u8]) -> Result<Signature, SignError> {
    limits::check("message", message.len(), MAX_MESSAGE_BYTES, "bytes")?;
    sign_digest(key, eip191_hash_message(message))
}

/// Signs an EIP-712 document as `eth_signTypedData_v4` does.
///
/// # Errors
/// [`SignError`] when the document is not valid; see [`TypedData::parse`].
pub fn typed_data_v4(key: &ExtendedKey, document: &TypedData) -> Result<Signature, SignError> {
    sign_digest(key, document.digest())
}

/// The address whose key signed `message` with [`personal_sign`].
///
/// # Errors
/// [`SignError::Signature`] when no key can have made it, [`SignError::Limit`] above
/// [`MAX_MESSAGE_BYTES`].
pub fn recover(message: &[u8], signature: &Signature) -> Result<Address, SignError> {
    limits::check("message", message.len(), MAX_MESSAGE_BYTES, "bytes")?;
    recover_digest(eip191_hash_message(message), signature)
}

/// The address whose key signed the document.
///
/// # Errors
/// [`SignError::Signature`] when no key can have made it.
pub fn recover_typed_data(document: &TypedData, signature: &Signature) -> Result<Address, SignError> {
    recover_digest(document.digest(), signature)
}

/// Whether `address` signed `message` with [`personal_sign`].
///
/// # Errors
/// As [`recover`].
pub fn verify(address: Address, message: &[u8], signature: &Signature) -> Result<bool, SignError> {
    Ok(recover(message, signature)? == address)
}

/// Signs a 32 byte digest; deterministic (RFC 6979), low `s`.
pub(crate) fn sign_digest(key: &ExtendedKey, digest: B256) -> Result<Signature, SignError> {
    let (signature, recovery) = key
        .signer()
        .sign_prehash_recoverable(digest.as_slice())
        .map_err(|_| SignError::Signature)?;
    Ok(Signature::new(&signature, recovery))
}

pub(crate) fn recover_digest(digest: B256, signature: &Signature) -> Result<Address, SignError> {
    let (signature, recovery) = signature.parts()?;
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &signature, recovery)
        .map_err(|_| SignError::Signature)?;
    Ok(Address::from_raw_public_key(&uncompressed(&key)[1..]))
}
