//! What can be set, and what crosses a swap.

use crate::keystore::ScryptParams;
use crate::limits::MAX_AUTO_LOCK;
use crate::vault::VaultConfig;
use backplane_sdk::record;
use std::time::Duration;
use wallet_api::KeyUid;

/// What scrypt costs whoever tries passwords, and the wallet itself.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// N = 2^12, r = 8, p = 6: 4 MiB and about 0.1 s.
    Light,
    /// N = 2^18, r = 8, p = 1: 256 MiB and about a second.
    Standard,
}

impl From<Cost> for ScryptParams {
    fn from(cost: Cost) -> Self {
        match cost {
            Cost::Light => Self::LIGHT,
            Cost::Standard => Self::STANDARD,
        }
    }
}

/// The configuration of the wallet.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletConfig {
    /// Seconds without use after which the session locks itself, at most 604800 (a week); 0 for never.
    #[default(0)]
    pub auto_lock_seconds: u32,
    /// Cost of the key files that are written. They are encrypted under a random key, not under a password, so
    /// that `light` takes nothing from their strength.
    #[default(Cost::Light)]
    pub key_file_cost: Cost,
    /// Cost of trying a password: that of a profile, and that of an exported key file. `light` is for devices
    /// that have no 256 MiB to spare, and needs longer passwords. Holds for passwords that are set from now on.
    #[default(Cost::Standard)]
    pub password_cost: Cost,
}

impl WalletConfig {
    fn auto_lock(&self) -> Duration {
        Duration::from_secs(self.auto_lock_seconds.into())
    }

    /// What the types do not say.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.auto_lock() > MAX_AUTO_LOCK {
            return Err(format!(
                "auto_lock_seconds is {}, at most {} are allowed",
                self.auto_lock_seconds,
                MAX_AUTO_LOCK.as_secs()
            ));
        }
        Ok(())
    }

    pub(super) fn vault(&self) -> VaultConfig {
        VaultConfig {
            key_file_cost: self.key_file_cost.into(),
            envelope_cost: self.password_cost.into(),
            auto_lock: Some(self.auto_lock()).filter(|limit| !limit.is_zero()),
            ..VaultConfig::default()
        }
    }
}

/// What a successor takes over: who was logged in, but no key. The profile comes back locked.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The profile that was logged in.
    pub key_uid: Option<KeyUid>,
}
