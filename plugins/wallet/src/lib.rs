//! The wallet plugin: mnemonics, Status' key derivation, key files, profiles and message signing.
//!
//! [`plugin`] makes a module of it. The rest is a plain blocking library. [`Vault`] is the door:
//! it owns one directory of profiles and the unlocked session. The modules below it are pure and
//! may be used alone:
//! [`mnemonic`] (BIP-39), [`derivation`] (BIP-32 with Status' paths), [`keystore`] (Web3 Secret
//! Storage v3 in the Status dialect) and [`sign`] (EIP-191, EIP-712).
//!
//! Secrets are wiped when dropped and never appear in `Debug`, in an error text or in a trace.

pub mod address;
pub mod clock;
pub mod derivation;
mod files;
pub mod keystore;
pub mod limits;
pub mod mnemonic;
pub mod password;
pub mod plugin;
pub mod sign;
pub mod vault;

pub use address::{Address, KeyUid};
pub use limits::LimitExceeded;
pub use password::Password;
pub use vault::{Vault, VaultConfig, VaultError};
