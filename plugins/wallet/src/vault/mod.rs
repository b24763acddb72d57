//! A directory of profiles, and the one that is logged in.

mod accounts;
mod create;
mod envelope;
mod error;
mod keys;
mod profile;
mod session;
mod store;

pub use accounts::Preview;
pub use error::VaultError;
pub use profile::{Account, Keypair, KeypairKind, Profile, Role};
pub use session::SessionState;

use crate::address::KeyUid;
use crate::clock::{Clock, SystemClock};
use crate::keystore::{KeystoreError, ScryptParams};
use crate::limits::MIN_PROFILE_PASSWORD_CHARS;
use crate::password::Password;
use envelope::DataKey;
use session::Session;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// How a vault works.
#[derive(Debug, Clone)]
pub struct VaultConfig {
    /// Cost of key files that are written. Their password is a random key, so light is enough.
    pub key_file_cost: ScryptParams,
    /// Cost of password envelopes that are written.
    pub envelope_cost: ScryptParams,
    /// Idle time after which the session locks itself; none for never.
    pub auto_lock: Option<Duration>,
    /// Source of time.
    pub clock: Arc<dyn Clock>,
}

impl Default for VaultConfig {
    fn default() -> Self {
        Self {
            key_file_cost: ScryptParams::LIGHT,
            envelope_cost: ScryptParams::STANDARD,
            auto_lock: None,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

/// One line of the list of profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProfile {
    /// The profile.
    pub key_uid: KeyUid,
    /// Its description, or why that cannot be read.
    pub profile: Result<Profile, VaultError>,
}

/// A directory of profiles with at most one logged in.
///
/// All methods block, those with a password for as long as its stretching takes (about a second
/// and 256 MiB at the default cost), and may be called from any thread. Two vaults may share a
/// directory; changes are made one at a time.
#[derive(Debug)]
pub struct Vault {
    store: Store,
    session: Session,
    config: VaultConfig,
}

impl Vault {
    /// Opens a directory, making it if need be, and removes what a crash left unfinished.
    ///
    /// # Errors
    /// [`VaultError::Io`] when it cannot be made or read.
    pub fn open(directory: &Path, config: VaultConfig) -> Result<Self, VaultError> {
        Ok(Self {
            store: Store::open(directory)?,
            session: Session::new(Arc::clone(&config.clock), config.auto_lock),
            config,
        })
    }

    /// All profiles. One that is damaged is listed with the reason and does not hide others.
    ///
    /// # Errors
    /// [`VaultError::Io`], or [`VaultError::Limit`] when there are too many.
    pub fn list(&self) -> Result<Vec<ListedProfile>, VaultError> {
        let listed = |key_uid| ListedProfile {
            key_uid,
            profile: self.store.profile(key_uid),
        };
        Ok(self.store.key_uids()?.into_iter().map(listed).collect())
    }

    /// The session. Asking does not count as use, and locks the session if its time is over.
    #[must_use]
    pub fn state(&self) -> SessionState {
        self.session.state()
    }

    /// Logs a profile in, or unlocks it if it is logged in already.
    ///
    /// # Errors
    /// [`VaultError::WrongPassword`], [`VaultError::UnknownProfile`], [`VaultError::LoggedIn`]
    /// when another profile is, [`VaultError::Damaged`].
    pub fn login(&self, key_uid: KeyUid, password: &Password) -> Result<Profile, VaultError> {
        self.session.check_free_for(Some(key_uid))?;
        let data_key = self.open_envelope(key_uid, password).inspect_err(|error| {
            tracing::warn!(%key_uid, %error, "login refused");
        })?;
        let profile = self.store.profile(key_uid)?;
        let chat = profile.chat().ok_or_else(|| VaultError::Damaged {
            key_uid,
            file: "profile.json".to_owned(),
            reason: "it has no chat account".to_owned(),
        })?;
        // Shows that password envelope and key files belong together.
        let chat = self.load_file(key_uid, &data_key, chat.address)?;
        self.session
            .unlock(key_uid, data_key, chat.into_iter().collect())?;
        tracing::info!(%key_uid, "profile logged in");
        Ok(profile)
    }

    /// Unlocks the profile that is logged in.
    ///
    /// # Errors
    /// [`VaultError::LoggedOut`], else as [`Vault::login`].
    pub fn unlock(&self, password: &Password) -> Result<Profile, VaultError> {
        self.login(self.session.key_uid()?, password)
    }

    /// Logs a profile in without its keys, as it is after [`Vault::lock`]: for the successor of a vault that had
    /// it logged in.
    ///
    /// # Errors
    /// [`VaultError::UnknownProfile`] when it was deleted meanwhile, [`VaultError::LoggedIn`] when another
    /// profile is logged in.
    pub fn resume(&self, key_uid: KeyUid) -> Result<(), VaultError> {
        if !self.store.exists(key_uid) {
            return Err(VaultError::UnknownProfile { key_uid });
        }
        self.session.resume(key_uid)
    }

    /// Wipes all keys from memory; the profile stays logged in.
    pub fn lock(&self) {
        if self.session.lock() {
            tracing::info!("profile locked");
        }
    }

    /// Wipes all keys from memory and forgets the profile.
    pub fn logout(&self) {
        if let Some(key_uid) = self.session.close() {
            tracing::info!(%key_uid, "profile logged out");
        }
    }

    /// Replaces a profile's password; logged in or not makes no difference. After a crash either
    /// the old or the new one is valid.
    ///
    /// # Errors
    /// [`VaultError::WrongPassword`], [`VaultError::PasswordTooShort`],
    /// [`VaultError::UnknownProfile`], [`VaultError::Busy`] when it was changed by somebody else
    /// at the same time.
    pub fn change_password(&self, key_uid: KeyUid, old: &Password, new: &Password) -> Result<(), VaultError> {
        check_strength(new)?;
        let before = self.store.envelope(key_uid)?;
        let data_key = self.unwrap(&before, key_uid, old)?;
        let after = envelope::wrap(&data_key, key_uid, new, self.config.envelope_cost)?;
        let _lock = self.store.lock()?;
        if self.store.envelope(key_uid)? != before {
            return Err(VaultError::Busy);
        }
        self.store.write_envelope(key_uid, &after)?;
        tracing::info!(%key_uid, "password changed");
        Ok(())
    }

    /// Deletes a profile and its keys for ever, logging it out if need be. One whose password
    /// envelope is damaged can never be opened again and needs no password.
    ///
    /// # Errors
    /// [`VaultError::WrongPassword`], [`VaultError::UnknownProfile`], [`VaultError::Io`].
    pub fn delete(&self, key_uid: KeyUid, password: &Password) -> Result<(), VaultError> {
        match self.open_envelope(key_uid, password) {
            Ok(_) | Err(VaultError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
        self.store.delete(key_uid)?;
        if self.session.key_uid() == Ok(key_uid) {
            self.session.close();
        }
        tracing::info!(%key_uid, "profile deleted");
        Ok(())
    }

    /// Passes when the password is the one of the profile.
    ///
    /// # Errors
    /// [`VaultError::WrongPassword`], [`VaultError::UnknownProfile`], [`VaultError::Damaged`].
    pub fn verify_password(&self, key_uid: KeyUid, password: &Password) -> Result<(), VaultError> {
        self.open_envelope(key_uid, password).map(drop)
    }

    fn open_envelope(&self, key_uid: KeyUid, password: &Password) -> Result<DataKey, VaultError> {
        self.unwrap(&self.store.envelope(key_uid)?, key_uid, password)
    }

    fn unwrap(&self, file: &[u8], key_uid: KeyUid, password: &Password) -> Result<DataKey, VaultError> {
        envelope::unwrap(file, key_uid, password).map_err(|error| match error {
            KeystoreError::WrongPassword => VaultError::WrongPassword,
            other => self.store.envelope_damage(key_uid, other.to_string()),
        })
    }

    fn unix_time(&self) -> u64 {
        self.config
            .clock
            .wall()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
    }
}

fn check_strength(password: &Password) -> Result<(), VaultError> {
    if password.chars() < MIN_PROFILE_PASSWORD_CHARS {
        return Err(VaultError::PasswordTooShort {
            min: MIN_PROFILE_PASSWORD_CHARS,
        });
    }
    Ok(())
}
