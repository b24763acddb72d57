//! BIP-32 keys and Status' derivation paths.

mod key;
mod path;

pub use key::{DerivationError, ExtendedKey, PublicNode};
pub use path::{Path, PathError};

/// Status' paths; the same in every version of status-go and nim-status.
pub mod status {
    /// Node whose public form is kept with a keypair, so that addresses can be shown while locked.
    pub const WALLET_ACCOUNT: &str = "m/44'/60'/0'";
    /// Parent of all wallet accounts.
    pub const WALLET_ROOT: &str = "m/44'/60'/0'/0";
    /// The first wallet account.
    pub const DEFAULT_WALLET: &str = "m/44'/60'/0'/0/0";
    /// Root of the keys that hold no funds (EIP-1581).
    pub const EIP1581_ROOT: &str = "m/43'/60'/1581'";
    /// The chat identity; its last level is not hardened.
    pub const CHAT: &str = "m/43'/60'/1581'/0'/0";
    /// The encryption key.
    pub const ENCRYPTION: &str = "m/43'/60'/1581'/1'/0";
}
