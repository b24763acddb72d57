//! The module, called through the traits of its contract.

use super::watch::Told;
use super::*;
use crate::keystore::ScryptParams;
use backplane_sdk::descriptor::{Manifest, fixed};
use backplane_sdk::{Bytes, Fixed, Plug};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch::Receiver;
use wallet_api::{Keys, Profile, Role, Secret, SessionState as State, Sign};

const DEADLINE: Duration = Duration::from_secs(20);
const PASSWORD: &str = "opensesame";
/// The phrase of status-go's first functional test user, its key identifier and its first wallet account.
const PHRASE: &str = "test test test test test test test test test test test junk";
const KEY_UID: &str = "7e77ee24a7266ac6b2e482fd2778b9671bef4b5418b37e318b6b466c23773b81";
const FIRST: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// The default wallet of `abandon … about` with the passphrase `TREZOR`, and its signature of `hello`.
const KEY: &str = "62f1d86b246c81bdd8f6c166d56896a4a5e1eddbcaebe06480e5c0bc74c28224";
const HELLO: &str = "d618e1522014b1ca12f3acf0ae49e061a6e80fca6630eb60ab1ede39b519e9d7474a161a48d14a50f621f3569232be1f159df84f2f0b4769aaddccf42849c7e31c";

fn fixed<const N: usize>(hex: &str) -> Fixed<N> {
    let mut bytes = [0; N];
    hex::decode_to_slice(hex.strip_prefix("0x").unwrap_or(hex), &mut bytes).unwrap();
    bytes.into()
}

fn secret(text: &str) -> Secret {
    Secret::from(text)
}

fn unlocked() -> State {
    State::Unlocked {
        key_uid: fixed(KEY_UID),
    }
}

fn locked() -> State {
    State::Locked {
        key_uid: fixed(KEY_UID),
    }
}

async fn open(folder: &TempDir, auto_lock: Option<Duration>) -> Wallet {
    let cheap = ScryptParams::new(2, 1, 1).unwrap();
    let config = VaultConfig {
        key_file_cost: cheap,
        envelope_cost: cheap,
        auto_lock,
        ..VaultConfig::default()
    };
    Wallet::open(folder.path().join(PROFILES), config).await.unwrap()
}

async fn with_profile(folder: &TempDir) -> Wallet {
    let wallet = open(folder, None).await;
    let (name, none) = ("Ada".to_owned(), Secret::default());
    let restored = wallet.restore(name, secret(PHRASE), secret(PASSWORD), none, false);
    assert_eq!(restored.await.unwrap().key_uid, fixed(KEY_UID));
    wallet
}

async fn told(told: &mut Receiver<Told>, wanted: &State) {
    let found = told.wait_for(|told| told.state.as_ref() == Some(wanted));
    drop(
        tokio::time::timeout(DEADLINE, found)
            .await
            .expect("told in time")
            .unwrap(),
    );
}

#[tokio::test]
async fn a_restored_profile_has_the_accounts_of_status() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = with_profile(&folder).await;
    let listing = Keys::list(&wallet).await.unwrap();
    let roles: Vec<_> = listing
        .accounts
        .iter()
        .map(|it| (it.role, it.display.as_str()))
        .collect();
    assert_eq!(
        roles,
        [
            (Role::Chat, "0xEdAdC377AA1144DeA22eE61043D4bf9E6267BD4F"),
            (Role::Default, FIRST)
        ]
    );
    let info = Profile::list(&wallet).await.unwrap().remove(0).profile.unwrap();
    assert_eq!(info.chat_address, Some(listing.accounts[0].address));
    assert_eq!(info.chat_public_key, listing.accounts[0].public_key);
    let preview = wallet.preview(info.key_uid, 0, 2).await.unwrap();
    assert_eq!((preview[0].display.as_str(), preview[0].added), (FIRST, true));
    let second = wallet
        .add_account(info.key_uid, "Two".to_owned(), None)
        .await
        .unwrap();
    assert_eq!(
        (second.address, second.path.unwrap()),
        (preview[1].address, preview[1].path.clone())
    );
}

