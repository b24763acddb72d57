//! Packages that are made, signed, changed and read.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

const PLUGIN_JSON: &str = r#"{"name":"hello","version":"1.0.0","license":"MIT","provides":[{"id":"demo.hello","version":"1.2.0","docs":"","methods":[],"events":[]}],"requires":[{"interface":"storage.kv","version":"^1"}],"subscribes":[{"interface":"demo.news","version":"^1","event":"told"}]}"#;
const TARGET: &str = "linux-x86_64";

pub(crate) fn plugin_json(version: &str) -> String {
    PLUGIN_JSON.replacen("1.0.0", version, 1)
}

/// A package of hello, whose library is no library: nothing here looks into it.
pub(crate) fn hello(version: &str) -> Package {
    let library = Content::library(TARGET, "libhello.so", format!("code of {version}").into_bytes());
    let license = Content::license("LICENSE-MIT", b"Do what you like.".to_vec());
    Package::new(plugin_json(version).into_bytes(), vec![library, license]).unwrap()
}

pub(crate) fn key() -> SecretKey {
    let folder = tempfile::tempdir().unwrap();
    SecretKey::create(&folder.path().join("key")).unwrap()
}

/// The members of the package, to be changed.
fn members(package: &Package) -> Vec<(String, Vec<u8>)> {
    let members = archive::read(&*package.to_bytes().unwrap()).unwrap();
    members.into_iter().map(|it| (it.path, it.bytes)).collect()
}

fn refused(members: &[(String, Vec<u8>)]) -> PackageError {
    let members = members.iter().map(|(path, bytes)| (&**path, &**bytes));
    let bytes = archive::write(members, Vec::new()).unwrap();
    Package::read(&*bytes).expect_err("it is refused")
}

#[test]
fn a_package_tells_what_it_holds() {
    let package = Package::read(&*hello("1.0.0").to_bytes().unwrap()).unwrap();
    let manifest = package.manifest();
    assert_eq!((&*manifest.name, &*manifest.license), ("hello", "MIT"));
    assert_eq!(manifest.provides[0].interface, "demo.hello");
    assert_eq!(manifest.requires[0].version.to_string(), "^1");
    assert_eq!(
        package.library(TARGET),
        Some(("libhello.so", &b"code of 1.0.0"[..]))
    );
    assert_eq!(package.library("linux-aarch64"), None);
    let licenses: Vec<_> = package.licenses().collect();
    assert_eq!(licenses, [("LICENSE-MIT", &b"Do what you like."[..])]);
    let outline = manifest.outline();
    assert_eq!(outline.provides[0].version, package.plugin().provides[0].version);
    assert_eq!(outline.requires, package.plugin().requires);
    assert_eq!(outline.subscribes, package.plugin().subscribes);
    assert_eq!(outline.subscribes[0].event, "told");
}

#[test]
fn signing_changes_nothing_but_the_signature_and_is_the_same_each_time() {
    let (mut package, key) = (hello("1.0.0"), key());
    let digest = package.digest();
    package.sign(&key).unwrap();
    let bytes = package.to_bytes().unwrap();
    let mut again = Package::read(&*bytes).unwrap();
    assert_eq!((again.signer(), again.digest()), (Some(key.public()), digest));
    again.sign(&key).unwrap();
    assert_eq!(again.to_bytes().unwrap(), bytes);
    let error = again.sign(&super::tests::key()).unwrap_err();
    assert!(matches!(error, PackageError::Signed { key: by } if by == key.public()));
}

#[test]
fn whatever_is_changed_is_named() {
    let mut package = hello("1.0.0");
    package.sign(&key()).unwrap();
    let change = |path: &str, change: fn(&mut Vec<u8>)| {
        let mut members = members(&package);
        let member = members.iter_mut().find(|it| it.0 == path).unwrap();
        change(&mut member.1);
        refused(&members)
    };
    let library = "libraries/linux-x86_64/libhello.so";
    assert!(
        matches!(change(library, |it| it[0] ^= 1), PackageError::Changed { entry, .. } if entry == library)
    );
    assert!(matches!(
        change(PLUGIN, |it| it[10] ^= 1),
        PackageError::Changed { .. }
    ));
    let other = change(MANIFEST, |it| {
        *it = String::from_utf8_lossy(it).replace("1.2.0", "1.3.0").into_bytes();
    });
    assert!(matches!(other, PackageError::Signature { .. }), "{other}");
    let digit = |it: &mut Vec<u8>| {
        let at = it.len() - 5;
        it[at] = if it[at] == b'0' { b'1' } else { b'0' };
    };
    assert!(matches!(change(SIGNATURE, digit), PackageError::Signature { .. }));
}

#[test]
fn what_is_missing_too_many_or_out_of_order_is_named() {
    let good = members(&hello("1.0.0"));
    let without = |path: &str| {
        let kept = good.iter().filter(|it| it.0 != path).cloned();
        refused(&kept.collect::<Vec<_>>())
    };
    for path in [MANIFEST, PLUGIN, "licenses/LICENSE-MIT"] {
        assert!(
            matches!(without(path), PackageError::Missing { entry } if entry == path),
            "{path}"
        );
    }
    let mut more = good.clone();
    more.insert(1, ("licenses/A".to_owned(), Vec::new()));
    assert!(matches!(refused(&more), PackageError::Unlisted { entry } if entry == "licenses/A"));
    let mut turned = good.clone();
    turned.reverse();
    assert!(matches!(refused(&turned), PackageError::NotCanonical { .. }));
}

