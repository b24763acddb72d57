//! Mnemonics, keys and addresses against published values.

use serde::Deserialize;
use wallet_plugin::derivation::{ExtendedKey, Path, PublicNode, status};
use wallet_plugin::mnemonic::{self, Checksum};

const A: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const B: &str = "test test test test test test test test test test test junk";
const C: &str = "vocal blouse script census island armor seek catch wool narrow peasant attract";

fn master(phrase: &str, passphrase: &str) -> ExtendedKey {
    let words = mnemonic::validate(phrase, Checksum::Required).unwrap();
    ExtendedKey::from_seed(&mnemonic::seed(&words, passphrase).unwrap()).unwrap()
}

fn at(master: &ExtendedKey, path: &str) -> ExtendedKey {
    master.derive(&path.parse().unwrap()).unwrap()
}

fn address(key: &ExtendedKey) -> String {
    key.address().to_checksum(None)
}

fn private(key: &ExtendedKey) -> String {
    format!("0x{}", hex::encode(key.private_key().as_slice()))
}

fn public(key: &ExtendedKey) -> String {
    format!("0x{}", hex::encode(key.public_key()))
}

/// The vectors of BIP-39, passphrase TREZOR.
#[test]
fn bip39_seeds_and_master_keys() {
    #[derive(Deserialize)]
    struct Vector {
        mnemonic: String,
        seed: String,
        xprv: String,
    }
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("data/bip39_english.json")).unwrap();
    assert_eq!(vectors.len(), 24);
    for vector in vectors {
        let words = mnemonic::validate(&vector.mnemonic, Checksum::Required).unwrap();
        assert_eq!(*words.phrase(), vector.mnemonic);
        let seed = mnemonic::seed(&words, "TREZOR").unwrap();
        assert_eq!(hex::encode(seed.as_slice()), vector.seed);
        let master = ExtendedKey::from_seed(&seed).unwrap();
        assert_eq!(*master.xprv().unwrap(), vector.xprv);
    }
}

/// Test vectors 3 and 4 of BIP-32: keys whose leading zero bytes must not be lost.
#[test]
fn bip32_keeps_leading_zeros() {
    let three = ExtendedKey::from_xprv("xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxBrCmmhgC6").unwrap();
    assert_eq!(
        *at(&three, "m/0'").xprv().unwrap(),
        "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L"
    );
    let four = ExtendedKey::from_xprv("xprv9s21ZrQH143K48vGoLGRPxgo2JNkJ3J3fqkirQC2zVdk5Dgd5w14S7fRDyHH4dWNHUgkvsvNDCkvAwcSHNAQwhwgNMgZhLtQC63zxwhQmRv").unwrap();
    assert_eq!(
        *at(&four, "m/0'/1'").xprv().unwrap(),
        "xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1"
    );
}

