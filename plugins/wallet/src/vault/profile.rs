//! What a profile consists of, apart from its secrets. Kept as plain JSON, like Status' list of
//! profiles: it can be shown before login, and nothing in it opens anything.

use super::error::VaultError;
use crate::address::{Address, KeyUid, PublicKey};
use crate::limits::{self, MAX_ACCOUNTS, MAX_KEYPAIRS, MAX_NAME_BYTES, MAX_WATCH_ONLY};
use serde::{Deserialize, Serialize};

/// The only version so far.
pub(super) const VERSION: u32 = 1;

/// A profile's description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub(super) version: u32,
    /// Its name towards machines: that of its master key.
    pub key_uid: KeyUid,
    /// Its name towards people.
    pub name: String,
    /// Unix time in seconds.
    pub created_at: u64,
    /// The profile's own keypair first, then added ones.
    pub keypairs: Vec<Keypair>,
    /// All accounts in order of creation; the chat account and the default wallet first.
    pub accounts: Vec<Account>,
}

/// Where a keypair comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeypairKind {
    /// The profile's own mnemonic.
    Profile,
    /// Another mnemonic.
    Seed,
    /// A single private key.
    Key,
}

/// A source of accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keypair {
    /// Name of its master key, or of the key itself.
    pub key_uid: KeyUid,
    /// Its name towards people.
    pub name: String,
    /// Where it comes from.
    pub kind: KeypairKind,
    /// Address of the master key, or of the key itself.
    pub derived_from: Address,
    /// Address of the wallet root; none for a single key.
    pub wallet_root: Option<Address>,
    /// Public form of `m/44'/60'/0'`, to show addresses while locked; none for a single key.
    pub xpub: Option<String>,
    /// Index that the next wallet account gets.
    pub next_index: u32,
}

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The chat identity.
    Chat,
    /// The profile's first wallet account.
    Default,
    /// A further wallet account.
    Wallet,
    /// Somebody's address without its key.
    Watch,
}

/// One address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The address.
    pub address: Address,
    /// Its keypair; none when it is watched only.
    pub key_uid: Option<KeyUid>,
    /// What it is for.
    pub role: Role,
    /// Derivation path below the keypair's master key (`m` for a single key).
    pub path: Option<String>,
    /// The public key, in hex; none when it is watched only.
    pub public_key: Option<PublicKey>,
    /// Its name towards people.
    pub name: String,
    /// Unix time in seconds.
    pub created_at: u64,
}

impl Profile {
    /// The chat account.
    #[must_use]
    pub fn chat(&self) -> Option<&Account> {
        self.accounts.iter().find(|a| a.role == Role::Chat)
    }

    /// The account of an address.
    #[must_use]
    pub fn account(&self, address: Address) -> Option<&Account> {
        self.accounts.iter().find(|a| a.address == address)
    }

    /// The keypair of a key identifier.
    #[must_use]
    pub fn keypair(&self, key_uid: KeyUid) -> Option<&Keypair> {
        self.keypairs.iter().find(|k| k.key_uid == key_uid)
    }

    /// Status' limits; the chat account does not count.
    pub(super) fn check_limits(&self) -> Result<(), VaultError> {
        let of = |watch: bool| {
            let wanted = |a: &&Account| a.role != Role::Chat && (a.role == Role::Watch) == watch;
            self.accounts.iter().filter(wanted).count()
        };
        limits::check("accounts", of(false), MAX_ACCOUNTS, "accounts")?;
        limits::check("watch-only accounts", of(true), MAX_WATCH_ONLY, "accounts")?;
        limits::check("keypairs", self.keypairs.len(), MAX_KEYPAIRS, "keypairs")?;
        Ok(())
    }
}

/// Accepts what people may call a profile, keypair or account.
pub(super) fn check_name(name: &str) -> Result<(), VaultError> {
    limits::check("name", name.len(), MAX_NAME_BYTES, "bytes")?;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(VaultError::Name);
    }
    Ok(())
}
