//! The wallet as a module: the contract's interfaces on top of the [`Vault`].
//!
//! Two generations of it may be alive during a swap: vaults share a directory, so none has to stop for the
//! other. No key crosses a swap; the profile that was logged in comes back locked.

mod config;
mod convert;
mod keys;
mod lane;
mod profile;
mod sign;
#[cfg(test)]
mod tests;
mod watch;

pub use config::{Cost, Handover, WalletConfig};

use crate::limits::{MAX_WAITING, PARALLEL_QUICK, PARALLEL_STRETCHES};
use crate::vault::{SessionState, Vault, VaultConfig, VaultError};
use backplane_sdk::{Context, Error, Module, module};
use lane::Lane;
use std::path::PathBuf;
use std::sync::Arc;
use wallet_api::{ProfileEvents, WalletError};
use watch::Watch;

/// The folder of the profiles within the module's own.
const PROFILES: &str = "profiles";

/// The wallet module.
pub struct Wallet {
    vault: Arc<Vault>,
    watch: Arc<Watch>,
    /// Calls that stretch a password.
    stretching: Lane,
    /// Calls that read files or sign.
    quick: Lane,
}

impl Wallet {
    async fn open(directory: PathBuf, config: VaultConfig) -> Result<Self, Error> {
        let vault = tokio::task::spawn_blocking(move || Vault::open(&directory, config)).await??;
        let vault = Arc::new(vault);
        Ok(Self {
            watch: Arc::new(Watch::new(Arc::clone(&vault))),
            vault,
            stretching: Lane::new(PARALLEL_STRETCHES, MAX_WAITING),
            quick: Lane::new(PARALLEL_QUICK, MAX_WAITING),
        })
    }

    /// Runs work that stretches a password.
    async fn stretch<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Vault) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        self.stretching.run(self.watched(work)).await
    }

    /// Runs work that reads files or signs.
    async fn quick<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Vault) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, WalletError> {
        self.quick.run(self.watched(work)).await
    }

    /// The session is looked at where the work is done: the caller may be gone by then.
    fn watched<T, F: FnOnce(&Vault) -> Result<T, WalletError>>(
        &self,
        work: F,
    ) -> impl FnOnce() -> Result<T, WalletError> + use<T, F> {
        let (vault, watch) = (Arc::clone(&self.vault), Arc::clone(&self.watch));
        move || {
            let result = work(&vault);
            watch.look();
            result
        }
    }
}

/// Keys and signatures: profiles on a mnemonic with Status' derivation paths, key files, personal_sign and
/// EIP-712. Passwords are stretched with scrypt; keys are in memory only while a profile is unlocked.
#[module(
    name = "wallet",
    provides(wallet_api::Profile, wallet_api::Keys, wallet_api::Sign),
    state(version = 1)
)]
impl Module for Wallet {
    type Config = WalletConfig;
    type State = Handover;

    fn check(config: &WalletConfig) -> Result<(), Error> {
        Ok(config.check()?)
    }

    async fn start(context: Context, config: WalletConfig) -> Result<Self, Error> {
        let wallet = Self::open(context.data_dir().join(PROFILES), config.vault()).await?;
        let events: ProfileEvents = context.events();
        tokio::spawn(watch::publish(wallet.watch.subscribe(), events));
        tokio::spawn(Arc::clone(&wallet.watch).keep(context.generation() > 1));
        Ok(wallet)
    }

    async fn stop(&self) {
        // Not told: by now a successor may speak for the session.
        self.watch.end();
        self.vault.lock();
    }

    async fn export(&self) -> Result<Handover, Error> {
        self.watch.tell_again();
        let key_uid = match self.vault.state() {
            SessionState::LoggedOut => None,
            SessionState::Locked { key_uid } | SessionState::Unlocked { key_uid, .. } => Some(key_uid),
        };
        Ok(Handover {
            key_uid: key_uid.map(convert::uid),
        })
    }

    async fn import(&self, _: u32, state: Handover) -> Result<(), Error> {
        if let Some(key_uid) = state.key_uid {
            match self.vault.resume(convert::engine_uid(key_uid)) {
                Err(VaultError::UnknownProfile { key_uid }) => {
                    tracing::warn!(%key_uid, "the profile that was logged in is gone");
                }
                other => other?,
            }
        }
        self.watch.look();
        Ok(())
    }
}
