//! Accounts and keypairs of a profile.

mod support;

use support::*;
use wallet_plugin::address::parse_address;
use wallet_plugin::derivation::ExtendedKey;
use wallet_plugin::keystore;
use wallet_plugin::sign;
use wallet_plugin::vault::{KeypairKind, Role};
use wallet_plugin::{Address, VaultError};

const IMPORTED: &str = "c3ad0b50652318f845565c13761e5369ce75dcbc2a94616e15b829d4b07410fe";

fn imported() -> ExtendedKey {
    ExtendedKey::from_private_key_hex(IMPORTED).unwrap()
}

fn assert_signs(vault: &wallet_plugin::Vault, address: Address) {
    let signature = vault.personal_sign(address, b"hello").unwrap();
    assert_eq!(sign::recover(b"hello", &signature).unwrap(), address);
}

#[test]
fn further_accounts_are_the_next_ones_of_status() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let previews = vault.preview(key_uid(), 0, 3).unwrap();
    assert_eq!(previews[0].address.to_checksum(None), FIRST);
    assert_eq!(
        previews.iter().map(|p| p.added).collect::<Vec<_>>(),
        [true, false, false]
    );

    let account = vault.add_account(key_uid(), "Savings", None).unwrap();
    assert_eq!(account.address.to_checksum(None), SECOND);
    assert_eq!(account.path.as_deref(), Some("m/44'/60'/0'/0/1"));
    assert_signs(&vault, account.address);

    let third = vault.add_account(key_uid(), "Third", None).unwrap();
    assert_eq!(third.address, previews[2].address);
    vault.lock();
    assert!(vault.preview(key_uid(), 2, 1).unwrap()[0].added);
    vault.unlock(&password("opensesame")).unwrap();
    assert_signs(&vault, third.address);
}

#[test]
fn a_path_outside_of_the_wallet_root_derives_its_own_key() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let path = "m/44'/60'/1'/0/0".parse().unwrap();
    let account = vault.add_account(key_uid(), "Ledger style", Some(&path)).unwrap();
    let seed = wallet_plugin::mnemonic::seed(&words(PHRASE), "").unwrap();
    let expected = ExtendedKey::from_seed(&seed).unwrap().derive(&path).unwrap();
    assert_eq!(account.address, expected.address());
    vault.lock();
    vault.unlock(&password("opensesame")).unwrap();
    assert_signs(&vault, account.address);
    assert_eq!(
        vault.add_account(key_uid(), "Again", Some(&path)),
        Err(VaultError::AccountExists {
            address: account.address
        })
    );
    let next = vault.add_account(key_uid(), "Next", None).unwrap();
    assert_eq!(next.address.to_checksum(None), SECOND);
}

#[test]
fn another_mnemonic_becomes_a_keypair() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let account = vault.add_seed("Old phone", &words(OTHER), "").unwrap();
    assert_eq!(
        account.address.to_checksum(None),
        "0x9858EfFD232B4033E47d90003D41EC34EcaEda94"
    );
    let uid = account.key_uid.unwrap();
    assert_eq!(
        vault.add_seed("Old phone", &words(OTHER), ""),
        Err(VaultError::KeypairExists { key_uid: uid })
    );
    let second = vault.add_account(uid, "Second", None).unwrap();
    vault.lock();
    vault.unlock(&password("opensesame")).unwrap();
    assert_signs(&vault, account.address);
    assert_signs(&vault, second.address);

    vault.remove_account(account.address).unwrap();
    assert_eq!(vault.profile().unwrap().keypairs.len(), 2);
    vault.remove_account(second.address).unwrap();
    assert_eq!(vault.profile().unwrap().keypairs.len(), 1);
    assert_eq!(
        vault.personal_sign(second.address, b"gone"),
        Err(VaultError::UnknownAccount {
            address: second.address
        })
    );
    assert_eq!(key_file_count(folder.path()), 6);
}

fn key_file_count(root: &std::path::Path) -> usize {
    std::fs::read_dir(root.join(KEY_UID).join("keystore"))
        .unwrap()
        .count()
}

#[test]
fn a_private_key_has_one_account() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let account = vault.add_private_key("Paper", &imported()).unwrap();
    let uid = account.key_uid.unwrap();
    assert_eq!(uid, imported().key_uid());
    let profile = vault.profile().unwrap();
    assert_eq!(profile.keypair(uid).unwrap().kind, KeypairKind::Key);
    assert!(vault.add_account(uid, "Child", None).is_err());
    let child = "m/0".parse().unwrap();
    assert!(vault.add_account(uid, "Child", Some(&child)).is_err());
    assert_eq!(
        vault.preview(uid, 0, 1),
        Err(VaultError::UnknownKeypair { key_uid: uid })
    );
    vault.lock();
    vault.unlock(&password("opensesame")).unwrap();
    assert_signs(&vault, account.address);
    vault.remove_account(account.address).unwrap();
    assert_eq!(key_file_count(folder.path()), 6);
}

#[test]
fn key_files_go_to_other_wallets_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let account = vault.add_private_key("Paper", &imported()).unwrap();
    let (secret, file_secret) = (password("opensesame"), password("export"));
    assert_eq!(
        vault.export_key_file(account.address, &file_secret, &file_secret),
        Err(VaultError::WrongPassword)
    );
    let file = vault
        .export_key_file(account.address, &secret, &file_secret)
        .unwrap();
    let read = keystore::decrypt(&file, &file_secret).unwrap();
    assert_eq!(read.address(), account.address);
    assert_eq!(keystore::stored_address(&file), Ok(Some(account.address)));

    vault.remove_account(account.address).unwrap();
    assert_eq!(
        vault.import_key_file("Paper", &file, &secret),
        Err(VaultError::WrongPassword)
    );
    let again = vault.import_key_file("Paper", &file, &file_secret).unwrap();
    assert_eq!(again.address, account.address);
    assert_signs(&vault, again.address);
}

#[test]
fn a_watched_address_has_no_key_until_it_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let address = imported().address();
    vault.add_watch_only("Friend", address).unwrap();
    assert_eq!(
        vault.personal_sign(address, b"hello"),
        Err(VaultError::UnknownAccount { address })
    );
    vault.add_private_key("Mine after all", &imported()).unwrap();
    assert_signs(&vault, address);
    let profile = vault.profile().unwrap();
    assert_eq!(profile.account(address).unwrap().role, Role::Wallet);
    assert_eq!(
        vault.add_watch_only("Again", address),
        Err(VaultError::AccountExists { address })
    );
}

#[test]
fn a_profile_keeps_its_own_accounts_and_its_limits() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let first = parse_address(FIRST).unwrap();
    assert_eq!(
        vault.remove_account(first),
        Err(VaultError::NotRemovable { address: first })
    );
    for n in 1..=3u8 {
        vault.add_watch_only("w", Address::repeat_byte(n)).unwrap();
    }
    assert_eq!(
        vault
            .add_watch_only("w", Address::repeat_byte(4))
            .unwrap_err()
            .to_string(),
        "watch-only accounts exceeds the limit of 3 accounts"
    );
    for _ in 1..20 {
        vault.add_account(key_uid(), "a", None).unwrap();
    }
    assert_eq!(
        vault.add_account(key_uid(), "a", None).unwrap_err().to_string(),
        "accounts exceeds the limit of 20 accounts"
    );
    assert!(vault.preview(key_uid(), 0, 101).is_err());
    assert_eq!(vault.preview(key_uid(), (1 << 31) - 1, 100).unwrap().len(), 1);
}