#[tokio::test]
async fn signatures_are_those_of_other_wallets() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = with_profile(&folder).await;
    let account = wallet
        .add_private_key("Key".to_owned(), secret(KEY))
        .await
        .unwrap();
    assert_eq!(account.display, "0x9c32F71D4DB8Fb9e1A58B0a80dF79935e7256FA6");
    let hello = || Bytes::from(&b"hello"[..]);
    let signature = wallet.personal_sign(account.address, hello()).await.unwrap();
    assert_eq!(signature, fixed(HELLO));
    assert_eq!(wallet.recover(hello(), signature), Ok(account.address));
    assert_eq!(wallet.verify(account.address, hello(), signature), Ok(true));
    assert_eq!(wallet.verify(fixed(FIRST), hello(), signature), Ok(false));
    let broken = Fixed([0xff; 65]);
    assert_eq!(
        wallet.recover(hello(), broken),
        Err(WalletError::InvalidSignature)
    );

    let document = r#"{"types":{"EIP712Domain":[{"name":"chainId","type":"uint256"}],
        "Note":[{"name":"text","type":"string"}]},"primaryType":"Note",
        "domain":{"chainId":1},"message":{"text":"Hello"}}"#;
    let document = || document.to_owned();
    let signature = wallet
        .typed_data_v4(account.address, document(), Some(1))
        .await
        .unwrap();
    let signer = wallet.recover_typed_data(document(), None, signature).await;
    assert_eq!(signer, Ok(account.address));
    assert_eq!(
        wallet.typed_data_v4(account.address, document(), Some(5)).await,
        Err(WalletError::WrongChain {
            expected: 5,
            found: "1".to_owned()
        })
    );
}

#[tokio::test]
async fn a_new_mnemonic_restores_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = open(&folder, None).await;
    let created = wallet
        .create("Ada".to_owned(), secret(PASSWORD), 24)
        .await
        .unwrap();
    assert_eq!(created.mnemonic.expose().split(' ').count(), 24);
    assert!(!format!("{created:?}").contains(created.mnemonic.expose()));
    let key_uid = created.profile.key_uid;
    wallet
        .change_password(key_uid, secret(PASSWORD), secret("hunter2hunter2"))
        .await
        .unwrap();
    assert_eq!(
        wallet.delete(key_uid, secret(PASSWORD)).await,
        Err(WalletError::WrongPassword)
    );
    wallet.delete(key_uid, secret("hunter2hunter2")).await.unwrap();
    assert_eq!(wallet.state().state, State::LoggedOut);
    let none = Secret::default();
    let restored = wallet.restore("Ada".to_owned(), created.mnemonic, secret(PASSWORD), none, false);
    assert_eq!(restored.await.unwrap().key_uid, key_uid);
    assert_eq!(
        wallet
            .create("Ada".to_owned(), secret(PASSWORD), 13)
            .await
            .unwrap_err(),
        WalletError::MnemonicLength { count: 13 }
    );
}

#[tokio::test]
async fn key_files_go_from_wallet_to_wallet() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let wallet = with_profile(&folder).await;
    let first = fixed(FIRST);
    let refused = wallet
        .export_key_file(first, secret("wrong password"), secret("x"))
        .await;
    assert_eq!(refused.unwrap_err(), WalletError::WrongPassword);
    let file = wallet
        .export_key_file(first, secret(PASSWORD), secret("x"))
        .await
        .unwrap();
    let wallet = open(&other, None).await;
    wallet
        .create("Bob".to_owned(), secret(PASSWORD), 12)
        .await
        .unwrap();
    let wrong = wallet
        .import_key_file("Ada's".to_owned(), file.clone(), secret("y"))
        .await;
    assert_eq!(wrong, Err(WalletError::WrongPassword));
    let imported = wallet
        .import_key_file("Ada's".to_owned(), file, secret("x"))
        .await
        .unwrap();
    assert_eq!(imported.display, FIRST);
    wallet.remove_account(first).await.unwrap();
    let watched = wallet
        .add_watch_only("Ada's".to_owned(), FIRST.to_owned())
        .await
        .unwrap();
    assert_eq!((watched.role, watched.key_uid), (Role::Watch, None));
    assert!(matches!(
        wallet
            .add_watch_only("Typo".to_owned(), FIRST.replace('B', "b"))
            .await,
        Err(WalletError::InvalidAddress { .. })
    ));
}

#[tokio::test]
async fn each_change_of_the_session_is_told_and_it_locks_itself() {
    let folder = tempfile::tempdir().unwrap();
    drop(with_profile(&folder).await);
    let wallet = open(&folder, Some(Duration::from_millis(300))).await;
    let mut changes = wallet.watch.subscribe();
    let keeper = tokio::spawn(Arc::clone(&wallet.watch).keep(false));
    told(&mut changes, &State::LoggedOut).await;
    wallet.login(fixed(KEY_UID), secret(PASSWORD)).await.unwrap();
    assert!(wallet.state().locks_in_ms.is_some_and(|left| left <= 300));
    // Nobody asks from here on.
    told(&mut changes, &locked()).await;
    let signed = wallet.personal_sign(fixed(FIRST), Bytes::default()).await;
    assert_eq!(signed, Err(WalletError::Locked));
    wallet.unlock(secret(PASSWORD)).await.unwrap();
    told(&mut changes, &unlocked()).await;
    wallet.logout();
    told(&mut changes, &State::LoggedOut).await;
    keeper.abort();
}

