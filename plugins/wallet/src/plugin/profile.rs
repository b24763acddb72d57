//! `wallet.profile`

use super::{Wallet, convert, watch};
use crate::mnemonic::{self, Checksum, WordCount};
use crate::password::Password;
use crate::vault::SessionState;
use std::time::Duration;
use wallet_api::{Created, KeyUid, ListedProfile, Profile, ProfileInfo, Secret, Session, WalletError};

/// Takes a password over without leaving a copy behind.
pub(super) fn password(secret: Secret) -> Result<Password, WalletError> {
    Ok(Password::new(std::mem::take(&mut *secret.take()))?)
}

impl Profile for Wallet {
    async fn create(&self, name: String, password: Secret, words: u32) -> Result<Created, WalletError> {
        let words = WordCount::try_from(usize::try_from(words).unwrap_or(usize::MAX))?;
        let password = self::password(password)?;
        self.stretch(move |vault| {
            let (profile, mnemonic) = vault.create(&name, words, &password)?;
            Ok(Created {
                profile: convert::profile(&profile),
                mnemonic: Secret::from(mnemonic.phrase().as_str()),
            })
        })
        .await
    }

    async fn restore(
        &self,
        name: String,
        mnemonic: Secret,
        password: Secret,
        passphrase: Secret,
        allow_bad_checksum: bool,
    ) -> Result<ProfileInfo, WalletError> {
        let checksum = if allow_bad_checksum {
            Checksum::Ignored
        } else {
            Checksum::Required
        };
        let mnemonic = mnemonic::validate(mnemonic.expose(), checksum)?;
        let password = self::password(password)?;
        self.stretch(move |vault| {
            let profile = vault.restore(&name, &mnemonic, passphrase.expose(), &password)?;
            Ok(convert::profile(&profile))
        })
        .await
    }

    async fn list(&self) -> Result<Vec<ListedProfile>, WalletError> {
        self.quick(|vault| {
            let listed = vault.list()?.into_iter().map(|listed| {
                let (profile, problem) = match listed.profile {
                    Ok(profile) => (Some(convert::profile(&profile)), None),
                    Err(error) => (None, Some(error.into())),
                };
                ListedProfile {
                    key_uid: convert::uid(listed.key_uid),
                    profile,
                    problem,
                }
            });
            Ok(listed.collect())
        })
        .await
    }

    async fn login(&self, key_uid: KeyUid, password: Secret) -> Result<ProfileInfo, WalletError> {
        let password = self::password(password)?;
        self.stretch(move |vault| {
            let profile = vault.login(convert::engine_uid(key_uid), &password)?;
            Ok(convert::profile(&profile))
        })
        .await
    }

    async fn unlock(&self, password: Secret) -> Result<ProfileInfo, WalletError> {
        let password = self::password(password)?;
        self.stretch(move |vault| Ok(convert::profile(&vault.unlock(&password)?)))
            .await
    }

    fn lock(&self) {
        self.vault.lock();
        self.watch.look();
    }

    fn logout(&self) {
        self.vault.logout();
        self.watch.look();
    }

    fn state(&self) -> Session {
        self.watch.look();
        let state = self.vault.state();
        let locks_in = match state {
            SessionState::Unlocked { locks_in, .. } => locks_in,
            SessionState::Locked { .. } | SessionState::LoggedOut => None,
        };
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Session {
            state: watch::state(state),
            locks_in_ms: locks_in.map(millis),
        }
    }

    async fn change_password(&self, key_uid: KeyUid, old: Secret, new: Secret) -> Result<(), WalletError> {
        let (old, new) = (password(old)?, password(new)?);
        self.stretch(move |vault| Ok(vault.change_password(convert::engine_uid(key_uid), &old, &new)?))
            .await
    }

    async fn delete(&self, key_uid: KeyUid, password: Secret) -> Result<(), WalletError> {
        let password = self::password(password)?;
        self.stretch(move |vault| Ok(vault.delete(convert::engine_uid(key_uid), &password)?))
            .await
    }
}
