//! `wallet.keys`

use super::profile::password;
use super::{Wallet, convert};
use crate::address::parse_address;
use crate::derivation::{ExtendedKey, Path};
use crate::limits::MAX_PREVIEW;
use crate::mnemonic::{self, Checksum};
use crate::vault;
use wallet_api::{Account, Address, KeyUid, Keys, KeysListing, Preview, Secret, WalletError};
use zeroize::Zeroizing;

fn added(account: Result<vault::Account, vault::VaultError>) -> Result<Account, WalletError> {
    Ok(convert::account(account?))
}

impl Keys for Wallet {
    async fn list(&self) -> Result<KeysListing, WalletError> {
        self.quick(|vault| {
            let profile = vault.profile()?;
            Ok(KeysListing {
                keypairs: profile.keypairs.into_iter().map(convert::keypair).collect(),
                accounts: profile.accounts.into_iter().map(convert::account).collect(),
            })
        })
        .await
    }

    async fn preview(&self, key_uid: KeyUid, first: u32, count: u32) -> Result<Vec<Preview>, WalletError> {
        // What is too many is refused below, where the limit is.
        let count = usize::try_from(count).unwrap_or(MAX_PREVIEW + 1);
        self.quick(move |vault| {
            let found = vault.preview(convert::engine_uid(key_uid), first, count)?;
            Ok(found.iter().map(convert::preview).collect())
        })
        .await
    }

    async fn add_account(
        &self,
        key_uid: KeyUid,
        name: String,
        path: Option<String>,
    ) -> Result<Account, WalletError> {
        let path = path.map(|text| text.parse::<Path>()).transpose()?;
        self.quick(move |vault| added(vault.add_account(convert::engine_uid(key_uid), &name, path.as_ref())))
            .await
    }

    async fn add_seed(
        &self,
        name: String,
        mnemonic: Secret,
        passphrase: Secret,
    ) -> Result<Account, WalletError> {
        let mnemonic = mnemonic::validate(mnemonic.expose(), Checksum::Required)?;
        self.stretch(move |vault| added(vault.add_seed(&name, &mnemonic, passphrase.expose())))
            .await
    }

    async fn add_private_key(&self, name: String, private_key: Secret) -> Result<Account, WalletError> {
        let key = ExtendedKey::from_private_key_hex(private_key.expose())?;
        self.stretch(move |vault| added(vault.add_private_key(&name, &key)))
            .await
    }

    async fn add_watch_only(&self, name: String, address: String) -> Result<Account, WalletError> {
        let address = parse_address(&address)?;
        self.quick(move |vault| added(vault.add_watch_only(&name, address)))
            .await
    }

    async fn remove_account(&self, address: Address) -> Result<(), WalletError> {
        self.quick(move |vault| Ok(vault.remove_account(convert::engine_address(address))?))
            .await
    }

    async fn import_key_file(
        &self,
        name: String,
        file: Secret,
        file_password: Secret,
    ) -> Result<Account, WalletError> {
        let file_password = password(file_password)?;
        self.stretch(move |vault| {
            added(vault.import_key_file(&name, file.expose().as_bytes(), &file_password))
        })
        .await
    }

    async fn export_key_file(
        &self,
        address: Address,
        password: Secret,
        file_password: Secret,
    ) -> Result<Secret, WalletError> {
        let (password, file_password) = (self::password(password)?, self::password(file_password)?);
        self.stretch(move |vault| {
            let address = convert::engine_address(address);
            let file = Zeroizing::new(vault.export_key_file(address, &password, &file_password)?);
            Ok(Secret::from(&*String::from_utf8_lossy(&file)))
        })
        .await
    }
}
