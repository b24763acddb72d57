//! Profiles and the session.

use crate::{Address, KeyUid, PublicKey, Secret, WalletError};
use backplane_sdk::{interface, record};

/// A profile, as it can be shown to anybody, before login too.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileInfo {
    /// Its name towards machines: that of its master key.
    pub key_uid: KeyUid,
    /// Its name towards people.
    pub name: String,
    /// Unix time in seconds.
    pub created_at: u64,
    /// The address of its chat identity.
    pub chat_address: Option<Address>,
    /// The public key of its chat identity.
    pub chat_public_key: Option<PublicKey>,
}

/// One line of the list of profiles. Exactly one of `profile` and `problem` is there.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProfile {
    /// Its name towards machines.
    pub key_uid: KeyUid,
    /// Its description.
    pub profile: Option<ProfileInfo>,
    /// Why its description cannot be read.
    pub problem: Option<WalletError>,
}

/// A profile that was just made.
#[record]
#[derive(Debug, Clone)]
pub struct Created {
    /// The profile.
    pub profile: ProfileInfo,
    /// The words from which it can be restored. This is the only copy: they are not stored anywhere, and no
    /// method gives them again.
    pub mnemonic: Secret,
}

/// Who is logged in.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionState {
    /// No profile is logged in.
    LoggedOut,
    /// A profile is logged in, but its keys are wiped from memory; its password unlocks it.
    Locked {
        /// Which one.
        key_uid: KeyUid,
    },
    /// A profile is logged in and can sign.
    Unlocked {
        /// Which one.
        key_uid: KeyUid,
    },
}

/// The session at this moment.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who is logged in.
    pub state: SessionState,
    /// Time in milliseconds until an unlocked session locks itself if it is not used; none if it never does.
    pub locks_in_ms: Option<u64>,
}

/// Profiles, and the session of the one that is logged in.
///
/// A profile stands on one mnemonic, from which its chat identity and its first wallet account derive by Status'
/// paths. At most one profile is logged in. Methods with a password take about a second, as the password is
/// stretched; so many of them run at a time that memory stays bounded, further ones wait, and beyond 32 that
/// wait are refused with `overloaded`.
#[interface(id = "wallet.profile", version = "1.0.1")]
pub trait Profile {
    /// Makes a profile with a new mnemonic and logs it in.
    ///
    /// Errors: `invalid_name`, `limit`, `mnemonic_length`, `password_too_short`, `logged_in`, `io`.
    #[sensitive]
    async fn create(
        &self,
        /// Its name towards people, at most 128 bytes.
        name: String,
        /// At least 8 characters, at most 1024 bytes.
        password: Secret,
        /// Length of the mnemonic: 12, 15, 18, 21 or 24.
        #[default(12)]
        words: u32,
    ) -> Result<Created, WalletError>;

    /// Makes a profile from a mnemonic and logs it in.
    ///
    /// Errors: as `create`, and `mnemonic_word`, `mnemonic_checksum`, `profile_exists`.
    #[sensitive]
    async fn restore(
        &self,
        /// Its name towards people, at most 128 bytes.
        name: String,
        /// English words of BIP-39, separated by any white space.
        mnemonic: Secret,
        /// At least 8 characters, at most 1024 bytes.
        password: Secret,
        /// The passphrase of BIP-39. That of Status' profiles is empty.
        #[default("")]
        passphrase: Secret,
        /// Takes a mnemonic whose checksum is wrong. Status' own import does not look at it, so that a profile
        /// may stand on such words.
        #[default(false)]
        allow_bad_checksum: bool,
    ) -> Result<ProfileInfo, WalletError>;

    /// All profiles. One that is damaged is listed with the reason and does not hide others.
    async fn list(&self) -> Result<Vec<ListedProfile>, WalletError>;

    /// Logs a profile in, or unlocks it if it is logged in already.
    ///
    /// Errors: `wrong_password`, `unknown_profile`, `logged_in` when another one is, `damaged`.
    #[sensitive]
    async fn login(&self, key_uid: KeyUid, password: Secret) -> Result<ProfileInfo, WalletError>;

    /// Unlocks the profile that is logged in.
    ///
    /// Errors: `logged_out`, else as `login`.
    #[sensitive]
    async fn unlock(&self, password: Secret) -> Result<ProfileInfo, WalletError>;

    /// Wipes all keys from memory; the profile stays logged in.
    fn lock(&self);

    /// Wipes all keys from memory and forgets the profile.
    fn logout(&self);

    /// The session. Asking does not count as use.
    fn state(&self) -> Session;

    /// Replaces a profile's password, logged in or not. After a crash either the old or the new one is valid.
    ///
    /// Errors: `wrong_password`, `password_too_short`, `unknown_profile`, `damaged`, `busy`.
    #[sensitive]
    async fn change_password(&self, key_uid: KeyUid, old: Secret, new: Secret) -> Result<(), WalletError>;

    /// Deletes a profile and its keys for ever, logging it out if need be. One whose password file is damaged
    /// can never be opened again and needs no password.
    ///
    /// Errors: `wrong_password`, `unknown_profile`, `io`.
    #[sensitive]
    async fn delete(&self, key_uid: KeyUid, password: Secret) -> Result<(), WalletError>;

    /// The session changed: by a call, or because it locked itself. Carries the newest state; steps that follow
    /// each other faster than events are taken may be told as one, and after a swap of the wallet the same one may
    /// be told again. A swap locks the session.
    #[event(retained)]
    fn session_changed(state: SessionState);
}
