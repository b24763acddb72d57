//! How values become bytes: golden bytes, what is forgiven and what is refused, and round trips.

use backplane_sdk::prelude::*;
use backplane_sdk::{CodecError, Value};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One of each.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub struct Everything {
    /// A flag.
    pub flag: bool,
    /// A number.
    pub number: i64,
    /// A measure.
    pub measure: f64,
    /// Text.
    pub text: String,
    /// Bytes.
    pub bytes: Bytes,
    /// Four bytes.
    pub fixed: Fixed<4>,
    /// Bytes of many.
    pub list: Vec<Bytes>,
    /// Numbers by name.
    pub map: BTreeMap<String, u64>,
    /// Perhaps one of its own kind.
    pub shape: Option<Shape>,
    /// A colour.
    pub colour: Colour,
}

/// An enum.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Red.
    Red,
    /// Light blue.
    LightBlue,
}

/// A union.
#[record]
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Nothing to say.
    NoShape,
    /// A radius.
    RoundThing(f64),
    /// Two sides.
    Box {
        /// The one side.
        long_side: u32,
        /// The other.
        short_side: u32,
    },
}

/// What may be left out.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lenient {
    /// Must be there.
    pub name: String,
    /// May be left out.
    pub nick: Option<String>,
    /// May be left out.
    #[default(3)]
    pub count: u32,
    /// May be left out.
    #[default(Colour::LightBlue)]
    pub colour: Colour,
    /// May be left out.
    #[default(["a", "b"])]
    pub words: Vec<String>,
}

/// A wrapped number.
#[record]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Height(pub u64);

fn bytes<T: Value>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out).expect("it has an encoding");
    out
}

/// Reads the bytes that stand in `text` as hexadecimal digits.
fn read<T: Value>(text: &str) -> Result<T, CodecError> {
    T::decode(&hex::decode(text.replace(' ', "")).expect("digits"))
}

fn golden<T: Value + PartialEq + std::fmt::Debug>(value: &T, expected: &str) {
    assert_eq!(hex::encode(bytes(value)), expected.replace(' ', ""));
    assert_eq!(read::<T>(expected).as_ref(), Ok(value));
}

#[test]
fn each_type_travels_as_the_specification_of_cbor_says() {
    golden(&true, "f5");
    golden(&500_u64, "19 01f4");
    golden(&-1_i64, "20");
    golden(&1.5_f64, "fb 3ff8000000000000");
    golden(&"ü".to_owned(), "62 c3bc");
    golden(&Bytes(vec![1, 2, 3]), "43 010203");
    golden(&Fixed([1, 2, 3, 4]), "44 01020304");
    golden(&vec![1_u8, 2], "82 01 02");
    golden(&Some(7_u8), "07");
    golden(&None::<u8>, "f6");
    golden(&(), "f6");
    golden(&BTreeMap::from([("a".to_owned(), 1_u8)]), "a1 6161 01");
    golden(&Height(24), "1818");
}

#[test]
fn cases_are_named_in_snake_case() {
    golden(&Colour::LightBlue, "6a 6c696768745f626c7565");
    golden(&Shape::NoShape, "68 6e6f5f7368617065");
    golden(
        &Shape::RoundThing(1.5),
        "a1 6b 726f756e645f7468696e67 fb 3ff8000000000000",
    );
    let (long_side, short_side) = (2, 1);
    golden(
        &Shape::Box {
            long_side,
            short_side,
        },
        "a1 63 626f78 a2 69 6c6f6e675f73696465 02 6a 73686f72745f73696465 01",
    );
    assert!(read::<Colour>("63 526564").is_err(), "Red with a capital");
}

#[test]
fn what_is_left_out_has_its_default_and_what_is_unknown_is_ignored() {
    let expected = Lenient {
        name: "x".to_owned(),
        nick: None,
        count: 3,
        colour: Colour::LightBlue,
        words: vec!["a".to_owned(), "b".to_owned()],
    };
    assert_eq!(read("a1 64 6e616d65 61 78").as_ref(), Ok(&expected));
    assert_eq!(
        read("a3 63 6e6577 82 f6 a1 61 61 01 64 6e616d65 61 78 65 636f756e74 03").as_ref(),
        Ok(&expected),
        "a later version's field comes first"
    );
    let error = read::<Lenient>("a0").expect_err("the name is missing");
    assert!(error.to_string().contains("missing field `name`"), "{error}");
}

