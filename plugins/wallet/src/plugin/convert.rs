//! The engine's types as the contract's.

use crate::address::{Address, AddressError, KeyUid};
use crate::derivation::{DerivationError, PathError};
use crate::keystore::KeystoreError;
use crate::limits::LimitExceeded;
use crate::mnemonic::MnemonicError;
use crate::sign::SignError;
use crate::vault::{self, VaultError};
use wallet_api as api;
use wallet_api::WalletError;

pub(super) fn uid(uid: KeyUid) -> api::KeyUid {
    uid.to_bytes().into()
}

pub(super) fn engine_uid(uid: api::KeyUid) -> KeyUid {
    KeyUid::from_bytes(uid.0)
}

pub(super) fn address(address: Address) -> api::Address {
    address.into_array().into()
}

pub(super) fn engine_address(address: api::Address) -> Address {
    Address::from(address.0)
}

pub(super) fn profile(profile: &vault::Profile) -> api::ProfileInfo {
    let chat = profile.chat();
    api::ProfileInfo {
        key_uid: uid(profile.key_uid),
        name: profile.name.clone(),
        created_at: profile.created_at,
        chat_address: chat.map(|it| address(it.address)),
        chat_public_key: chat.and_then(|it| it.public_key).map(|it| it.to_bytes().into()),
    }
}

pub(super) fn account(account: vault::Account) -> api::Account {
    api::Account {
        address: address(account.address),
        display: account.address.to_checksum(None),
        key_uid: account.key_uid.map(uid),
        role: match account.role {
            vault::Role::Chat => api::Role::Chat,
            vault::Role::Default => api::Role::Default,
            vault::Role::Wallet => api::Role::Wallet,
            vault::Role::Watch => api::Role::Watch,
        },
        path: account.path,
        public_key: account.public_key.map(|it| it.to_bytes().into()),
        name: account.name,
        created_at: account.created_at,
    }
}

pub(super) fn keypair(keypair: vault::Keypair) -> api::Keypair {
    api::Keypair {
        key_uid: uid(keypair.key_uid),
        name: keypair.name,
        kind: match keypair.kind {
            vault::KeypairKind::Profile => api::KeypairKind::Profile,
            vault::KeypairKind::Seed => api::KeypairKind::Seed,
            vault::KeypairKind::Key => api::KeypairKind::Key,
        },
        derived_from: address(keypair.derived_from),
        xpub: keypair.xpub,
    }
}

pub(super) fn preview(preview: &vault::Preview) -> api::Preview {
    api::Preview {
        path: preview.path.to_string(),
        address: address(preview.address),
        display: preview.address.to_checksum(None),
        added: preview.added,
    }
}

impl From<LimitExceeded> for WalletError {
    fn from(limit: LimitExceeded) -> Self {
        Self::Limit {
            field: limit.field.to_owned(),
            limit: limit.limit,
            unit: limit.unit.to_owned(),
        }
    }
}

impl From<MnemonicError> for WalletError {
    fn from(error: MnemonicError) -> Self {
        let small = |number| u32::try_from(number).unwrap_or(u32::MAX);
        match error {
            MnemonicError::Limit(limit) => limit.into(),
            MnemonicError::WordCount { count } => Self::MnemonicLength { count: small(count) },
            MnemonicError::UnknownWord { position } => Self::MnemonicWord {
                position: small(position),
            },
            MnemonicError::Checksum => Self::MnemonicChecksum,
            MnemonicError::Random => Self::Random,
        }
    }
}

impl From<DerivationError> for WalletError {
    fn from(error: DerivationError) -> Self {
        let reason = error.to_string();
        match error {
            DerivationError::PlainKey | DerivationError::NoSuchChild => Self::NoSuchKey { reason },
            DerivationError::Xprv | DerivationError::Xpub | DerivationError::PrivateKey => {
                Self::InvalidKey { reason }
            }
        }
    }
}

impl From<PathError> for WalletError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Limit(limit) => limit.into(),
            PathError::Segment { .. } | PathError::Parent => Self::InvalidPath {
                reason: error.to_string(),
            },
        }
    }
}

impl From<AddressError> for WalletError {
    fn from(error: AddressError) -> Self {
        Self::InvalidAddress {
            reason: error.to_string(),
        }
    }
}

impl From<KeystoreError> for WalletError {
    fn from(error: KeystoreError) -> Self {
        match error {
            KeystoreError::Limit(limit) => limit.into(),
            KeystoreError::WrongPassword => Self::WrongPassword,
            KeystoreError::Random => Self::Random,
            other => Self::InvalidKeyFile {
                reason: other.to_string(),
            },
        }
    }
}

impl From<SignError> for WalletError {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Limit(limit) => limit.into(),
            SignError::Signature => Self::InvalidSignature,
            SignError::ChainId { expected, found } => Self::WrongChain { expected, found },
            other => Self::InvalidTypedData {
                reason: other.to_string(),
            },
        }
    }
}

impl From<VaultError> for WalletError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Limit(limit) => limit.into(),
            VaultError::Mnemonic(error) => error.into(),
            VaultError::Derivation(error) => error.into(),
            VaultError::Sign(error) => error.into(),
            VaultError::Keystore(error) => error.into(),
            VaultError::WrongPassword => Self::WrongPassword,
            VaultError::PasswordTooShort { min } => Self::PasswordTooShort {
                min: u32::try_from(min).unwrap_or(u32::MAX),
            },
            VaultError::Name => Self::InvalidName,
            VaultError::UnknownProfile { key_uid } => Self::UnknownProfile {
                key_uid: uid(key_uid),
            },
            VaultError::ProfileExists { key_uid } => Self::ProfileExists {
                key_uid: uid(key_uid),
            },
            VaultError::Damaged {
                key_uid,
                file,
                reason,
            } => Self::Damaged {
                key_uid: uid(key_uid),
                file,
                reason,
            },
            VaultError::LoggedOut => Self::LoggedOut,
            VaultError::Locked => Self::Locked,
            VaultError::LoggedIn { key_uid } => Self::LoggedIn {
                key_uid: uid(key_uid),
            },
            VaultError::UnknownAccount { address: it } => Self::UnknownAccount { address: address(it) },
            VaultError::AccountExists { address: it } => Self::AccountExists { address: address(it) },
            VaultError::UnknownKeypair { key_uid } => Self::UnknownKeypair {
                key_uid: uid(key_uid),
            },
            VaultError::KeypairExists { key_uid } => Self::KeypairExists {
                key_uid: uid(key_uid),
            },
            VaultError::NotRemovable { address: it } => Self::NotRemovable { address: address(it) },
            VaultError::Busy => Self::Busy,
            VaultError::Io { action, kind } => Self::Io {
                action: action.to_owned(),
                reason: kind.to_string(),
            },
        }
    }
}
