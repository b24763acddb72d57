//! What a lock refuses.

use super::*;
use crate::package::tests::{hello, key};
use crate::{Index, SecretKey};
use std::fs;

fn locked(version: &str, signer: Option<PublicKey>) -> Locked {
    Locked {
        version: version.parse().unwrap(),
        manifest: hello(version).digest(),
        signer,
        registry: Some("file:///srv/registry".to_owned()),
        target: "linux-x86_64".to_owned(),
        library: "libhello.so".to_owned(),
        sha256: Digest::of(b"code"),
    }
}

fn index(serial: u32, owner: Option<&str>, key: &SecretKey) -> SignedIndex {
    let mut index = Index::empty();
    index.serial = serial;
    index
        .owners
        .extend(owner.map(|owner| (owner.to_owned(), key.public())));
    index.sign(key)
}

#[test]
fn it_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(Lock::FILE);
    assert_eq!(Lock::read(&path).unwrap(), Lock::default());
    let key = key();
    let mut lock = Lock::default();
    lock.insert("hello", locked("1.0.0", Some(key.public())));
    lock.note("file:///srv/registry", &index(7, None, &key), Allowed::default())
        .unwrap();
    lock.write(&path).unwrap();
    assert_eq!(Lock::read(&path).unwrap(), lock);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# Written by"), "{text}");
    for (from, to, expected) in [
        (
            "format = 1",
            "format = 2",
            "it has format 2, this program knows 1: use a newer one",
        ),
        (
            "libhello.so",
            "../../x.so",
            "[packages.hello] names no library of a package",
        ),
        ("sha256 =", "sha512 =", "unknown field `sha512`"),
    ] {
        fs::write(&path, text.replace(from, to)).unwrap();
        let error = Lock::read(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn an_old_a_second_and_a_foreign_index_are_refused() {
    let (own, other) = (key(), key());
    let mut lock = Lock::default();
    let mut note = |index: SignedIndex, new_key| {
        let allowed = Allowed {
            new_key,
            ..Allowed::default()
        };
        lock.note("file:///r", &index, allowed)
    };
    note(index(7, None, &own), false).unwrap();
    note(index(7, None, &own), false).unwrap();
    assert!(matches!(
        note(index(6, None, &own), false),
        Err(LockError::Rollback {
            serial: 6,
            known: 7,
            ..
        })
    ));
    assert!(matches!(
        note(index(7, Some("hello"), &own), false),
        Err(LockError::Fork { serial: 7, .. })
    ));
    note(index(8, Some("hello"), &own), false).unwrap();
    assert!(matches!(
        note(index(9, None, &other), false),
        Err(LockError::OtherSigner { known, .. }) if known == own.public()
    ));
    // Another key counts anew.
    note(index(1, None, &other), true).unwrap();
}

#[test]
fn an_older_version_is_refused_unless_it_is_allowed() {
    let mut lock = Lock::default();
    lock.insert("hello", locked("1.1.0", None));
    let admit = |version: &str, downgrade| {
        let allowed = Allowed {
            downgrade,
            ..Allowed::default()
        };
        lock.admit(hello(version).manifest(), None, allowed)
    };
    admit("1.1.0", false).unwrap();
    admit("1.2.0", false).unwrap();
    admit("1.0.0", true).unwrap();
    assert_eq!(
        admit("1.0.0", false).unwrap_err().to_string(),
        "hello 1.0.0 is older than 1.1.0, which is installed; --allow-downgrade takes it all the same"
    );
    lock.packages.get_mut("hello").unwrap().manifest = Digest::of(b"other");
    let refused = lock.admit(hello("1.1.0").manifest(), None, Allowed::default());
    assert!(matches!(refused, Err(LockError::OtherContents { .. })));
}

#[test]
fn a_name_belongs_to_the_key_that_came_first_even_when_the_package_is_gone() {
    let (own, other) = (key().public(), key().public());
    let mut lock = Lock::default();
    lock.insert("hello", locked("1.0.0", Some(own)));
    lock.packages.clear();
    let package = hello("2.0.0");
    let admit = |signer, new_key| {
        let allowed = Allowed {
            new_key,
            ..Allowed::default()
        };
        lock.admit(package.manifest(), signer, allowed)
    };
    admit(Some(own), false).unwrap();
    admit(Some(other), true).unwrap();
    for signer in [Some(other), None] {
        assert!(matches!(admit(signer, false), Err(LockError::OtherOwner { owner, .. }) if owner == own));
    }
}
