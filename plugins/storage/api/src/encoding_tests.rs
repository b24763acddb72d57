use proptest::prelude::*;

use super::*;

#[track_caller]
fn golden<T: Encode + ?Sized>(value: &T, expected: &str) {
    let bytes = hex::decode(expected.replace(' ', "")).unwrap();
    assert_eq!(hex::encode(payload(value).unwrap()), hex::encode(&bytes));
    assert_eq!(key(value).unwrap().as_bytes(), bytes);
}

/// The types of the reference vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mood {
    Calm,
    Happy,
    Angry,
}
crate::ordinals!(Mood { Calm = 0, Happy = 1, Angry = 2 });

#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    sender: String,
    epoch: i64,
}
crate::components!(Header { sender, epoch });

#[derive(Debug, Clone, PartialEq, Eq)]
struct Msg {
    hdr: Header,
    mood: Mood,
    body: Vec<u8>,
}
crate::components!(Msg { hdr, mood, body });

fn header(epoch: i64) -> Header {
    let sender = "alice".to_owned();
    Header { sender, epoch }
}

#[test]
fn scalars_match_the_golden_vectors() {
    golden(&(), "");
    golden("", "00 00");
    golden("a", "00 01 61");
    golden("ab", "00 02 61 62");
    golden("é", "00 02 c3 a9");
    golden(&i64::MIN, "00 00 00 00 00 00 00 00");
    golden(&-2i64, "7f ff ff ff ff ff ff fe");
    golden(&-1i64, "7f ff ff ff ff ff ff ff");
    golden(&0i64, "80 00 00 00 00 00 00 00");
    golden(&1i32, "80 00 00 00 00 00 00 01");
    golden(&42i16, "80 00 00 00 00 00 00 2a");
    golden(&i64::MAX, "ff ff ff ff ff ff ff ff");
    golden(&256u64, "00 00 00 00 00 00 01 00");
    golden(&true, "01");
    golden(&b'A', "41");
    golden(&7u8, "07");
    golden(&Mood::Angry, "80 00 00 00 00 00 00 02");
}

#[test]
fn composites_match_the_golden_vectors() {
    golden(&("ch", 1i64), "00 02 63 68 80 00 00 00 00 00 00 01");
    golden(&(("ch", 1i64),), "00 02 63 68 80 00 00 00 00 00 00 01");
    golden(&("a", 7i64), "00 01 61 80 00 00 00 00 00 00 07");
    golden(
        &("ch", (1i64, 7u64)),
        "00 02 63 68 80 00 00 00 00 00 00 01 00 00 00 00 00 00 00 07",
    );
    golden(
        &("v1", header(5)),
        "00 02 76 31 00 05 61 6c 69 63 65 80 00 00 00 00 00 00 05",
    );
    let inner = key(&("a", 7i64)).unwrap();
    golden(
        &("prefix", inner),
        "00 06 70 72 65 66 69 78 00 01 61 80 00 00 00 00 00 00 07",
    );
    golden(
        &("channel-42", 1i64),
        "00 0a 63 68 61 6e 6e 65 6c 2d 34 32 80 00 00 00 00 00 00 01",
    );
    golden(&("chan-1", "m2"), "00 06 63 68 61 6e 2d 31 00 02 6d 32");
}

#[test]
fn payloads_match_the_golden_vectors() {
    let msg = Msg {
        hdr: header(9),
        mood: Mood::Happy,
        body: vec![0xaa, 0xbb, 0xcc],
    };
    assert_eq!(decode::<Msg>(&payload(&msg).unwrap()).unwrap(), msg);
    golden("hi", "00 02 68 69");
    golden(&42i64, "80 00 00 00 00 00 00 2a");
    golden(
        &("v1", 1i64, [0xde, 0xad]),
        "00 02 76 31 80 00 00 00 00 00 00 01 00 02 de ad",
    );
    golden(
        &msg,
        "00 05 61 6c 69 63 65 80 00 00 00 00 00 00 09 80 00 00 00 00 00 00 01 00 03 aa bb cc",
    );
}

