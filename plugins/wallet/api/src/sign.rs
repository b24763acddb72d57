//! Signatures.

use crate::{Address, Signature, WalletError};
use backplane_sdk::{Bytes, interface};

/// Signs with the keys of the profile that is logged in, and checks signatures.
///
/// Signing counts as use of the session. The first signature by a key after login decrypts its key file (about
/// 0.1 s), later ones take a few milliseconds. Without an unlocked session the error is `logged_out` or
/// `locked`; checking needs no session. Signatures are deterministic (RFC 6979).
#[interface(id = "wallet.sign", version = "1.0.1")]
pub trait Sign {
    /// Signs as `personal_sign` does (EIP-191 version 0x45).
    ///
    /// Errors: `unknown_account`, `limit`, `damaged`.
    #[sensitive]
    async fn personal_sign(
        &self,
        address: Address,
        /// The bytes to sign, at most 64 KiB.
        message: Bytes,
    ) -> Result<Signature, WalletError>;

    /// Signs as `eth_signTypedData_v4` does (EIP-712).
    ///
    /// Errors: `invalid_typed_data`, `wrong_chain`, else as `personal_sign`.
    #[sensitive]
    async fn typed_data_v4(
        &self,
        address: Address,
        /// The JSON document with `types`, `primaryType`, `domain` and `message`, at most 128 KiB.
        document: String,
        /// Refuses a domain that names another chain; one that names none passes.
        chain: Option<u64>,
    ) -> Result<Signature, WalletError>;

    /// Signs the Keccak-256 of the payload with the chat identity, as Status' application messages are signed;
    /// on Status' wire the last byte is 0 or 1, that is, 27 less.
    ///
    /// Errors: `limit`, `damaged`.
    #[sensitive]
    async fn sign_chat(
        &self,
        /// The bytes to sign, at most 1 MiB.
        payload: Bytes,
    ) -> Result<Signature, WalletError>;

    /// The address whose key signed `message` with `personal_sign`. Every well-formed signature has one:
    /// compare it with the one that you expect.
    ///
    /// Errors: `invalid_signature`, `limit`.
    fn recover(&self, message: Bytes, signature: Signature) -> Result<Address, WalletError>;

    /// Whether `address` signed `message` with `personal_sign`.
    ///
    /// Errors: `invalid_signature` for what nobody can have made, `limit`.
    fn verify(&self, address: Address, message: Bytes, signature: Signature) -> Result<bool, WalletError>;

    /// The address whose key signed the document with `typed_data_v4`.
    ///
    /// Errors: `invalid_signature`, `invalid_typed_data`, `wrong_chain`, `limit`.
    async fn recover_typed_data(
        &self,
        document: String,
        chain: Option<u64>,
        signature: Signature,
    ) -> Result<Address, WalletError>;
}