/// status-go's own vector.
#[test]
fn status_paths_with_passphrase() {
    let master = master(A, "TREZOR");
    for (path, expected_address, expected_key) in [
        (
            "m",
            "0xd7FDc6389223c747de571b22C2860B6b1CE9643a",
            "0xcbedc75b0d6412c85c79bc13875112ef912fd1e756631b5a00330866f22ff184",
        ),
        (
            status::WALLET_ROOT,
            "0x41a12c597f798cFfE5c875Dac345a7F111390CB4",
            "0x3880600e9d01072548e8f420c8425cb0bc450743ad0e910350f8341e53af31f8",
        ),
        (
            status::DEFAULT_WALLET,
            "0x9c32F71D4DB8Fb9e1A58B0a80dF79935e7256FA6",
            "0x62f1d86b246c81bdd8f6c166d56896a4a5e1eddbcaebe06480e5c0bc74c28224",
        ),
        (
            "m/44'/60'/0'/0/1",
            "0x7AF7283bd1462C3b957e8FAc28Dc19cBbF2FAdfe",
            "0x49ee230b1605382ac1c40079191bca937fc30e8c2fa845b7de27a96ffcc4ddbf",
        ),
        (
            status::EIP1581_ROOT,
            "0x355105E9A20FA834fa6D7B8092E57aE80d398b8a",
            "0x9df0d94ccec526eb21dc2db09fba540bee5af1692a9d67c70d6e0bb904015a6a",
        ),
        (
            status::CHAT,
            "0x17116AD45de88e14Fcde0A9DCF0F10A8945E5B7E",
            "0x5908a8b1a20a6c686d347a0a871ed229297355a3dc42a20d9444240934bcc13e",
        ),
        (
            status::ENCRYPTION,
            "0x79dFC56c5AE2989ff2e9642967fc4397F6A67dB4",
            "0xf240715bcf62a48ddeb7c38734a7e3ce6a2aa25a4df310662863c4a2dfffbc31",
        ),
    ] {
        let key = at(&master, path);
        assert_eq!(address(&key), expected_address, "{path}");
        assert_eq!(private(&key), expected_key, "{path}");
    }
    assert_eq!(
        master.key_uid().to_string(),
        "0x6b33d8b321bedcccd9bb3eeda0383c9ee49437fec19452e3b87f4efe36e57c70"
    );
    assert_eq!(
        *master.xprv().unwrap(),
        "xprv9s21ZrQH143K3h3fDYiay8mocZ3afhfULfb5GX8kCBdno77K4HiA15Tg23wpbeF1pLfs1c5SPmYHrEpTuuRhxMwvKDwqdKiGJS9XFKzUsAF"
    );
    let first = at(&master, status::DEFAULT_WALLET);
    assert_eq!(
        public(&first),
        "0x04986dee3b8afe24cb8ccb2ac23dac3f8c43d22850d14b809b26d6b8aa5a1f47784152cd2c7d9edd0ab20392a837464b5a750b2a7f3f06e6a5756b5211b6a6ed05"
    );
    for (path, uid) in [
        (
            status::DEFAULT_WALLET,
            "0x06d6639c5b0fb5465d80e97efe9288b0b046223fc33b054c1083946a21f49315",
        ),
        (
            "m/44'/60'/0'/0/1",
            "0x5bd1c31af7a92087f76fa0def8ded5277d4d69b0aa4f4a4352912f4026aa68c3",
        ),
    ] {
        let plain = ExtendedKey::from_private_key_hex(&private(&at(&master, path))).unwrap();
        assert_eq!(plain.key_uid().to_string(), uid);
    }
}

#[test]
fn addresses_are_shown_from_the_public_node() {
    let node = at(&master(A, "TREZOR"), status::WALLET_ACCOUNT)
        .public_node()
        .unwrap();
    assert_eq!(
        node.xpub(),
        "xpub6CyAvEUSAz99YVGpjogiwm5bWy6WEgzEzh4AnWaC1ZMdEKkdswsotYYLW95BXHfETUoQC5DmpbjcTdkJbLXdnTVf6BcorfWKniZgmu1v5jX"
    );
    let node = PublicNode::from_xpub(&node.xpub()).unwrap();
    let shown = node.address(&"m/0/1".parse().unwrap()).unwrap();
    assert_eq!(
        shown.to_checksum(None),
        "0x7AF7283bd1462C3b957e8FAc28Dc19cBbF2FAdfe"
    );
    assert!(node.address(&"m/0'".parse().unwrap()).is_err());
}