#[test]
fn a_component_may_be_65535_bytes_and_no_longer() {
    let longest = vec![7u8; MAX_COMPONENT_BYTES];
    assert_eq!(payload(&longest).unwrap().len(), 2 + MAX_COMPONENT_BYTES);
    assert_eq!(decode::<Vec<u8>>(&payload(&longest).unwrap()).unwrap(), longest);
    let error = payload(&vec![7u8; MAX_COMPONENT_BYTES + 1]).unwrap_err();
    assert_eq!(error, EncodeError::ComponentTooLong { size: 65_536 });
}

#[test]
fn bytes_of_another_type_are_refused_with_the_reason() {
    let truncated = DecodeError::Truncated {
        expected: "i64",
        needed: 8,
        left: 3,
    };
    assert_eq!(decode::<i64>(&[0, 1, 2]), Err(truncated));
    let truncated = DecodeError::Truncated {
        expected: "bytes",
        needed: 5,
        left: 1,
    };
    assert_eq!(decode::<String>(&[0, 5, b'a']), Err(truncated));
    assert_eq!(decode::<String>(&[0, 1, 0xff]), Err(DecodeError::NotUtf8));
    assert_eq!(
        decode::<bool>(&[2]),
        Err(DecodeError::OutOfRange { expected: "bool" })
    );
    assert_eq!(decode::<u8>(&[1, 2]), Err(DecodeError::Trailing { left: 1 }));
    let wide = payload(&70_000u32).unwrap();
    assert_eq!(
        decode::<u16>(&wide),
        Err(DecodeError::OutOfRange { expected: "u16" })
    );
    let expected = "Mood";
    assert_eq!(
        decode::<Mood>(&payload(&7i64).unwrap()),
        Err(DecodeError::OutOfRange { expected })
    );
    let expected = "a byte string of fixed length";
    assert_eq!(
        decode::<[u8; 2]>(&payload(&[1u8; 3]).unwrap()),
        Err(DecodeError::OutOfRange { expected })
    );
    assert_eq!(decode::<OrderedText>(b"a\0\x01"), Err(DecodeError::BadEscape));
    assert_eq!(decode::<OrderedText>(b"a"), Err(DecodeError::BadEscape));
}

/// Checks that the encoding of two values sorts as the values do, and can be read back.
fn ordered<T: Encode + Decode + Ord + Clone + std::fmt::Debug>(a: T, b: T) -> Result<(), TestCaseError> {
    let (first, second) = (key(&a).unwrap(), key(&b).unwrap());
    prop_assert_eq!(first.cmp(&second), a.cmp(&b));
    prop_assert_eq!(decode::<T>(first.as_bytes()).unwrap(), a);
    Ok(())
}

fn mood() -> impl Strategy<Value = Mood> {
    prop::sample::select(vec![Mood::Calm, Mood::Happy, Mood::Angry])
}

fn header_like() -> impl Strategy<Value = Header> {
    (".{0,6}", any::<i64>()).prop_map(|(sender, epoch)| Header { sender, epoch })
}

/// Text as the encoding sorts it: by length, then by bytes.
fn by_length(text: String) -> (usize, Vec<u8>) {
    (text.len(), text.into_bytes())
}

