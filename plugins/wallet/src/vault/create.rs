//! New profiles.

use super::envelope::{self, DataKey};
use super::profile::{Account, Keypair, KeypairKind, Profile, Role, VERSION, check_name};
use super::store::NewFiles;
use super::{Vault, VaultError, check_strength};
use crate::address::{Address, KeyUid, PublicKey};
use crate::derivation::{ExtendedKey, Path, status};
use crate::keystore::{self, KeystoreError, ScryptParams};
use crate::mnemonic::{self, Mnemonic, WordCount};
use crate::password::Password;
use std::thread;

impl Vault {
    /// Makes a profile with a new mnemonic and logs it in. The mnemonic is not stored anywhere:
    /// what this returns is the only copy.
    ///
    /// # Errors
    /// [`VaultError::PasswordTooShort`], [`VaultError::Name`], [`VaultError::LoggedIn`] when a
    /// profile is logged in, [`VaultError::Io`].
    pub fn create(
        &self,
        name: &str,
        words: WordCount,
        password: &Password,
    ) -> Result<(Profile, Mnemonic), VaultError> {
        let mnemonic = mnemonic::generate(words)?;
        let profile = self.restore(name, &mnemonic, "", password)?;
        Ok((profile, mnemonic))
    }

    /// Makes a profile from a mnemonic and logs it in, unless another one was logged in
    /// meanwhile. Status' profiles have an empty passphrase.
    ///
    /// # Errors
    /// [`VaultError::ProfileExists`], else as [`Vault::create`].
    pub fn restore(
        &self,
        name: &str,
        mnemonic: &Mnemonic,
        passphrase: &str,
        password: &Password,
    ) -> Result<Profile, VaultError> {
        check_name(name)?;
        check_strength(password)?;
        self.session.check_free_for(None)?;
        let master = ExtendedKey::from_seed(&*mnemonic::seed(mnemonic, passphrase)?)?;
        let key_uid = master.key_uid();
        if self.store.exists(key_uid) {
            return Err(VaultError::ProfileExists { key_uid });
        }
        let keys = status_keys(&master)?;
        let data_key = DataKey::generate()?;
        let file_password = data_key.password()?;
        let cost = self.config.envelope_cost;
        // Password envelope and key files at once: nearly all of the time goes into scrypt.
        let (envelope, files) = thread::scope(|scope| {
            let envelope = scope.spawn(|| envelope::wrap(&data_key, key_uid, password, cost));
            let files = seal_all(&keys, &file_password, self.config.key_file_cost);
            (joined(envelope), files)
        });
        let new = NewFiles {
            profile: describe(name, &master, &keys, self.unix_time())?,
            envelope: envelope?,
            keys: files?,
        };
        self.store.create(&new, self.config.clock.wall())?;
        tracing::info!(%key_uid, "profile created");
        // The profile exists now, so its mnemonic must reach the caller whoever logged in since.
        if self.session.unlock(key_uid, data_key, keys).is_err() {
            tracing::info!(%key_uid, "new profile not logged in: another one is");
        }
        Ok(new.profile)
    }
}

/// The six keys that Status stores for a profile, the master key first.
fn status_keys(master: &ExtendedKey) -> Result<Vec<ExtendedKey>, VaultError> {
    [
        "m",
        status::WALLET_ROOT,
        status::EIP1581_ROOT,
        status::CHAT,
        status::DEFAULT_WALLET,
        status::ENCRYPTION,
    ]
    .into_iter()
    .map(|path| Ok(master.derive(&constant(path))?))
    .collect()
}

/// One of the constant paths, all of which are valid.
pub(super) fn constant(path: &'static str) -> Path {
    path.parse().unwrap_or_default()
}

/// The description of a keypair with children.
pub(super) fn describe_keypair(
    name: &str,
    kind: KeypairKind,
    master: &ExtendedKey,
) -> Result<Keypair, VaultError> {
    let account = master.derive(&constant(status::WALLET_ACCOUNT))?;
    let root = master.derive(&constant(status::WALLET_ROOT))?;
    Ok(Keypair {
        key_uid: master.key_uid(),
        name: name.to_owned(),
        kind,
        derived_from: master.address(),
        wallet_root: Some(root.address()),
        xpub: account.public_node().map(|node| node.xpub()),
        next_index: 1,
    })
}

/// The description of an account with a key.
pub(super) fn describe_account(
    name: &str,
    role: Role,
    keypair: KeyUid,
    path: &Path,
    key: &ExtendedKey,
    now: u64,
) -> Account {
    Account {
        address: key.address(),
        key_uid: Some(keypair),
        role,
        path: Some(path.to_string()),
        public_key: Some(PublicKey::new(key.public_key())),
        name: name.to_owned(),
        created_at: now,
    }
}

fn describe(name: &str, master: &ExtendedKey, keys: &[ExtendedKey], now: u64) -> Result<Profile, VaultError> {
    let key_uid = master.key_uid();
    let account = |name, role, path, key| describe_account(name, role, key_uid, &constant(path), key, now);
    Ok(Profile {
        version: VERSION,
        key_uid,
        name: name.to_owned(),
        created_at: now,
        keypairs: vec![describe_keypair(name, KeypairKind::Profile, master)?],
        accounts: vec![
            account(name, Role::Chat, status::CHAT, &keys[3]),
            account("Account 1", Role::Default, status::DEFAULT_WALLET, &keys[4]),
        ],
    })
}

/// Encrypts keys into files, two at a time.
pub(super) fn seal_all(
    keys: &[ExtendedKey],
    password: &Password,
    cost: ScryptParams,
) -> Result<Vec<(Address, Vec<u8>)>, KeystoreError> {
    let seal = |keys: &[ExtendedKey]| {
        keys.iter()
            .map(|key| Ok((key.address(), keystore::encrypt(key, password, cost)?)))
            .collect::<Result<Vec<_>, KeystoreError>>()
    };
    let (first, second) = keys.split_at(keys.len() / 2);
    thread::scope(|scope| {
        let first = scope.spawn(|| seal(first));
        let second = seal(second);
        let mut all = joined(first)?;
        all.extend(second?);
        Ok(all)
    })
}

/// A thread's result; its panic goes on in the caller.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
