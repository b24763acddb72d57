//! The way from an account to its key, and what is done with it.

use super::create::constant;
use super::envelope::DataKey;
use super::profile::{Account, Keypair, Profile};
use super::session::Grant;
use super::{Vault, VaultError};
use crate::address::{Address, KeyUid};
use crate::derivation::{ExtendedKey, Path, status};
use crate::keystore;
use crate::limits::{self, MAX_CHAT_PAYLOAD_BYTES};
use crate::password::Password;
use crate::sign::{self, Signature, TypedData};
use alloy_primitives::keccak256;
use std::sync::Arc;

impl Vault {
    /// Signs as `personal_sign` with an account's key. The first use of a key after login takes a
    /// key file's decryption (about 0.1 s at the default cost), later ones a few milliseconds.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::LoggedOut`], [`VaultError::UnknownAccount`],
    /// [`VaultError::Sign`], [`VaultError::Damaged`].
    pub fn personal_sign(&self, address: Address, message: &[u8]) -> Result<Signature, VaultError> {
        let key = self.key(address)?;
        Ok(sign::personal_sign(&key, message)?)
    }

    /// Signs as `eth_signTypedData_v4` with an account's key.
    ///
    /// # Errors
    /// As [`Vault::personal_sign`].
    pub fn sign_typed_data(&self, address: Address, document: &TypedData) -> Result<Signature, VaultError> {
        let key = self.key(address)?;
        Ok(sign::typed_data_v4(&key, document)?)
    }

    /// Signs the Keccak-256 of `payload` with the chat key, as Status' application messages are
    /// signed (there the last byte is written as 0 or 1).
    ///
    /// # Errors
    /// As [`Vault::personal_sign`]; [`VaultError::Limit`] above [`MAX_CHAT_PAYLOAD_BYTES`].
    pub fn sign_chat(&self, payload: &[u8]) -> Result<Signature, VaultError> {
        limits::check("payload", payload.len(), MAX_CHAT_PAYLOAD_BYTES, "bytes")?;
        let profile = self.profile()?;
        let chat = profile.chat().ok_or(VaultError::UnknownAccount {
            address: Address::ZERO,
        })?;
        let key = self.key(chat.address)?;
        Ok(sign::sign_digest(&key, keccak256(payload))?)
    }

    /// Encrypts an account's key for another wallet, under a password of its own.
    ///
    /// # Errors
    /// [`VaultError::WrongPassword`] when `password` is not the profile's, else as
    /// [`Vault::personal_sign`].
    pub fn export_key_file(
        &self,
        address: Address,
        password: &Password,
        file_password: &Password,
    ) -> Result<Vec<u8>, VaultError> {
        self.verify_password(self.session.key_uid()?, password)?;
        let key = self.key(address)?;
        let cost = self.config.envelope_cost;
        let file = keystore::encrypt(&key, file_password, cost)?;
        tracing::info!(%address, "key exported");
        Ok(file)
    }

    /// The key of an account, from memory or else from its file or that of an ancestor.
    fn key(&self, address: Address) -> Result<Arc<ExtendedKey>, VaultError> {
        if let Some(key) = self.session.key(address)? {
            return Ok(key);
        }
        let grant = self.session.grant()?;
        let profile = self.store.profile(grant.key_uid)?;
        let account = profile
            .account(address)
            .ok_or(VaultError::UnknownAccount { address })?;
        let key = match self.load_file(grant.key_uid, &grant.data_key, address)? {
            Some(key) => key,
            None => self.derive_account(&grant, &profile, account)?,
        };
        // The description is not protected: never sign for an address that it made up.
        if key.address() != address {
            return Err(VaultError::Damaged {
                key_uid: grant.key_uid,
                file: "profile.json".to_owned(),
                reason: format!("account {address} is not at its path"),
            });
        }
        let key = Arc::new(key);
        self.session.keep(&grant, Arc::clone(&key))?;
        Ok(key)
    }

    fn derive_account(
        &self,
        grant: &Grant,
        profile: &Profile,
        account: &Account,
    ) -> Result<ExtendedKey, VaultError> {
        let address = account.address;
        let keypair = account
            .key_uid
            .and_then(|key_uid| profile.keypair(key_uid))
            .ok_or(VaultError::UnknownAccount { address })?;
        let path = account.path.as_deref().unwrap_or_default();
        let path: Path = path.parse().map_err(|_| VaultError::Damaged {
            key_uid: grant.key_uid,
            file: "profile.json".to_owned(),
            reason: format!("account {address} has no valid path"),
        })?;
        self.derive(grant, keypair, &path)
    }

    /// A key below a keypair's master key. The master key itself is only decrypted for paths that
    /// do not lie below the wallet root.
    pub(super) fn derive(
        &self,
        grant: &Grant,
        keypair: &Keypair,
        path: &Path,
    ) -> Result<ExtendedKey, VaultError> {
        let below = path.below(&constant(status::WALLET_ROOT));
        let (ancestor, rest) = match (keypair.wallet_root, below) {
            (Some(root), Some(rest)) => (root, rest),
            _ => (keypair.derived_from, path.clone()),
        };
        let ancestor = match self.session.key(ancestor)? {
            Some(key) => key,
            None => {
                let key = self
                    .load_file(grant.key_uid, &grant.data_key, ancestor)?
                    .ok_or(VaultError::UnknownAccount { address: ancestor })?;
                Arc::new(key)
            }
        };
        let key = ancestor.derive(&rest)?;
        if !rest.is_empty() && Some(ancestor.address()) == keypair.wallet_root {
            self.session.keep(grant, ancestor)?;
        }
        Ok(key)
    }

    /// The key in the file of `address`, if there is such a file.
    pub(super) fn load_file(
        &self,
        key_uid: KeyUid,
        data_key: &DataKey,
        address: Address,
    ) -> Result<Option<ExtendedKey>, VaultError> {
        let Some(file) = self.store.key_file(key_uid, address)? else {
            return Ok(None);
        };
        let damaged = |reason: String| VaultError::Damaged {
            key_uid,
            file: format!("key file of {address}"),
            reason,
        };
        let key =
            keystore::decrypt(&file, &data_key.password()?).map_err(|error| damaged(error.to_string()))?;
        if key.address() != address {
            return Err(damaged("it has the key of another address".to_owned()));
        }
        Ok(Some(key))
    }
}