#[tokio::test]
async fn a_successor_has_the_profile_locked_and_is_silent_before() {
    let folder = tempfile::tempdir().unwrap();
    let old = with_profile(&folder).await;
    let new = open(&folder, None).await;
    let mut changes = new.watch.subscribe();
    let keeper = tokio::spawn(Arc::clone(&new.watch).keep(true));
    let state = old.export().await.unwrap();
    assert!(!changes.has_changed().unwrap());
    new.import(1, state).await.unwrap();
    told(&mut changes, &locked()).await;
    old.stop().await;
    assert!(matches!(old.vault.state(), SessionState::Locked { .. }));
    let signed = new.personal_sign(fixed(FIRST), Bytes::default()).await;
    assert_eq!(signed, Err(WalletError::Locked));
    new.unlock(secret(PASSWORD)).await.unwrap();
    new.personal_sign(fixed(FIRST), Bytes::default()).await.unwrap();
    told(&mut changes, &unlocked()).await;
    keeper.abort();
}

#[tokio::test]
async fn a_profile_that_is_gone_does_not_stop_the_successor() {
    let folder = tempfile::tempdir().unwrap();
    let old = with_profile(&folder).await;
    let state = old.export().await.unwrap();
    old.delete(fixed(KEY_UID), secret(PASSWORD)).await.unwrap();
    let new = open(&folder, None).await;
    new.import(1, state).await.unwrap();
    assert_eq!(new.state().state, State::LoggedOut);
}

#[tokio::test]
async fn after_a_swap_that_was_given_up_the_state_is_told_again() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = with_profile(&folder).await;
    let mut changes = wallet.watch.subscribe();
    wallet.export().await.unwrap();
    assert!(!changes.has_changed().unwrap());
    assert_eq!(wallet.state().state, unlocked());
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    wallet.state();
    assert!(!changes.has_changed().unwrap());
}

#[tokio::test]
async fn refusals_repeat_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = with_profile(&folder).await;
    let (name, none) = (|| "x".to_owned(), Secret::default);
    let bad_words = || secret(&PHRASE.replace("junk", "hunter2"));
    let bad_key = || secret(&format!("{KEY}0"));
    let errors = [
        wallet.add_seed(name(), bad_words(), none()).await.unwrap_err(),
        wallet.add_private_key(name(), bad_key()).await.unwrap_err(),
        wallet
            .import_key_file(name(), bad_key(), none())
            .await
            .unwrap_err(),
        wallet.unlock(secret("hunter2")).await.unwrap_err(),
        wallet
            .typed_data_v4(fixed(FIRST), KEY.to_owned(), None)
            .await
            .unwrap_err(),
        wallet
            .add_account(fixed(KEY_UID), name(), Some(KEY.to_owned()))
            .await
            .unwrap_err(),
        wallet.add_watch_only(name(), KEY.to_owned()).await.unwrap_err(),
    ];
    for error in errors {
        for text in [format!("{error}"), format!("{error:?}")] {
            assert!(!text.contains("hunter2") && !text.contains(KEY), "{text}");
        }
    }
}

#[test]
fn the_manifest_says_what_the_module_is() {
    const MANIFEST: fixed::ManifestTy = <Wallet as Plug>::MANIFEST;
    const LEN: usize = fixed::rendered_len(&MANIFEST);
    let manifest = Manifest::parse(&fixed::render::<LEN>(&MANIFEST)).unwrap();
    assert_eq!(manifest.name, "wallet");
    let provides: Vec<_> = manifest.provides.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(provides, ["wallet.profile", "wallet.keys", "wallet.sign"]);
    assert!(manifest.exclusive.is_empty());
}

#[test]
fn a_setting_out_of_range_is_named() {
    let mut config = WalletConfig {
        auto_lock_seconds: 604_800,
        key_file_cost: Cost::Light,
        password_cost: Cost::Standard,
    };
    assert!(Wallet::check(&config).is_ok());
    config.auto_lock_seconds += 1;
    assert_eq!(
        Wallet::check(&config).unwrap_err().to_string(),
        "auto_lock_seconds is 604801, at most 604800 are allowed"
    );
}
