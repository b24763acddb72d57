//! What can go wrong with a vault.

use crate::address::{Address, KeyUid};
use crate::derivation::DerivationError;
use crate::keystore::KeystoreError;
use crate::limits::LimitExceeded;
use crate::mnemonic::MnemonicError;
use crate::sign::SignError;
use std::io;

/// Why a call on the vault failed. No variant carries a secret or a file's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// An input is too large, or a profile is full.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The mnemonic was refused.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// The key was refused.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
    /// The message was refused.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A key file that the caller gave was refused.
    #[error(transparent)]
    Keystore(KeystoreError),
    /// The password is wrong.
    #[error("wrong password")]
    WrongPassword,
    /// The password is too short for a profile.
    #[error("password is shorter than {min} characters")]
    PasswordTooShort {
        /// Least number of characters.
        min: usize,
    },
    /// The name is empty or has control characters.
    #[error("name is empty or has control characters")]
    Name,
    /// There is no such profile.
    #[error("there is no profile {key_uid}")]
    UnknownProfile {
        /// The profile asked for.
        key_uid: KeyUid,
    },
    /// A profile of this mnemonic is there already.
    #[error("profile {key_uid} exists already")]
    ProfileExists {
        /// The profile that exists.
        key_uid: KeyUid,
    },
    /// A file of a profile cannot be used. Other profiles are not affected.
    #[error("file {file} of profile {key_uid} is damaged: {reason}")]
    Damaged {
        /// The profile it belongs to.
        key_uid: KeyUid,
        /// Name of the file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No profile is logged in.
    #[error("no profile is logged in")]
    LoggedOut,
    /// The profile is locked; its password is needed.
    #[error("the profile is locked")]
    Locked,
    /// Another profile is logged in.
    #[error("profile {key_uid} is logged in")]
    LoggedIn {
        /// The profile that is logged in.
        key_uid: KeyUid,
    },
    /// The profile has no such account, or it is watched only and has no key.
    #[error("there is no account {address} with a key")]
    UnknownAccount {
        /// The account asked for.
        address: Address,
    },
    /// The profile has this account already.
    #[error("account {address} exists already")]
    AccountExists {
        /// The account that exists.
        address: Address,
    },
    /// The profile has no such keypair.
    #[error("there is no keypair {key_uid}")]
    UnknownKeypair {
        /// The keypair asked for.
        key_uid: KeyUid,
    },
    /// The profile has this keypair already.
    #[error("keypair {key_uid} exists already")]
    KeypairExists {
        /// The keypair that exists.
        key_uid: KeyUid,
    },
    /// The chat account and the default wallet cannot be removed.
    #[error("account {address} belongs to the profile and cannot be removed")]
    NotRemovable {
        /// The account.
        address: Address,
    },
    /// Another process was changing the directory all the time.
    #[error("the wallet directory is busy")]
    Busy,
    /// The operating system refused to read or write.
    #[error("could not {action}: {kind}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The reason.
        kind: io::ErrorKind,
    },
}

impl From<KeystoreError> for VaultError {
    fn from(error: KeystoreError) -> Self {
        match error {
            KeystoreError::WrongPassword => Self::WrongPassword,
            other => Self::Keystore(other),
        }
    }
}

/// Names the action that failed.
pub(super) fn io_error(action: &'static str) -> impl FnOnce(io::Error) -> VaultError {
    move |error| VaultError::Io {
        action,
        kind: error.kind(),
    }
}
