//! The helper library for C reads what others write, writes what others read, and refuses the rest within bounds.

mod c;
mod nim;

use c::Library;
use ciborium::Value;
use proptest::prelude::*;

/// What ciborium writes of a value.
fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("a vector takes every byte");
    bytes
}

/// What ciborium reads.
fn read(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).expect("it is CBOR")
}

/// Values of the closed universe of types: text keys, and integers of 64 bits.
pub(crate) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("equal to itself", |it| !it.is_nan())
            .prop_map(Value::Float),
        ".{0,40}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(6, 200, 8, |inner| {
        let entry = (".{0,10}".prop_map(Value::Text), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..30).prop_map(Value::Array),
            prop::collection::vec(entry, 0..8).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn what_ciborium_writes_comes_back_as_it_was(value in values()) {
        let library = Library::get();
        let bytes = written(&value);
        prop_assert_eq!(library.skip(&bytes), 0);
        prop_assert_eq!(read(&library.copy(&bytes).expect("it is read")), value);
    }

    #[test]
    fn what_is_cut_short_is_refused(value in values(), at in any::<prop::sample::Index>()) {
        let bytes = written(&value);
        let part = &bytes[..at.index(bytes.len())];
        prop_assert!(Library::get().copy(part).is_err());
        prop_assert_ne!(Library::get().skip(part), 0);
    }

    #[test]
    fn any_bytes_are_taken_as_others_take_them(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let library = Library::get();
        // Both sides judge the form alone; ours asks for UTF-8 as well.
        let others = backplane_descriptor::transcode::sequence(&bytes);
        let one = others.is_ok_and(|items| items.len() == 1);
        if library.skip(&bytes) == 0 {
            prop_assert!(one, "{bytes:02x?} is none for others");
        }
        if let Ok(copy) = library.copy(&bytes) {
            prop_assert!(one, "{bytes:02x?} is none for others");
            let (copy, value) = (read(&copy), read(&bytes));
            prop_assert_eq!(format!("{copy:?}"), format!("{value:?}"));
        }
    }
}

/// RFC 8949, appendix A, as far as the universe of types goes, and forms that a writer never makes.
pub(crate) const VECTORS: [(&str, &str); 41] = [
    ("00", "00"),
    ("1800", "00"),
    ("1900ff", "18ff"),
    ("1b00000000000003e8", "1903e8"),
    ("1bffffffffffffffff", "1bffffffffffffffff"),
    ("20", "20"),
    ("3863", "3863"),
    ("3b7fffffffffffffff", "3b7fffffffffffffff"),
    ("f90000", "fb0000000000000000"),
    ("f98000", "fb8000000000000000"),
    ("f93c00", "fb3ff0000000000000"),
    ("f97bff", "fb40effc0000000000"),
    ("f90001", "fb3e70000000000000"),
    ("f90400", "fb3f10000000000000"),
    ("f9c400", "fbc010000000000000"),
    ("f97c00", "fb7ff0000000000000"),
    ("f9fc00", "fbfff0000000000000"),
    ("fa47c35000", "fb40f86a0000000000"),
    ("fb3ff199999999999a", "fb3ff199999999999a"),
    ("f4", "f4"),
    ("f5", "f5"),
    ("f6", "f6"),
    ("f7", "f6"),
    ("40", "40"),
    ("4401020304", "4401020304"),
    ("5f42010243030405ff", "450102030405"),
    ("5fff", "40"),
    ("60", "60"),
    ("62c3bc", "62c3bc"),
    ("64f0908591", "64f0908591"),
    ("7f657374726561646d696e67ff", "6973747265616d696e67"),
    ("7fff", "60"),
    ("80", "80"),
    ("83010203", "83010203"),
    ("9f018202039f0405ffff", "8301820203820405"),
    ("9fff", "80"),
    ("a0", "a0"),
    ("bf6161019f02ff", ""),
    ("bf61610161629f0203ffff", "a26161016162820203"),
    ("a26161016162820203", "a26161016162820203"),
    (
        "9818010101010101010101010101010101010101010101010101",
        "9818010101010101010101010101010101010101010101010101",
    ),
];

#[test]
fn vectors_come_back_in_their_shortest_form() {
    for (input, expected) in VECTORS {
        let bytes = hex::decode(input).expect("digits");
        let copy = Library::get().copy(&bytes).map(hex::encode);
        match expected {
            "" => assert!(copy.is_err(), "{input}"),
            expected => assert_eq!(copy.as_deref(), Ok(expected), "{input}"),
        }
    }
}

#[test]
fn what_breaks_a_rule_is_refused_by_name() {
    let deep = "81".repeat(65) + "00";
    let refused = [
        ("", "TRUNCATED"),
        ("18", "TRUNCATED"),
        ("6261", "TRUNCATED"),
        ("5b7fffffffffffffff", "TRUNCATED"),
        ("9f", "TRUNCATED"),
        ("9b00000000ffffffff", "TRUNCATED"),
        ("1c", "MALFORMED"),
        ("1f", "MALFORMED"),
        ("df00", "TYPE"),
        ("5f6161ff", "MALFORMED"),
        ("5f5f4101ffff", "MALFORMED"),
        ("ff", "TYPE"),
        ("a10000", "TYPE"),
        ("bf6161ff", "TYPE"),
        ("e0", "TYPE"),
        ("3bffffffffffffffff", "RANGE"),
        ("61ff", "UTF8"),
        ("62c0af", "UTF8"),
        ("63eda080", "UTF8"),
        ("64f4908080", "UTF8"),
        ("7f61c361a9ff", "UTF8"),
        ("0000", "TRAILING"),
        (&deep, "DEPTH"),
    ];
    for (input, expected) in refused {
        let bytes = hex::decode(input).expect("digits");
        assert_eq!(Library::get().copy(&bytes), Err(expected.to_owned()), "{input}");
    }
    let deepest = "81".repeat(64) + "00";
    assert!(
        Library::get()
            .copy(&hex::decode(deepest).expect("digits"))
            .is_ok()
    );
}

#[test]
fn memory_is_bounded() {
    let library = Library::get();
    let pieces = [&[0x5f, 0x59, 0x10, 0x00][..], &[7; 0x1000], &[0xff]].concat();
    assert_eq!(library.copy_within(&pieces, 8192).map(|it| it.len()), Ok(0x1003));
    assert_eq!(library.copy_within(&pieces, 4096), Err("TOO_LARGE".to_owned()));
    for (limit, size, fits) in [
        (4096, 100, true),
        (4096, 4096, false),
        (16, 1, false),
        (1 << 20, 1 << 19, true),
    ] {
        assert_eq!(library.fits(limit, size), fits, "{size} of {limit}");
    }
    assert!(!library.fits(usize::MAX, usize::MAX), "no overflow");
}

#[test]
fn a_buffer_of_the_caller_is_never_exceeded() {
    let library = Library::get();
    for room in 0..8 {
        assert_eq!(library.bounded(room), Err("TOO_LARGE".to_owned()), "{room}");
    }
    assert_eq!(library.bounded(8), Ok(8));
}
