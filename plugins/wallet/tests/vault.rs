//! Profiles: made, opened, locked, changed, deleted.

mod support;

use std::sync::Arc;
use std::time::Duration;
use support::*;
use wallet_plugin::address::parse_address;
use wallet_plugin::derivation::ExtendedKey;
use wallet_plugin::mnemonic::WordCount;
use wallet_plugin::sign;
use wallet_plugin::vault::{Role, SessionState};
use wallet_plugin::{Address, Vault, VaultConfig, VaultError};

fn first() -> Address {
    parse_address(FIRST).unwrap()
}

fn unlocked() -> SessionState {
    SessionState::Unlocked {
        key_uid: key_uid(),
        locks_in: Some(Duration::from_secs(60)),
    }
}

#[test]
fn a_restored_profile_has_the_accounts_of_status() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    assert_eq!(vault.state(), unlocked());
    let profile = vault.profile().unwrap();
    assert_eq!(profile.key_uid, key_uid());
    let chat = profile.chat().unwrap();
    assert_eq!(
        chat.address.to_checksum(None),
        "0xEdAdC377AA1144DeA22eE61043D4bf9E6267BD4F"
    );
    assert_eq!(
        chat.public_key.unwrap().to_string(),
        "0x04b0845dbe5aac196a2c1606fe3199e5ec9b2bd09a5bd801e478409544745bf6898bad70ee31d6c3061a86101a087bb605ce3c88292888221c992a17e8d6e40eaf"
    );
    let wallet = profile.account(first()).unwrap();
    assert_eq!(
        (wallet.role, wallet.path.as_deref()),
        (Role::Default, Some("m/44'/60'/0'/0/0"))
    );
    assert_eq!(wallet.name, "Account 1");

    let files = std::fs::read_dir(folder.path().join(KEY_UID).join("keystore")).unwrap();
    let mut names: Vec<_> = files
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 6);
    for (address, path) in [
        ("f5a6ead936fb47f342bb63e676479bddf26ebe1d", "m"),
        ("1e59ce931b4cfea3fe4b875411e280e173cb7a9c", "wallet root"),
        ("c220e103fdabb80e30d03499dae65aa3e645f200", "EIP-1581 root"),
        ("edadc377aa1144dea22ee61043d4bf9e6267bd4f", "chat"),
        ("f39fd6e51aad88f6f4ce6ab8827279cfffb92266", "default wallet"),
        ("118acc2ee0476142db6bf96fdcef19331276ecf3", "encryption"),
    ] {
        let name = format!("UTC--2020-09-13T12-26-40.000000000Z--{address}");
        assert!(names.contains(&name), "{path}: {names:?}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    fn walk(path: &std::path::Path, seen: &mut usize) {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            if entry.file_type().unwrap().is_dir() {
                assert_eq!(mode, 0o700, "{:?}", entry.path());
                walk(&entry.path(), seen);
            } else if entry.file_name() != ".lock" {
                assert_eq!(mode, 0o600, "{:?}", entry.path());
                *seen += 1;
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    with_profile(folder.path());
    let mut seen = 0;
    walk(folder.path(), &mut seen);
    assert_eq!(seen, 8);
}

#[test]
fn a_created_profile_comes_back_from_its_mnemonic() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let secret = password("opensesame");
    let (profile, mnemonic) = vault.create("Ada", WordCount::Fifteen, &secret).unwrap();
    assert_eq!(mnemonic.phrase().split(' ').count(), 15);
    vault.delete(profile.key_uid, &secret).unwrap();
    assert_eq!(vault.state(), SessionState::LoggedOut);
    assert_eq!(vault.list().unwrap(), []);
    let again = vault.restore("Ada", &mnemonic, "", &secret).unwrap();
    assert_eq!(again.accounts, profile.accounts);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn login_takes_the_right_password_of_a_known_profile() {
    let folder = tempfile::tempdir().unwrap();
    with_profile(folder.path());
    let vault = open(folder.path());
    assert_eq!(vault.state(), SessionState::LoggedOut);
    assert_eq!(vault.profile(), Err(VaultError::LoggedOut));
    assert_eq!(
        vault.login(key_uid(), &password("opensesamE")),
        Err(VaultError::WrongPassword)
    );
    assert_eq!(vault.state(), SessionState::LoggedOut);
    let unknown = format!("0x{}", "0".repeat(64)).parse().unwrap();
    assert_eq!(
        vault.login(unknown, &password("opensesame")),
        Err(VaultError::UnknownProfile { key_uid: unknown })
    );
    let profile = vault.login(key_uid(), &password("opensesame")).unwrap();
    assert_eq!(profile.name, "Ada");
    assert_eq!(vault.state(), unlocked());
}

#[test]
fn only_one_profile_is_logged_in() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let secret = password("opensesame");
    let busy = VaultError::LoggedIn { key_uid: key_uid() };
    assert_eq!(
        vault.restore("Bob", &words(OTHER), "", &secret),
        Err(busy.clone())
    );
    vault.logout();
    let bob = vault.restore("Bob", &words(OTHER), "", &secret).unwrap();
    vault.logout();
    assert_eq!(
        vault.restore("Eve", &words(OTHER), "", &secret),
        Err(VaultError::ProfileExists { key_uid: bob.key_uid })
    );
    vault.login(key_uid(), &secret).unwrap();
    assert_eq!(vault.login(bob.key_uid, &secret), Err(busy));
    assert_eq!(vault.list().unwrap().len(), 2);
}

