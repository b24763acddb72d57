//! Crashes, torn files and swapped files.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::*;
use wallet_plugin::address::parse_address;
use wallet_plugin::vault::SessionState;
use wallet_plugin::{Vault, VaultError};

fn file(root: &Path, name: &str) -> PathBuf {
    root.join(KEY_UID).join(name)
}

fn key_file(root: &Path, address: &str) -> PathBuf {
    let ending = address.trim_start_matches("0x").to_lowercase();
    fs::read_dir(file(root, "keystore"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_str().unwrap().ends_with(&ending))
        .unwrap()
}

fn tear(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// A second profile, to see that it does not suffer.
fn add_other(vault: &Vault) -> wallet_plugin::KeyUid {
    vault.logout();
    let other = vault.restore("Bob", &words(OTHER), "", &password("opensesame"));
    vault.logout();
    other.unwrap().key_uid
}

#[test]
fn what_a_crash_left_is_swept_and_the_old_files_count() {
    let folder = tempfile::tempdir().unwrap();
    with_profile(folder.path());
    let half = &b"{\"version\":1,\"keyU"[..];
    let left = [
        file(folder.path(), ".new-a1b2c3"),
        file(folder.path(), "keystore/.new-d4e5f6"),
        folder.path().join(".new-folder/keystore/UTC--x"),
        folder.path().join(format!(".gone-{KEY_UID}/profile.json")),
    ];
    for path in &left {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, half).unwrap();
    }
    let vault = open(folder.path());
    assert!(left.iter().all(|path| !path.exists()));
    assert_eq!(vault.list().unwrap().len(), 1);
    vault.login(key_uid(), &password("opensesame")).unwrap();
    vault
        .personal_sign(parse_address(FIRST).unwrap(), b"hello")
        .unwrap();
}

#[test]
fn work_of_a_running_vault_is_not_swept() {
    let folder = tempfile::tempdir().unwrap();
    with_profile(folder.path());
    let lock = fs::File::open(folder.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let unfinished = folder.path().join(".new-other");
    fs::create_dir(&unfinished).unwrap();
    open(folder.path());
    assert!(unfinished.exists());
    drop(lock);
    open(folder.path());
    assert!(!unfinished.exists());
}

#[test]
fn a_torn_description_hurts_its_own_profile_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let other = add_other(&vault);
    tear(&file(folder.path(), "profile.json"));
    for listed in vault.list().unwrap() {
        match listed.profile {
            Ok(profile) => assert_eq!(profile.key_uid, other),
            Err(VaultError::Damaged {
                key_uid: damaged,
                file,
                ..
            }) => {
                assert_eq!((damaged, file.as_str()), (key_uid(), "profile.json"));
            }
            Err(error) => panic!("{error}"),
        }
    }
    let error = vault.login(key_uid(), &password("opensesame")).unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
    assert_eq!(vault.state(), SessionState::LoggedOut);
    vault.login(other, &password("opensesame")).unwrap();
}

#[test]
fn a_torn_envelope_is_named_and_the_profile_can_be_restored() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let other = add_other(&vault);
    tear(&file(folder.path(), "profile.kek"));
    let error = vault.login(key_uid(), &password("opensesame")).unwrap_err();
    assert!(
        error.to_string().starts_with(&format!(
            "file profile.kek of profile {KEY_UID} is damaged: key file is damaged: line 1"
        )),
        "{error}"
    );
    vault.login(other, &password("opensesame")).unwrap();
    vault.logout();
    vault.delete(key_uid(), &password("any password")).unwrap();
    vault
        .restore("Ada", &words(PHRASE), "", &password("opensesame"))
        .unwrap();
}

#[test]
fn a_file_that_cannot_be_read_now_is_no_reason_to_delete() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let envelope = file(folder.path(), "profile.kek");
    let aside = file(folder.path(), "aside");
    fs::rename(&envelope, &aside).unwrap();
    fs::create_dir(&envelope).unwrap();
    let error = vault.delete(key_uid(), &password("any password")).unwrap_err();
    assert!(matches!(error, VaultError::Io { .. }), "{error}");
    fs::remove_dir(&envelope).unwrap();
    fs::rename(&aside, &envelope).unwrap();
    vault.verify_password(key_uid(), &password("opensesame")).unwrap();
}

#[test]
fn a_torn_key_file_hurts_its_own_account_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let second = vault.add_account(key_uid(), "Second", None).unwrap();
    tear(&key_file(folder.path(), FIRST));
    vault.logout();
    vault.login(key_uid(), &password("opensesame")).unwrap();
    let error = vault
        .personal_sign(parse_address(FIRST).unwrap(), b"x")
        .unwrap_err();
    assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
    vault.personal_sign(second.address, b"x").unwrap();
    vault.sign_chat(b"x").unwrap();
}

#[test]
fn a_swapped_key_file_or_path_signs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let second = vault.add_account(key_uid(), "Second", None).unwrap();
    vault.logout();
    let chat = key_file(folder.path(), "EdAdC377AA1144DeA22eE61043D4bf9E6267BD4F");
    fs::copy(chat, key_file(folder.path(), FIRST)).unwrap();
    let description = file(folder.path(), "profile.json");
    let text = fs::read_to_string(&description).unwrap();
    fs::write(&description, text.replace("0'/0/1\"", "0'/0/7\"")).unwrap();
    vault.login(key_uid(), &password("opensesame")).unwrap();
    for address in [parse_address(FIRST).unwrap(), second.address] {
        let error = vault.personal_sign(address, b"x").unwrap_err();
        assert!(matches!(error, VaultError::Damaged { .. }), "{error}");
    }
}

const CRASH_FOLDER: &str = "WALLET_CRASH_TEST_FOLDER";

/// The body of the process that is killed below; does nothing when run as a test.
#[test]
fn change_passwords_until_killed() {
    let Some(folder) = std::env::var_os(CRASH_FOLDER) else {
        return;
    };
    let vault = open(Path::new(&folder));
    let (even, odd) = (password("even password"), password("odd password"));
    let end = Instant::now() + Duration::from_secs(20);
    let (mut from, mut to) = match vault.verify_password(key_uid(), &even) {
        Ok(()) => (&even, &odd),
        Err(_) => (&odd, &even),
    };
    while Instant::now() < end {
        vault.change_password(key_uid(), from, to).unwrap();
        std::mem::swap(&mut from, &mut to);
    }
}

#[test]
fn a_killed_password_change_leaves_one_valid_password() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let (even, odd) = (password("even password"), password("odd password"));
    vault.restore("Ada", &words(PHRASE), "", &even).unwrap();
    vault.logout();
    let envelope = file(folder.path(), "profile.kek");
    for round in 0..10u64 {
        let before = fs::read(&envelope).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["change_passwords_until_killed", "--exact", "--test-threads=1"])
            .env(CRASH_FOLDER, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        // A few changes more each round, so that the kill hits different steps.
        let mut seen = before;
        for _ in 0..=round {
            while fs::read(&envelope).unwrap() == seen {
                assert!(Instant::now() < deadline, "the password does not change");
                std::hint::spin_loop();
            }
            seen = fs::read(&envelope).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let vault = open(folder.path());
        let valid = [&even, &odd].map(|p| vault.verify_password(key_uid(), p));
        let wrong = Err(VaultError::WrongPassword);
        assert!(
            valid == [Ok(()), wrong.clone()] || valid == [wrong, Ok(())],
            "{valid:?}"
        );
        let names = fs::read_dir(folder.path().join(KEY_UID)).unwrap();
        assert_eq!(names.count(), 3, "profile.json, profile.kek, keystore");
    }
}
