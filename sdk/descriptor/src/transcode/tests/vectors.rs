//! RFC 8949 appendix A, as far as our types reach.

use super::*;
use serde_json::json;

/// What we write too: the shortest form, doubles for floats.
#[test]
fn what_we_write_is_what_the_standard_writes() {
    let abc = record("abc", vec![field("a", Type::U8), field("b", list(Type::U8))]);
    let vectors = [
        (Type::U8, "00", json!(0)),
        (Type::U8, "01", json!(1)),
        (Type::I8, "0a", json!(10)),
        (Type::U16, "17", json!(23)),
        (Type::U16, "1818", json!(24)),
        (Type::U64, "1819", json!(25)),
        (Type::U8, "1864", json!(100)),
        (Type::U32, "1903e8", json!(1000)),
        (Type::U32, "1a000f4240", json!(1_000_000)),
        (Type::I64, "1b000000e8d4a51000", json!(1_000_000_000_000_u64)),
        (Type::U64, "1bffffffffffffffff", json!("18446744073709551615")),
        (Type::I8, "20", json!(-1)),
        (Type::I64, "29", json!(-10)),
        (Type::I8, "3863", json!(-100)),
        (Type::I16, "3903e7", json!(-1000)),
        (Type::F64, "fb3ff199999999999a", json!(1.1)),
        (Type::F64, "fb7e37e43c8800759c", json!(1.0e+300)),
        (Type::F64, "fbc010666666666666", json!(-4.1)),
        (Type::F64, "fb7ff0000000000000", json!("Infinity")),
        (Type::F64, "fb7ff8000000000000", json!("NaN")),
        (Type::F64, "fbfff0000000000000", json!("-Infinity")),
        (Type::Bool, "f4", json!(false)),
        (Type::Bool, "f5", json!(true)),
        (Type::Unit, "f6", json!(null)),
        (option(Type::U8), "f6", json!(null)),
        (Type::Bytes, "40", json!("0x")),
        (Type::Fixed(4), "4401020304", json!("0x01020304")),
        (Type::Text, "60", json!("")),
        (Type::Text, "6161", json!("a")),
        (Type::Text, "6449455446", json!("IETF")),
        (Type::Text, "62225c", json!("\"\\")),
        (Type::Text, "62c3bc", json!("ü")),
        (Type::Text, "63e6b0b4", json!("水")),
        (Type::Text, "64f0908591", json!("𐅑")),
        (list(Type::U8), "80", json!([])),
        (list(Type::U8), "83010203", json!([1, 2, 3])),
        (
            list(Type::U8),
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
            json!((1..=25).collect::<Vec<_>>()),
        ),
        (map(Type::Text), "a0", json!({})),
        (abc, "a26161016162820203", json!({"a": 1, "b": [2, 3]})),
        (
            map(Type::Text),
            "a56161614161626142616361436164614461656145",
            json!({"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}),
        ),
    ];
    for (ty, cbor, json) in vectors {
        assert_eq!(read(&ty, cbor).as_ref(), Ok(&json), "{cbor}");
        assert_eq!(write(&ty, &json).as_deref(), Ok(cbor), "{json}");
    }
}

/// What other encoders may write: other widths, indefinite lengths, undefined.
#[test]
fn what_others_write_is_read() {
    let abc = record("abc", vec![field("a", Type::U8), field("b", list(Type::U8))]);
    let fun = record("fun", vec![field("Fun", Type::Bool), field("Amt", Type::I8)]);
    let vectors = [
        (Type::F64, "f90000", json!(0.0)),
        (Type::F64, "f93c00", json!(1.0)),
        (Type::F64, "f93e00", json!(1.5)),
        (Type::F64, "f97bff", json!(65504.0)),
        (Type::F64, "fa47c35000", json!(100_000.0)),
        (Type::F64, "fa7f7fffff", json!(3.402_823_466_385_288_6e38)),
        (Type::F64, "f90001", json!(5.960_464_477_539_063e-8)),
        (Type::F64, "f9c400", json!(-4.0)),
        (Type::F64, "f97c00", json!("Infinity")),
        (Type::F64, "f97e00", json!("NaN")),
        (Type::F64, "faff800000", json!("-Infinity")),
        (option(Type::U8), "f7", json!(null)),
        (Type::U8, "1900ff", json!(255)),
        (Type::Bytes, "5f42010243030405ff", json!("0x0102030405")),
        (Type::Text, "7f657374726561646d696e67ff", json!("streaming")),
        (list(Type::U8), "9fff", json!([])),
        (list(Type::U8), "9f010203ff", json!([1, 2, 3])),
        (
            list(list(Type::U8)),
            "9f8101820203 9f0405ffff",
            json!([[1], [2, 3], [4, 5]]),
        ),
        (list(list(Type::U8)), "828101 9f0203ff", json!([[1], [2, 3]])),
        (abc, "bf61610161629f0203ffff", json!({"a": 1, "b": [2, 3]})),
        (fun, "bf6346756ef563416d7421ff", json!({"Fun": true, "Amt": -2})),
    ];
    for (ty, cbor, json) in vectors {
        let cbor = cbor.replace(' ', "");
        assert_eq!(read(&ty, &cbor).as_ref(), Ok(&json), "{cbor}");
    }
    let number = read(&Type::I64, "3bffffffffffffffff").unwrap_err();
    assert_eq!(
        number.to_string(),
        "value: outside of i64: -9223372036854775808 to 9223372036854775807"
    );
}
