//! What the vault tests share.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use wallet_plugin::clock::Clock;
use wallet_plugin::derivation::{ExtendedKey, status};
use wallet_plugin::keystore::ScryptParams;
use wallet_plugin::mnemonic::{self, Checksum, Mnemonic};
use wallet_plugin::{KeyUid, Password, Vault, VaultConfig};

/// The phrase of status-go's first functional test user.
pub(crate) const PHRASE: &str = "test test test test test test test test test test test junk";
/// Its key identifier.
pub(crate) const KEY_UID: &str = "0x7e77ee24a7266ac6b2e482fd2778b9671bef4b5418b37e318b6b466c23773b81";
/// Its first wallet account.
pub(crate) const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// Its second wallet account.
pub(crate) const SECOND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// A second phrase.
pub(crate) const OTHER: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

pub(crate) fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

pub(crate) fn words(phrase: &str) -> Mnemonic {
    mnemonic::validate(phrase, Checksum::Required).unwrap()
}

pub(crate) fn key_uid() -> KeyUid {
    KEY_UID.parse().unwrap()
}

/// A clock that moves when told to.
#[derive(Debug, Default)]
pub(crate) struct HandClock(Mutex<(Duration, Duration)>);

impl HandClock {
    pub(crate) fn pass(&self, seconds: u64) {
        let mut time = self.0.lock().unwrap();
        time.0 += Duration::from_secs(seconds);
        time.1 += Duration::from_secs(seconds);
    }

    /// The time of day alone moves: what happens while a machine sleeps.
    pub(crate) fn sleep(&self, seconds: u64) {
        self.0.lock().unwrap().1 += Duration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().0
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000) + self.0.lock().unwrap().1
    }
}

/// Cheap key derivation, a clock of its own, automatic lock after 60 s.
pub(crate) fn config(clock: &Arc<HandClock>) -> VaultConfig {
    let cheap = ScryptParams::new(2, 1, 1).unwrap();
    VaultConfig {
        key_file_cost: cheap,
        envelope_cost: cheap,
        auto_lock: Some(Duration::from_secs(60)),
        clock: clock.clone(),
    }
}

pub(crate) fn open(directory: &Path) -> Vault {
    Vault::open(directory, config(&Arc::default())).unwrap()
}

/// A vault with one profile, logged in.
pub(crate) fn with_profile(directory: &Path) -> Vault {
    let vault = open(directory);
    vault
        .restore("Ada", &words(PHRASE), "", &password("opensesame"))
        .unwrap();
    vault
}

/// A right password.
pub(crate) const RIGHT: &str = "opensesame";
/// Another one.
pub(crate) const WRONG: &str = "hunter2hunter2";

/// All that must never be seen.
fn secrets() -> Vec<String> {
    let mut secrets = vec![
        RIGHT.to_owned(),
        WRONG.to_owned(),
        PHRASE.to_owned(),
        "junk".to_owned(),
    ];
    for text in [RIGHT, WRONG] {
        secrets.push(hex::encode(alloy_primitives::keccak256(text)));
    }
    let seed = mnemonic::seed(&words(PHRASE), "").unwrap();
    secrets.push(hex::encode(seed.as_slice()));
    let master = ExtendedKey::from_seed(&seed).unwrap();
    for path in ["m", status::WALLET_ROOT, status::DEFAULT_WALLET, status::CHAT] {
        let key = master.derive(&path.parse().unwrap()).unwrap();
        secrets.push(hex::encode(key.private_key().as_slice()));
        secrets.push(format!("{:?}", key.private_key().as_slice()));
        secrets.push(key.xprv().unwrap().to_string());
    }
    secrets
}

pub(crate) fn assert_clean(text: &str) {
    let lower = text.to_lowercase();
    for secret in secrets() {
        assert!(
            !lower.contains(&secret.to_lowercase()),
            "a secret is seen in: {text}"
        );
    }
}