/// What Status itself makes: no passphrase.
#[test]
fn status_paths_without_passphrase() {
    let a = master(A, "");
    assert_eq!(
        a.key_uid().to_string(),
        "0x16f5b9c7657df5e0b45016292d852a36622fb39b63c28017ccf21633270858f1"
    );
    for (path, expected) in [
        ("m", "0xa8E070649A1D98651D281FdD428BD3EeC0d279e0"),
        (status::WALLET_ROOT, "0xB8Fd42000d00202DCbCF5e18d6640d656345FD6A"),
        (
            status::DEFAULT_WALLET,
            "0x9858EfFD232B4033E47d90003D41EC34EcaEda94",
        ),
        (status::EIP1581_ROOT, "0xF5C2624Eb704911fBD2b04cf50A5Bb0F82a054DC"),
        (status::CHAT, "0x5173cfDdE36D0D6f3b3F3B1E59872bFC50102fA2"),
        (status::ENCRYPTION, "0x1c3ac71aACfedE112eB2011A5A3083640368e66E"),
    ] {
        assert_eq!(address(&at(&a, path)), expected, "{path}");
    }
    assert_eq!(
        private(&at(&a, status::DEFAULT_WALLET)),
        "0x1ab42cc412b618bdea3a599e3c9bae199ebf030895b039e9db1e30dafb12b727"
    );
    let chat = at(&a, status::CHAT);
    assert_eq!(
        private(&chat),
        "0x20e61d44eb73cb7d5ff4526bac8c0b96451d8e018b2d6c79022e7ce3b583a754"
    );
    assert_eq!(
        public(&chat),
        "0x041c0b489f112aa9334a0c41e349757e3edd6b0ce761bebc6b14b4901a10aa77966f0b3648e289857fe223ed0230f7383c420ec303b620f07503e1ac66beab0837"
    );
}

#[test]
fn status_functional_test_user() {
    let b = master(B, "");
    assert_eq!(
        b.key_uid().to_string(),
        "0x7e77ee24a7266ac6b2e482fd2778b9671bef4b5418b37e318b6b466c23773b81"
    );
    for (path, expected) in [
        ("m", "0xF5a6EAD936fb47f342Bb63E676479bDdf26EbE1d"),
        (status::WALLET_ROOT, "0x1e59ce931B4CFea3fe4B875411e280e173cB7A9C"),
        (
            status::DEFAULT_WALLET,
            "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        ),
        ("m/44'/60'/0'/0/1", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
        (status::EIP1581_ROOT, "0xC220E103fDabB80e30d03499dAe65aa3e645f200"),
        (status::CHAT, "0xEdAdC377AA1144DeA22eE61043D4bf9E6267BD4F"),
        (status::ENCRYPTION, "0x118Acc2EE0476142db6BF96fdcef19331276ecf3"),
    ] {
        assert_eq!(address(&at(&b, path)), expected, "{path}");
    }
    assert_eq!(
        private(&at(&b, status::DEFAULT_WALLET)),
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    );
    assert_eq!(
        public(&at(&b, status::CHAT)),
        "0x04b0845dbe5aac196a2c1606fe3199e5ec9b2bd09a5bd801e478409544745bf6898bad70ee31d6c3061a86101a087bb605ce3c88292888221c992a17e8d6e40eaf"
    );
}

/// status-go's test of the upgrade from its mobile version 1.
#[test]
fn status_mobile_upgrade() {
    let c = master(C, "");
    assert_eq!(
        c.key_uid().to_string(),
        "0x92674ed1d3d99d844710cf61b14d0a9c3048eb63e07fda1d3e041a17823e24b6"
    );
    let first = at(&c, status::DEFAULT_WALLET);
    assert_eq!(address(&first), "0xb7A1233d1309Ce665a3A4DB088E4a046eb333545");
    assert_eq!(
        public(&first),
        "0x04fde3e58a7379161da2adf033fbee076e2ba11fca8b07c4d06610b399911a60017e4c108eae243487d19e273f99c2d6af13ff5e330783f4389212092b01cc616c"
    );
}

#[test]
fn a_loaded_wallet_root_derives_its_children_relatively() {
    let a = master(A, "");
    let root = ExtendedKey::from_xprv(&at(&a, status::WALLET_ROOT).xprv().unwrap()).unwrap();
    let full: Path = "m/44'/60'/0'/0/3".parse().unwrap();
    let rest = full.below(&status::WALLET_ROOT.parse().unwrap()).unwrap();
    assert_eq!(rest.to_string(), "m/3");
    assert_eq!(
        root.derive(&rest).unwrap().address(),
        a.derive(&full).unwrap().address()
    );
}
