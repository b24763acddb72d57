//! Accounts and keypairs of the profile that is logged in.

use super::create::{constant, describe_account, describe_keypair, seal_all};
use super::profile::{Account, Keypair, KeypairKind, Profile, Role, check_name};
use super::{Vault, VaultError};
use crate::address::{Address, KeyUid};
use crate::derivation::{ExtendedKey, Path, PublicNode, status};
use crate::keystore;
use crate::limits::{self, MAX_PREVIEW};
use crate::mnemonic::{self, Mnemonic};
use crate::password::Password;

/// An address that could become an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Its path below the master key.
    pub path: Path,
    /// The address.
    pub address: Address,
    /// Whether it is an account already.
    pub added: bool,
}

impl Vault {
    /// The description of the profile that is logged in, locked or not.
    ///
    /// # Errors
    /// [`VaultError::LoggedOut`], [`VaultError::Damaged`].
    pub fn profile(&self) -> Result<Profile, VaultError> {
        self.store.profile(self.session.key_uid()?)
    }

    /// Addresses below a keypair's wallet root, from its public part: works while locked.
    ///
    /// # Errors
    /// [`VaultError::LoggedOut`], [`VaultError::UnknownKeypair`], also for a single key,
    /// [`VaultError::Limit`] above [`MAX_PREVIEW`].
    pub fn preview(&self, keypair: KeyUid, first: u32, count: usize) -> Result<Vec<Preview>, VaultError> {
        limits::check("preview", count, MAX_PREVIEW, "addresses")?;
        let profile = self.profile()?;
        let unknown = VaultError::UnknownKeypair { key_uid: keypair };
        let xpub = profile.keypair(keypair).and_then(|k| k.xpub.as_deref());
        let node = PublicNode::from_xpub(xpub.ok_or(unknown)?)?;
        let root = constant(status::WALLET_ROOT);
        let account = constant(status::WALLET_ACCOUNT);
        (first..)
            .take(count)
            .map_while(|index| root.child(index))
            .map(|path| {
                let address = node.address(&path.below(&account).unwrap_or_default())?;
                let added = profile.account(address).is_some();
                Ok(Preview { path, address, added })
            })
            .collect()
    }

    /// Adds an account of a keypair, at `path` below its master key or else at the next index
    /// below the wallet root.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::UnknownKeypair`], [`VaultError::AccountExists`],
    /// [`VaultError::Derivation`] for a path below a single key, [`VaultError::Limit`].
    pub fn add_account(
        &self,
        keypair: KeyUid,
        name: &str,
        path: Option<&Path>,
    ) -> Result<Account, VaultError> {
        check_name(name)?;
        let grant = self.session.grant()?;
        let profile = self.store.profile(grant.key_uid)?;
        let unknown = VaultError::UnknownKeypair { key_uid: keypair };
        let described = profile.keypair(keypair).ok_or(unknown)?;
        let next = free_path(&profile, described);
        let path = path.cloned().or(next).ok_or(VaultError::Derivation(
            crate::derivation::DerivationError::PlainKey,
        ))?;
        let key = self.derive(&grant, described, &path)?;
        let account = describe_account(name, Role::Wallet, keypair, &path, &key, self.unix_time());
        self.edit(grant.key_uid, |profile| {
            insert(profile, account.clone())?;
            let index = wallet_index(&path);
            if let Some(k) = profile.keypairs.iter_mut().find(|k| k.key_uid == keypair) {
                k.next_index = k.next_index.max(index.map_or(0, |i| i.saturating_add(1)));
            }
            Ok(())
        })?;
        Ok(account)
    }

    /// Adds the keypair of another mnemonic, with its first account.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::KeypairExists`], [`VaultError::AccountExists`],
    /// [`VaultError::Limit`].
    pub fn add_seed(&self, name: &str, mnemonic: &Mnemonic, passphrase: &str) -> Result<Account, VaultError> {
        let master = ExtendedKey::from_seed(&*mnemonic::seed(mnemonic, passphrase)?)?;
        let keypair = describe_keypair(name, KeypairKind::Seed, &master)?;
        let root = master.derive(&constant(status::WALLET_ROOT))?;
        let path = constant(status::DEFAULT_WALLET);
        let first = master.derive(&path)?;
        let now = self.unix_time();
        let account = describe_account(name, Role::Wallet, keypair.key_uid, &path, &first, now);
        self.add_keypair(keypair, account, &[master, root])
    }

    /// Adds a single private key as a keypair with one account.
    ///
    /// # Errors
    /// As [`Vault::add_seed`].
    pub fn add_private_key(&self, name: &str, key: &ExtendedKey) -> Result<Account, VaultError> {
        // Without a chain code, should it have one: only the key itself is meant.
        let key = ExtendedKey::from_private_key(key.private_key().as_slice())?;
        let keypair = Keypair {
            key_uid: key.key_uid(),
            name: name.to_owned(),
            kind: KeypairKind::Key,
            derived_from: key.address(),
            wallet_root: None,
            xpub: None,
            next_index: 0,
        };
        let (uid, now) = (keypair.key_uid, self.unix_time());
        let account = describe_account(name, Role::Wallet, uid, &Path::default(), &key, now);
        self.add_keypair(keypair, account, &[key])
    }