#[test]
fn a_manifest_that_says_other_things_than_the_plugin_is_refused() {
    let mut package = hello("1.0.0");
    package.manifest.requires.clear();
    let error = Package::read(&*package.to_bytes().unwrap()).unwrap_err();
    assert!(matches!(error, PackageError::OtherPlugin), "{error}");
    let mut package = hello("1.0.0");
    package.manifest.entries[0].size += 1;
    let error = Package::read(&*package.to_bytes().unwrap()).unwrap_err();
    assert!(
        matches!(error, PackageError::Field { field: "entries", .. }),
        "{error}"
    );
}

#[test]
fn what_breaks_a_rule_is_not_packed() {
    let plugin = || plugin_json("1.0.0").into_bytes();
    let library = |target: &str, file: &str| Content::library(target, file, vec![1]);
    let refused = |files: Vec<Content>| Package::new(plugin(), files).unwrap_err();
    assert!(matches!(refused(vec![]), PackageError::NoLibrary));
    assert!(matches!(
        refused(vec![library(TARGET, "a.so"), library(TARGET, "b.so")]),
        PackageError::TwoLibraries { .. }
    ));
    assert!(matches!(
        refused(vec![library(TARGET, "a.so"), library(TARGET, "A.so")]),
        PackageError::Duplicate { .. }
    ));
    assert!(matches!(
        refused(vec![library("../..", "a.so")]),
        PackageError::Path { .. }
    ));
    assert!(matches!(
        refused(vec![library(TARGET, "a b.so")]),
        PackageError::Path { .. }
    ));
    let many = (0..limits::ENTRIES).map(|i| Content::license(&format!("L{i}"), vec![]));
    let many = many.chain([library(TARGET, "a.so")]).collect();
    assert!(matches!(
        refused(many),
        PackageError::Field { field: "entries", .. } | PackageError::TooMany { .. }
    ));
    let none = Package::new(b"{}".to_vec(), vec![library(TARGET, "a.so")]);
    assert!(matches!(none, Err(PackageError::Plugin(_))));
}

/// A signed package, of which mutants are made.
static SIGNED: LazyLock<Package> = LazyLock::new(|| {
    let mut package = hello("1.0.0");
    package.sign(&key()).unwrap();
    package
});

proptest! {
    #[test]
    fn what_is_packed_is_unpacked_and_packed_to_the_same_bytes(
        library in proptest::collection::vec(any::<u8>(), 0..2000),
        other in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..600)),
        licenses in proptest::collection::btree_map("[A-Z][a-z]{0,8}", "\\PC{0,99}", 0..4),
        signed: bool,
    ) {
        let mut files = vec![Content::library(TARGET, "libhello.so", library.clone())];
        files.extend(other.map(|bytes| Content::library("macos-aarch64", "libhello.dylib", bytes)));
        for (name, text) in &licenses {
            // The case of letters does not make names different.
            if licenses.keys().filter(|it| it.eq_ignore_ascii_case(name)).count() == 1 {
                files.push(Content::license(name, text.clone().into_bytes()));
            }
        }
        let make = |files: Vec<Content>| Package::new(plugin_json("1.0.0").into_bytes(), files).unwrap();
        let (mut package, backwards) = (make(files.clone()), make(files.into_iter().rev().collect()));
        prop_assert_eq!(package.to_bytes().unwrap(), backwards.to_bytes().unwrap());
        if signed {
            package.sign(&key()).unwrap();
        }
        let bytes = package.to_bytes().unwrap();
        let read = Package::read(&*bytes).unwrap();
        prop_assert_eq!(read.library(TARGET).unwrap().1, library);
        prop_assert_eq!(read.manifest(), package.manifest());
        prop_assert_eq!(read.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn a_changed_file_is_refused_or_means_the_same(at: proptest::sample::Index, bit in 0u8..8, cut: bool) {
        let good = SIGNED.to_bytes().unwrap();
        let mut bytes = good.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if cut {
            bytes.truncate(at);
        }
        // Some bits of the compressed form mean nothing, such as the system in the header of gzip.
        if let Ok(read) = Package::read(&*bytes) {
            prop_assert_eq!(read.digest(), SIGNED.digest());
            prop_assert_eq!(read.to_bytes().unwrap(), good);
        }
    }

    #[test]
    fn a_changed_archive_is_refused(at: proptest::sample::Index, value: u8) {
        let mut members = members(&SIGNED);
        let index = at.index(members.len());
        let bytes = &mut members[index].1;
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != value);
        bytes[at] = value;
        let members = members.iter().map(|(path, bytes)| (&**path, &**bytes));
        let bytes = archive::write(members, Vec::new()).unwrap();
        prop_assert!(Package::read(&*bytes).is_err());
    }

    #[test]
    fn anything_else_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Package::read(&*bytes).is_err());
        let archive = archive::write([(MANIFEST, &*bytes)], Vec::new()).unwrap();
        prop_assert!(Package::read(&*archive).is_err());
    }
}