proptest! {
    #[test]
    fn i8_keeps_order(a: i8, b: i8) { ordered(a, b)?; }
    #[test]
    fn i16_keeps_order(a: i16, b: i16) { ordered(a, b)?; }
    #[test]
    fn i32_keeps_order(a: i32, b: i32) { ordered(a, b)?; }
    #[test]
    fn i64_keeps_order(a: i64, b: i64) { ordered(a, b)?; }
    #[test]
    fn u8_keeps_order(a: u8, b: u8) { ordered(a, b)?; }
    #[test]
    fn u16_keeps_order(a: u16, b: u16) { ordered(a, b)?; }
    #[test]
    fn u32_keeps_order(a: u32, b: u32) { ordered(a, b)?; }
    #[test]
    fn u64_keeps_order(a: u64, b: u64) { ordered(a, b)?; }
    #[test]
    fn bool_keeps_order(a: bool, b: bool) { ordered(a, b)?; }
    #[test]
    fn numbers_in_tuples_keep_order(a: (i64, u32, bool), b: (i64, u32, bool)) { ordered(a, b)?; }

    #[test]
    fn ordered_text_keeps_the_order_of_text(a in "[\0a-c]{0,5}", b in "[\0a-c]{0,5}", n: i64, m: i64) {
        ordered((OrderedText(a), n), (OrderedText(b), m))?;
    }

    #[test]
    fn text_sorts_by_length_and_then_by_bytes(a in ".{0,6}", b in ".{0,6}", n: i64, m: i64) {
        let (first, second) = (key(&(&a, n)).unwrap(), key(&(&b, m)).unwrap());
        prop_assert_eq!(decode::<(String, i64)>(first.as_bytes()).unwrap(), (a.clone(), n));
        prop_assert_eq!(first.cmp(&second), (by_length(a), n).cmp(&(by_length(b), m)));
    }

    #[test]
    fn pairs_of_texts_sort_by_the_first_and_then_the_second(a in ".{0,3}", b in ".{0,3}", n in ".{0,3}", m in ".{0,3}") {
        let (first, second) = (key(&(&a, &n)).unwrap(), key(&(&b, &m)).unwrap());
        prop_assert_eq!(first == second, (&a, &n) == (&b, &m));
        prop_assert_eq!(first.cmp(&second), (by_length(a), by_length(n)).cmp(&(by_length(b), by_length(m))));
    }
    #[test]
    fn byte_strings_sort_by_length_and_then_by_bytes(a: Vec<u8>, b: Vec<u8>, n: u16, m: u16) {
        let (first, second) = (key(&(&a, n)).unwrap(), key(&(&b, m)).unwrap());
        prop_assert_eq!(first.cmp(&second), (a.len(), a, n).cmp(&(b.len(), b, m)));
    }
    #[test]
    fn arrays_keep_order(a: [u8; 3], b: [u8; 3]) { ordered(a, b)?; }
    #[test]
    fn enumerations_keep_order(a in mood(), b in mood(), n: i8, m: i8) { ordered((a, n), (b, m))?; }
    #[test]
    fn keys_keep_order(a: Vec<u8>, b: Vec<u8>, n: u8, m: u8) {
        ordered((n, Key::from(a)), (m, Key::from(b)))?;
    }

    #[test]
    fn structs_sort_and_come_back_as_their_fields_do(a in header_like(), b in header_like()) {
        let (first, second) = (key(&a).unwrap(), key(&b).unwrap());
        prop_assert_eq!(decode::<Header>(first.as_bytes()).unwrap(), a.clone());
        prop_assert_eq!(&first, &key(&(&a.sender, a.epoch)).unwrap());
        prop_assert_eq!(first.cmp(&second), (by_length(a.sender), a.epoch).cmp(&(by_length(b.sender), b.epoch)));
    }

    #[test]
    fn a_shorter_key_comes_before_its_extensions(a in ".{0,6}", n: i64, more: Vec<u8>) {
        let short = key(&(&a, n)).unwrap();
        let long = key(&(&a, n, &more)).unwrap();
        prop_assert!(short < long);
    }

    #[test]
    fn byte_strings_come_back(a: Vec<u8>, rest: Vec<u8>) {
        let bytes = payload(&(&a, Key::from(rest.clone()))).unwrap();
        prop_assert_eq!(decode::<(Vec<u8>, Key)>(&bytes).unwrap(), (a, Key::from(rest)));
    }

    #[test]
    fn any_bytes_decode_or_are_refused_without_a_panic(bytes: Vec<u8>) {
        if let Ok(value) = decode::<(String, i32, bool, OrderedText, Vec<u8>)>(&bytes) {
            prop_assert_eq!(payload(&value).unwrap(), bytes);
        }
    }
}
