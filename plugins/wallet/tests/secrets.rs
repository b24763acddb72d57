//! No secret in an error, a `Debug` text or a file.

mod support;

use support::*;
use wallet_plugin::address::parse_address;
use wallet_plugin::derivation::ExtendedKey;
use wallet_plugin::mnemonic::{self, Checksum};
use wallet_plugin::sign::TypedData;

#[test]
fn debug_texts_hide_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    vault.personal_sign(parse_address(FIRST).unwrap(), b"x").unwrap();
    let seed = mnemonic::seed(&words(PHRASE), "").unwrap();
    let key = ExtendedKey::from_seed(&seed).unwrap();
    for text in [
        format!("{vault:?}"),
        format!("{vault:#?}"),
        format!("{:?}", words(PHRASE)),
        format!("{:?}", password(RIGHT)),
        format!("{key:?}"),
        format!("{:?}", vault.profile().unwrap()),
    ] {
        assert!(!text.is_empty());
        assert_clean(&text);
    }
}

#[test]
fn errors_do_not_repeat_what_they_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let vault = with_profile(folder.path());
    let master = ExtendedKey::from_seed(&mnemonic::seed(&words(PHRASE), "").unwrap()).unwrap();
    let bad_xprv = format!("{}x", master.xprv().unwrap().as_str());
    let bad_key = format!("{}0", hex::encode(master.private_key().as_slice()));
    vault.logout();
    let errors = [
        mnemonic::validate(&PHRASE.replace("junk", "junkjunk"), Checksum::Required)
            .unwrap_err()
            .to_string(),
        mnemonic::validate(&PHRASE.replace("test junk", "junk test"), Checksum::Required)
            .unwrap_err()
            .to_string(),
        ExtendedKey::from_xprv(&bad_xprv).unwrap_err().to_string(),
        ExtendedKey::from_private_key_hex(&bad_key)
            .unwrap_err()
            .to_string(),
        vault.login(key_uid(), &password(WRONG)).unwrap_err().to_string(),
        format!("{:?}", vault.login(key_uid(), &password(WRONG)).unwrap_err()),
        format!(
            "{:?}",
            bad_key.parse::<wallet_plugin::derivation::Path>().unwrap_err()
        ),
        TypedData::parse(format!("{{\"types\": \"{PHRASE}\"").as_bytes(), None)
            .unwrap_err()
            .to_string(),
    ];
    for text in errors {
        assert_clean(&text);
    }
}

#[test]
fn nothing_on_disk_is_readable() {
    fn walk(path: &std::path::Path) {
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path());
            } else {
                assert_clean(&String::from_utf8(std::fs::read(entry.path()).unwrap()).unwrap());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    with_profile(folder.path());
    walk(folder.path());
}