#[test]
fn a_locked_profile_signs_nothing_until_unlocked() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let signature = vault.personal_sign(first(), b"hello").unwrap();
    assert_eq!(sign::recover(b"hello", &signature).unwrap(), first());
    vault.lock();
    assert_eq!(vault.state(), SessionState::Locked { key_uid: key_uid() });
    assert_eq!(vault.personal_sign(first(), b"hello"), Err(VaultError::Locked));
    assert_eq!(vault.sign_chat(b"hello"), Err(VaultError::Locked));
    assert_eq!(vault.add_account(key_uid(), "x", None), Err(VaultError::Locked));
    assert_eq!(vault.profile().unwrap().accounts.len(), 2);
    assert_eq!(
        vault.unlock(&password("wrong password")),
        Err(VaultError::WrongPassword)
    );
    vault.unlock(&password("opensesame")).unwrap();
    assert_eq!(vault.personal_sign(first(), b"hello").unwrap(), signature);
    vault.logout();
    assert_eq!(vault.personal_sign(first(), b"hello"), Err(VaultError::LoggedOut));
}

#[test]
fn an_idle_profile_locks_itself() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(HandClock::default());
    let vault = Vault::open(folder.path(), config(&clock)).unwrap();
    let secret = password("opensesame");
    vault.restore("Ada", &words(PHRASE), "", &secret).unwrap();
    let locked = SessionState::Locked { key_uid: key_uid() };

    clock.pass(59);
    assert_ne!(vault.state(), locked);
    vault.personal_sign(first(), b"use").unwrap();
    clock.pass(59);
    assert_eq!(
        vault.state(),
        SessionState::Unlocked {
            key_uid: key_uid(),
            locks_in: Some(Duration::from_secs(1))
        }
    );
    clock.pass(1);
    assert_eq!(vault.personal_sign(first(), b"late"), Err(VaultError::Locked));
    assert_eq!(vault.state(), locked);

    vault.unlock(&secret).unwrap();
    clock.sleep(3600);
    assert_eq!(vault.state(), locked);
}

#[test]
fn a_new_password_replaces_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let (old, new) = (password("opensesame"), password("closesesame"));
    assert_eq!(
        vault.change_password(key_uid(), &new, &new),
        Err(VaultError::WrongPassword)
    );
    assert_eq!(
        vault
            .change_password(key_uid(), &old, &password("short"))
            .unwrap_err()
            .to_string(),
        "password is shorter than 8 characters"
    );
    vault.change_password(key_uid(), &old, &new).unwrap();
    vault.personal_sign(first(), b"still logged in").unwrap();
    vault.lock();
    assert_eq!(vault.unlock(&old), Err(VaultError::WrongPassword));
    vault.unlock(&new).unwrap();
    vault.personal_sign(first(), b"keys are intact").unwrap();
}

#[test]
fn a_profile_is_deleted_with_its_password_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    assert_eq!(
        vault.delete(key_uid(), &password("not the one")),
        Err(VaultError::WrongPassword)
    );
    vault.delete(key_uid(), &password("opensesame")).unwrap();
    assert!(!folder.path().join(KEY_UID).exists());
    assert_eq!(
        vault.delete(key_uid(), &password("opensesame")),
        Err(VaultError::UnknownProfile { key_uid: key_uid() })
    );
}

#[test]
fn names_and_passwords_are_checked_first() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let restore = |name: &str, secret: &str| {
        vault
            .restore(name, &words(PHRASE), "", &password(secret))
            .unwrap_err()
    };
    assert_eq!(restore("Ada", "seven77"), VaultError::PasswordTooShort { min: 8 });
    assert_eq!(restore(" ", "opensesame"), VaultError::Name);
    assert_eq!(restore("A\u{1b}[2J", "opensesame"), VaultError::Name);
    assert_eq!(
        restore(&"x".repeat(129), "opensesame").to_string(),
        "name exceeds the limit of 128 bytes"
    );
    assert_eq!(vault.list().unwrap(), []);
}

#[test]
fn the_chat_key_signs_for_the_chat_account() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let signature = vault.sign_chat(b"payload").unwrap();
    // The chat key of the phrase, derived without the vault.
    let seed = wallet_plugin::mnemonic::seed(&words(PHRASE), "").unwrap();
    let path = wallet_plugin::derivation::status::CHAT.parse().unwrap();
    let key = ExtendedKey::from_seed(&seed).unwrap().derive(&path).unwrap();
    let digest = alloy_primitives::keccak256(b"payload");
    let key = k256::ecdsa::SigningKey::from_slice(key.private_key().as_slice()).unwrap();
    let (expected, recovery) = key.sign_prehash_recoverable(digest.as_slice()).unwrap();
    assert_eq!(signature.to_bytes()[..64], expected.to_bytes()[..]);
    assert_eq!(signature.to_bytes()[64], 27 + recovery.to_byte());
}

/// The default costs: what a person gets.
#[test]
fn real_costs_work_from_creation_to_signing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path(), VaultConfig::default()).unwrap();
    let secret = password("opensesame");
    vault.restore("Ada", &words(PHRASE), "", &secret).unwrap();
    vault.logout();
    vault.login(key_uid(), &secret).unwrap();
    let signature = vault.personal_sign(first(), b"hello").unwrap();
    assert_eq!(sign::recover(b"hello", &signature).unwrap(), first());
    assert_eq!(
        vault.state(),
        SessionState::Unlocked {
            key_uid: key_uid(),
            locks_in: None
        }
    );
}