#[test]
fn what_is_not_the_value_is_refused() {
    let error = read::<u8>("01 02 03").expect_err("two bytes follow");
    assert_eq!(error.to_string(), "2 bytes follow the value");
    let error = read::<Fixed<4>>("43 010203").expect_err("three bytes");
    assert!(error.to_string().contains("3 bytes instead of 4"), "{error}");
    assert!(read::<()>("80").is_err(), "an empty array is not nothing");
    assert!(
        read::<Bytes>("83 01 02 03").is_err(),
        "bytes are no array of numbers"
    );
    assert!(read::<u8>("19 01f4").is_err(), "500 is no u8");
    assert!(read::<String>("61 ff").is_err(), "not UTF-8");
    assert!(read::<String>("").is_err(), "nothing at all");
    assert!(
        read::<Vec<u8>>("9b ffffffffffffffff").is_err(),
        "a length that nobody can send"
    );
    assert!(read::<Bytes>("5b ffffffffffffffff 00").is_err(), "as above");
}

#[test]
fn bytes_are_hexadecimal_in_json() {
    let json = serde_json::to_value((Bytes(vec![0xab]), Fixed([1, 2]))).expect("it has JSON");
    assert_eq!(json, serde_json::json!(["0xab", "0x0102"]));
    let back: (Bytes, Fixed<2>) = serde_json::from_value(json).expect("it is read back");
    assert_eq!(back, (Bytes(vec![0xab]), Fixed([1, 2])));
    assert!(serde_json::from_str::<Bytes>("\"ab\"").is_err(), "without 0x");
    assert!(serde_json::from_str::<Fixed<2>>("\"0x01\"").is_err(), "too short");
}

#[test]
fn a_blob_travels_only_in_a_call() {
    let error = Blob::from(vec![1])
        .encode(&mut Vec::new())
        .expect_err("there is no call");
    assert!(
        error.to_string().contains("a blob can only travel in a call"),
        "{error}"
    );
    assert!(read::<Blob>("00").is_err(), "there is no attachment");
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::NoShape),
        (-1e300..1e300).prop_map(Shape::RoundThing),
        any::<(u32, u32)>().prop_map(|(long_side, short_side)| Shape::Box {
            long_side,
            short_side
        }),
    ]
}

fn everything() -> impl Strategy<Value = Everything> {
    let some = prop::collection::vec(any::<u8>(), 0..300).prop_map(Bytes);
    let plain = (
        any::<bool>(),
        any::<i64>(),
        -1e300..1e300,
        any::<String>(),
        some.clone(),
        any::<[u8; 4]>(),
    );
    let map = prop::collection::btree_map(any::<String>(), any::<u64>(), 0..5);
    let rest = (
        prop::collection::vec(some, 0..5),
        map,
        prop::option::of(shape()),
        any::<bool>(),
    );
    (plain, rest).prop_map(
        |((flag, number, measure, text, bytes, fixed), (list, map, shape, red))| Everything {
            flag,
            number,
            measure,
            text,
            bytes,
            fixed: Fixed(fixed),
            list,
            map,
            shape,
            colour: if red { Colour::Red } else { Colour::LightBlue },
        },
    )
}

proptest! {
    #[test]
    fn a_value_comes_back_as_it_went(value in everything()) {
        prop_assert_eq!(Everything::decode(&bytes(&value)), Ok(value.clone()));
        let json = serde_json::to_string(&value.shape).expect("it has JSON");
        prop_assert_eq!(serde_json::from_str::<Option<Shape>>(&json).ok(), Some(value.shape));
    }

    #[test]
    fn garbage_is_read_or_refused_but_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = Everything::decode(&noise) {
            prop_assert_eq!(Everything::decode(&bytes(&value)), Ok(value));
        }
    }

    #[test]
    fn a_value_that_was_cut_short_is_refused(value in everything(), cut in any::<prop::sample::Index>()) {
        let whole = bytes(&value);
        prop_assert!(Everything::decode(&whole[..cut.index(whole.len())]).is_err());
    }
}
