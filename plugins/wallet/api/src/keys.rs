//! Keypairs and accounts.

use crate::{Address, KeyUid, PublicKey, Secret, WalletError};
use backplane_sdk::{interface, record};

/// What an account is for.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The chat identity of the profile.
    Chat,
    /// The profile's first wallet account.
    Default,
    /// A further wallet account.
    Wallet,
    /// Somebody's address without its key.
    Watch,
}

/// Where a keypair comes from.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeypairKind {
    /// The profile's own mnemonic.
    Profile,
    /// Another mnemonic.
    Seed,
    /// A single private key.
    Key,
}

/// One address of the profile.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The address.
    pub address: Address,
    /// The address as people see it, with its EIP-55 checksum.
    pub display: String,
    /// Its keypair; none when it is watched only.
    pub key_uid: Option<KeyUid>,
    /// What it is for.
    pub role: Role,
    /// Derivation path below the keypair's master key, `m` for a single key; none when it is watched only.
    pub path: Option<String>,
    /// Its public key; none when it is watched only.
    pub public_key: Option<PublicKey>,
    /// Its name towards people.
    pub name: String,
    /// Unix time in seconds.
    pub created_at: u64,
}

/// A source of accounts.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keypair {
    /// Its name towards machines.
    pub key_uid: KeyUid,
    /// Its name towards people.
    pub name: String,
    /// Where it comes from.
    pub kind: KeypairKind,
    /// Address of the master key, or of the key itself.
    pub derived_from: Address,
    /// Public form (BIP-32 `xpub`) of `m/44'/60'/0'`; none for a single key.
    pub xpub: Option<String>,
}

/// All keypairs and accounts of a profile.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysListing {
    /// The profile's own keypair first, then added ones.
    pub keypairs: Vec<Keypair>,
    /// In order of creation; the chat account and the default wallet first.
    pub accounts: Vec<Account>,
}

/// An address that could become an account.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Its path below the master key.
    pub path: String,
    /// The address.
    pub address: Address,
    /// The address as people see it, with its EIP-55 checksum.
    pub display: String,
    /// Whether it is an account already.
    pub added: bool,
}

/// Keypairs and accounts of the profile that is logged in.
///
/// A profile has at most 5 keypairs, 20 accounts with keys (the chat identity not counted) and 3 watched ones;
/// beyond that the error is `limit`. Without a profile every method answers `logged_out`. Changes need an
/// unlocked session, else the error is `locked`.
#[interface(id = "wallet.keys", version = "1.0.1")]
pub trait Keys {
    /// All keypairs and accounts. Works while locked.
    async fn list(&self) -> Result<KeysListing, WalletError>;

    /// Addresses below a keypair's wallet root. Works while locked.
    ///
    /// Errors: `unknown_keypair`, also for a single key, `limit`.
    async fn preview(
        &self,
        key_uid: KeyUid,
        /// Index of the first one, below 2^31.
        #[default(0)]
        first: u32,
        /// How many, at most 100.
        #[default(10)]
        count: u32,
    ) -> Result<Vec<Preview>, WalletError>;

    /// Adds an account of a keypair.
    ///
    /// Errors: `unknown_keypair`, `account_exists`, `invalid_path`, `no_such_key` for a path below a single key.
    async fn add_account(
        &self,
        key_uid: KeyUid,
        /// Its name towards people, at most 128 bytes.
        name: String,
        /// Its path below the master key, such as `m/44'/60'/0'/0/3`; without one, the next free index below
        /// the wallet root.
        path: Option<String>,
    ) -> Result<Account, WalletError>;

    /// Adds the keypair of another mnemonic, with its first account.
    ///
    /// Errors: `mnemonic_length`, `mnemonic_word`, `mnemonic_checksum`, `keypair_exists`, `account_exists`.
    #[sensitive]
    async fn add_seed(
        &self,
        /// Its name towards people, at most 128 bytes.
        name: String,
        /// English words of BIP-39, separated by any white space.
        mnemonic: Secret,
        /// The passphrase of BIP-39.
        #[default("")]
        passphrase: Secret,
    ) -> Result<Account, WalletError>;

    /// Adds a single private key as a keypair with one account.
    ///
    /// Errors: `invalid_key`, `keypair_exists`, `account_exists`.
    #[sensitive]
    async fn add_private_key(
        &self,
        /// Its name towards people, at most 128 bytes.
        name: String,
        /// 64 hexadecimal digits, with or without `0x`.
        private_key: Secret,
    ) -> Result<Account, WalletError>;

    /// Adds somebody's address to watch.
    ///
    /// Errors: `invalid_address`, `account_exists`.
    async fn add_watch_only(
        &self,
        /// Its name towards people, at most 128 bytes.
        name: String,
        /// `0x` and 40 hexadecimal digits, as a person types or pastes them: mixed case must be the EIP-55
        /// checksum.
        address: String,
    ) -> Result<Account, WalletError>;

    /// Removes an account, and its keypair with its key files if it was the last one of an added keypair.
    /// Accounts of a mnemonic can be added again from it; a private key is gone for ever.
    ///
    /// Errors: `unknown_account`, `not_removable` for the chat account and the default wallet.
    #[sensitive]
    async fn remove_account(&self, address: Address) -> Result<(), WalletError>;

    /// Adds the key of another wallet's key file, as `add_private_key` does.
    ///
    /// Errors: `invalid_key_file`, `wrong_password`, else as `add_private_key`.
    #[sensitive]
    async fn import_key_file(
        &self,
        /// Its name towards people, at most 128 bytes.
        name: String,
        /// The JSON text of the key file (Web3 Secret Storage version 3), at most 64 KiB.
        file: Secret,
        /// The password of the file.
        file_password: Secret,
    ) -> Result<Account, WalletError>;

    /// Encrypts an account's key for another wallet. Answers the JSON text of a key file (Web3 Secret Storage
    /// version 3); it is a secret in so far as whoever has it can try passwords.
    ///
    /// Errors: `wrong_password` when `password` is not the profile's, `unknown_account`.
    #[sensitive]
    async fn export_key_file(
        &self,
        address: Address,
        /// The password of the profile, asked for again.
        password: Secret,
        /// The password that the file gets, at most 1024 bytes.
        file_password: Secret,
    ) -> Result<Secret, WalletError>;
}
