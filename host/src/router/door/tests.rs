//! What goes through the door and back is the same.

use super::*;
use backplane_descriptor::{Case, Enum, Field, Record, Union, UnionCase};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Any type with a value of it.
type Pair = (Type, Value);

fn leaf() -> impl Strategy<Value = Pair> {
    let hex = |bytes: &[u8]| json!(format!("0x{}", hex::encode(bytes)));
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let cases = ["one", "two"].map(|name| Case {
        name: name.to_owned(),
        docs: String::new(),
    });
    let enumeration = Type::Enum(Enum {
        name: "e".to_owned(),
        docs: String::new(),
        cases: cases.to_vec(),
    });
    prop_oneof![
        Just((Type::Unit, Value::Null)),
        any::<bool>().prop_map(|it| (Type::Bool, json!(it))),
        any::<u8>().prop_map(|it| (Type::U8, json!(it))),
        any::<i32>().prop_map(|it| (Type::I32, json!(it))),
        any::<u64>().prop_map(|it| (Type::U64, json!(it))),
        any::<i64>().prop_map(|it| (Type::I64, json!(it))),
        any::<u64>().prop_map(|it| (Type::F64, float(f64::from_bits(it)))),
        any::<String>().prop_map(|it| (Type::Text, json!(it))),
        bytes.clone().prop_map(move |it| (Type::Bytes, hex(&it))),
        bytes.clone().prop_map(move |it| (Type::Blob, hex(&it))),
        bytes.prop_map(move |it| (Type::Fixed(it.len() as u32), hex(&it))),
        prop_oneof!["one", "two"].prop_map(move |it| (enumeration.clone(), json!(it))),
    ]
}

fn float(number: f64) -> Value {
    match number {
        _ if number.is_nan() => json!("NaN"),
        f64::INFINITY => json!("Infinity"),
        f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(number),
    }
}

fn any_pair() -> impl Strategy<Value = Pair> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let list = (inner.clone(), 0..4_usize)
            .prop_map(|((ty, value), count)| (Type::List(Box::new(ty)), json!(vec![value; count])));
        let map = (inner.clone(), prop::collection::btree_set(any::<String>(), 0..4)).prop_map(
            |((ty, value), keys)| {
                let entries = keys.into_iter().map(|key| (key, value.clone()));
                (Type::Map(Box::new(ty)), Value::Object(entries.collect()))
            },
        );
        let option = (inner.clone(), any::<bool>()).prop_map(|((ty, value), some)| {
            (Type::Option(Box::new(ty)), if some { value } else { json!(null) })
        });
        let fields = prop::collection::vec((inner.clone(), 0..3_u8), 0..5);
        let cases = (prop::collection::vec(inner, 1..5), any::<prop::sample::Index>());
        prop_oneof![
            list,
            map,
            option,
            fields.prop_map(record),
            cases.prop_map(|(cases, chosen)| union(&cases, chosen.index(cases.len()))),
        ]
    })
}

/// Of each three fields one has a default, and one has it and is left out.
fn record(parts: Vec<(Pair, u8)>) -> Pair {
    let mut value = serde_json::Map::new();
    let mut fields = Vec::new();
    for (index, ((ty, part), kind)) in parts.into_iter().enumerate() {
        let name = format!("f{index}");
        fields.push(Field {
            name: name.clone(),
            docs: String::new(),
            ty,
            default: (kind > 0).then(|| part.clone()),
        });
        if kind < 2 {
            value.insert(name, part);
        }
    }
    let record = Record {
        name: "r".to_owned(),
        docs: String::new(),
        fields,
    };
    (Type::Record(record), value.into())
}

fn union(parts: &[Pair], chosen: usize) -> Pair {
    let cases = parts.iter().enumerate().map(|(index, (ty, _))| UnionCase {
        name: format!("c{index}"),
        docs: String::new(),
        ty: ty.clone(),
    });
    let union = Union {
        name: "u".to_owned(),
        docs: String::new(),
        cases: cases.collect(),
    };
    let name = format!("c{chosen}");
    let value = match &parts[chosen] {
        (Type::Unit, _) => json!(name),
        (_, value) => json!({ name: value }),
    };
    (Type::Union(union), value)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cbor_that_goes_through_json_is_the_same((ty, value) in any_pair()) {
        let mut blobs = Vec::new();
        let cbor = json_to_cbor(&ty, &value, &mut blobs)?;
        let borrowed: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
        let text = Message::translate(Codec::Json, &ty, "", &cbor, &borrowed)?;
        prop_assert!(text.blobs.is_empty());
        let back = Message::translate(Codec::Cbor, &ty, "", &text.payload, &[])?;
        prop_assert_eq!((back.payload, back.blobs), (cbor, blobs));
    }

    #[test]
    fn damaged_text_is_a_value_or_an_error(
        (ty, value) in any_pair(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut text = value.to_string().into_bytes();
        for (index, byte) in damage {
            *index.get_mut(&mut text) = byte;
        }
        if let Ok(message) = Message::translate(Codec::Cbor, &ty, "", &text, &[]) {
            let blobs: Vec<&[u8]> = message.blobs.iter().map(Vec::as_slice).collect();
            Message::translate(Codec::Json, &ty, "", &message.payload, &blobs)?;
        }
    }
}

#[test]
fn more_blobs_than_a_call_may_have_do_not_get_out() {
    let ty = Type::List(Box::new(Type::Blob));
    let text = |count| json!(vec!["0x"; count]).to_string().into_bytes();
    let translate = |count| Message::translate(Codec::Cbor, &ty, "result", &text(count), &[]);
    assert_eq!(
        translate(limits::ATTACHMENTS).map(|it| it.blobs.len()).ok(),
        Some(1024)
    );
    let refusal = translate(limits::ATTACHMENTS + 1).map(|_| ()).unwrap_err();
    assert_eq!(refusal.to_string(), "1025 blobs, at most 1024 are allowed");
}

#[test]
fn a_stream_does_not_get_through() {
    let rows = Type::Record(Record {
        name: "page".to_owned(),
        docs: String::new(),
        fields: vec![Field {
            name: "rows".to_owned(),
            docs: String::new(),
            ty: Type::Stream(Box::new(Type::U8)),
            default: None,
        }],
    });
    let problem = Message::translate(Codec::Cbor, &rows, "", br#"{"rows": [1]}"#, &[]).err();
    let refusal = problem.map(|it| it.refuse(status::INTERNAL, "the answer"));
    let refusal = refusal.expect("it is refused");
    assert_eq!(refusal.status, status::UNSUPPORTED);
    assert_eq!(
        refusal.message(),
        "the answer: it has a stream, and one of the two speaks JSON, which has none"
    );
}