    /// Adds the key of another wallet's key file, as [`Vault::add_private_key`] does.
    ///
    /// # Errors
    /// [`VaultError::WrongPassword`] and [`VaultError::Keystore`] for the file, else as
    /// [`Vault::add_seed`].
    pub fn import_key_file(
        &self,
        name: &str,
        file: &[u8],
        file_password: &Password,
    ) -> Result<Account, VaultError> {
        self.session.grant()?;
        self.add_private_key(name, &keystore::decrypt(file, file_password)?)
    }

    /// Adds somebody's address to watch.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::AccountExists`], [`VaultError::Limit`].
    pub fn add_watch_only(&self, name: &str, address: Address) -> Result<Account, VaultError> {
        check_name(name)?;
        let grant = self.session.grant()?;
        let account = Account {
            address,
            key_uid: None,
            role: Role::Watch,
            path: None,
            public_key: None,
            name: name.to_owned(),
            created_at: self.unix_time(),
        };
        self.edit(grant.key_uid, |profile| insert(profile, account.clone()))?;
        Ok(account)
    }

    /// Removes an account, and its keypair with the key files if it was the last one of an added
    /// keypair. Accounts of a mnemonic can be added again from it.
    ///
    /// # Errors
    /// [`VaultError::Locked`], [`VaultError::UnknownAccount`], [`VaultError::NotRemovable`].
    pub fn remove_account(&self, address: Address) -> Result<(), VaultError> {
        let grant = self.session.grant()?;
        let _lock = self.store.lock()?;
        let mut profile = self.store.profile(grant.key_uid)?;
        let unknown = VaultError::UnknownAccount { address };
        let account = profile.account(address).ok_or(unknown)?.clone();
        if matches!(account.role, Role::Chat | Role::Default) {
            return Err(VaultError::NotRemovable { address });
        }
        profile.accounts.retain(|a| a.address != address);
        let emptied = |k: &Keypair| {
            Some(k.key_uid) == account.key_uid
                && k.kind != KeypairKind::Profile
                && profile.accounts.iter().all(|a| a.key_uid != account.key_uid)
        };
        let removed: Vec<_> = profile.keypairs.extract_if(.., |k| emptied(k)).collect();
        // The description first: a crash after it leaves files that nothing refers to.
        self.store.write_profile(&profile)?;
        let mut addresses = vec![address];
        for keypair in removed {
            addresses.push(keypair.derived_from);
            addresses.extend(keypair.wallet_root);
        }
        self.session.forget(&addresses);
        for address in addresses {
            self.store.remove_key_files(grant.key_uid, address)?;
        }
        Ok(())
    }

    fn add_keypair(
        &self,
        keypair: Keypair,
        account: Account,
        keys: &[ExtendedKey],
    ) -> Result<Account, VaultError> {
        check_name(&keypair.name)?;
        let grant = self.session.grant()?;
        let check = |profile: &mut Profile| {
            let key_uid = keypair.key_uid;
            if profile.keypair(key_uid).is_some() {
                return Err(VaultError::KeypairExists { key_uid });
            }
            profile.keypairs.push(keypair.clone());
            insert(profile, account.clone())
        };
        // Once before the expensive part, and again when nobody else can change it.
        check(&mut self.store.profile(grant.key_uid)?)?;
        let cost = self.config.key_file_cost;
        let files = seal_all(keys, &grant.data_key.password()?, cost)?;
        self.edit(grant.key_uid, |profile| {
            check(profile)?;
            let now = self.config.clock.wall();
            files.iter().try_for_each(|(address, bytes)| {
                self.store.write_key_file(grant.key_uid, *address, bytes, now)
            })
        })?;
        Ok(account)
    }

    /// Changes the description of a profile while nobody else does.
    fn edit(
        &self,
        key_uid: KeyUid,
        change: impl FnOnce(&mut Profile) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let _lock = self.store.lock()?;
        let mut profile = self.store.profile(key_uid)?;
        change(&mut profile)?;
        self.store.write_profile(&profile)
    }
}

fn insert(profile: &mut Profile, account: Account) -> Result<(), VaultError> {
    let address = account.address;
    match profile.accounts.iter_mut().find(|a| a.address == address) {
        // The key of a watched address was added.
        Some(known) if known.role == Role::Watch && account.role != Role::Watch => *known = account,
        Some(_) => return Err(VaultError::AccountExists { address }),
        None => profile.accounts.push(account),
    }
    profile.check_limits()
}

/// The first path below the wallet root that is not an account, from the next index on.
fn free_path(profile: &Profile, keypair: &Keypair) -> Option<Path> {
    keypair.wallet_root?;
    let root = constant(status::WALLET_ROOT);
    let taken = |path: &Path| {
        let text = path.to_string();
        let of_keypair = |a: &&Account| a.key_uid == Some(keypair.key_uid);
        profile
            .accounts
            .iter()
            .filter(of_keypair)
            .any(|a| a.path.as_deref() == Some(&text))
    };
    (keypair.next_index..)
        .map_while(|index| root.child(index))
        .find(|path| !taken(path))
}

/// The index of a wallet account's path; nothing for paths elsewhere.
fn wallet_index(path: &Path) -> Option<u32> {
    let rest = path.below(&constant(status::WALLET_ROOT))?;
    match rest.segments() {
        [index] if !index.is_hardened() => Some(index.index()),
        _ => None,
    }
}
