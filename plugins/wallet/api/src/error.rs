//! What can go wrong with a wallet.

use crate::{Address, KeyUid};
use backplane_sdk::record;

/// Why a call on the wallet failed. No case carries a secret or content that was refused.
#[record]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// An input is too large, or a profile is full.
    #[error("{field} exceeds the limit of {limit} {unit}")]
    Limit {
        /// Which input.
        field: String,
        /// The largest accepted value.
        limit: u64,
        /// What the limit counts: bytes, accounts and so on.
        unit: String,
    },
    /// The mnemonic has not one of the five legal lengths.
    #[error("mnemonic has {count} words; it must have 12, 15, 18, 21 or 24")]
    MnemonicLength {
        /// Words found or asked for.
        count: u32,
    },
    /// A word of the mnemonic is not in the English list.
    #[error("word {position} of the mnemonic is not in the English word list")]
    MnemonicWord {
        /// Its place, counted from 1.
        position: u32,
    },
    /// The words of the mnemonic are legal, but their checksum is wrong.
    #[error("mnemonic has a wrong checksum")]
    MnemonicChecksum,
    /// The text is no private key.
    #[error("{reason}")]
    InvalidKey {
        /// What is wrong with it.
        reason: String,
    },
    /// The keypair has no key at this path; a single private key has none but its own.
    #[error("{reason}")]
    NoSuchKey {
        /// Why not.
        reason: String,
    },
    /// The text is no derivation path.
    #[error("{reason}")]
    InvalidPath {
        /// What is wrong with it.
        reason: String,
    },
    /// The text is no address, or its EIP-55 checksum is wrong.
    #[error("{reason}")]
    InvalidAddress {
        /// What is wrong with it.
        reason: String,
    },
    /// The name is empty or has control characters.
    #[error("name is empty or has control characters")]
    InvalidName,
    /// The key file was refused.
    #[error("{reason}")]
    InvalidKeyFile {
        /// What is wrong with it.
        reason: String,
    },
    /// The typed data was refused.
    #[error("{reason}")]
    InvalidTypedData {
        /// What is wrong with it.
        reason: String,
    },
    /// The typed data is for another chain than the caller expects.
    #[error("typed data is for chain {found}, not for chain {expected}")]
    WrongChain {
        /// What the caller expects.
        expected: u64,
        /// What the domain says, in decimal; it may be larger than any real one.
        found: String,
    },
    /// Not a canonical recoverable signature (low `s`, `v` of 27, 28, 0 or 1) by any key.
    #[error("signature is not a valid 65 byte recoverable signature")]
    InvalidSignature,
    /// The password is wrong.
    #[error("wrong password")]
    WrongPassword,
    /// The password is too short for a profile.
    #[error("password is shorter than {min} characters")]
    PasswordTooShort {
        /// Least number of characters.
        min: u32,
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
    /// The profile has no such keypair, or it has no addresses to preview.
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
    /// A file of a profile cannot be used. Other profiles are not affected.
    #[error("file {file} of profile {key_uid} is damaged: {reason}")]
    Damaged {
        /// The profile that it belongs to.
        key_uid: KeyUid,
        /// Name of the file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else was changing the wallet's folder or the same file. Worth another try.
    #[error("the wallet directory is busy")]
    Busy,
    /// So many calls wait already that this one was not taken. Worth another try.
    #[error("{waiting} calls wait for the wallet already")]
    Overloaded {
        /// How many wait.
        waiting: u32,
    },
    /// The operating system refused to read or write.
    #[error("could not {action}: {reason}")]
    Io {
        /// What was tried.
        action: String,
        /// The reason.
        reason: String,
    },
    /// The random source of the operating system failed.
    #[error("the random source of the operating system failed")]
    Random,
    /// The wallet is being stopped.
    #[error("the wallet is being stopped")]
    Stopping,
}
