//! Properties over random types.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union as OneOf;

fn leaf() -> impl Strategy<Value = Type> {
    let plain = vec![
        Type::Unit,
        Type::Bool,
        Type::U8,
        Type::U16,
        Type::U32,
        Type::U64,
        Type::I8,
        Type::I16,
        Type::I32,
        Type::I64,
        Type::F64,
        Type::Text,
        Type::Bytes,
        Type::Blob,
        enumeration("e", &["one", "two", "three"]),
    ];
    prop_oneof![9 => select(plain), 1 => (0..40_u32).prop_map(Type::Fixed)]
}

fn any_type() -> impl Strategy<Value = Type> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let fields = prop::collection::vec((inner.clone(), any::<bool>()), 0..5).prop_map(|types| {
            let fields = types.into_iter().enumerate().map(|(index, (ty, optional))| {
                let default = optional.then(|| least(&ty));
                Field {
                    default,
                    ..field(&format!("f{index}"), ty)
                }
            });
            record("r", fields.collect())
        });
        let cases = prop::collection::vec(inner, 1..5).prop_map(|types| {
            let names = ["one", "two", "three", "four"];
            union("u", names.into_iter().zip(types).collect())
        });
        prop_oneof![
            boxed.clone().prop_map(Type::List),
            boxed.clone().prop_map(Type::Map),
            boxed.clone().prop_map(Type::Option),
            boxed.prop_map(Type::Stream),
            fields,
            cases,
        ]
    })
}

/// Gives each named type a name of its own, as a text asks for.
fn number_names(ty: &mut Type, count: &mut u32) {
    *count += 1;
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Option(inner) | Type::Stream(inner) => {
            number_names(inner, count);
        }
        Type::Record(record) => {
            record.name = format!("r{count}");
            record
                .fields
                .iter_mut()
                .for_each(|it| number_names(&mut it.ty, count));
        }
        Type::Enum(names) => names.name = format!("e{count}"),
        Type::Union(union) => {
            union.name = format!("u{count}");
            union
                .cases
                .iter_mut()
                .for_each(|it| number_names(&mut it.ty, count));
        }
        _ => {}
    }
}

/// A value of `ty` in its usual form.
fn least(ty: &Type) -> Value {
    match ty {
        Type::Unit | Type::Option(_) => Value::Null,
        Type::Bool => false.into(),
        Type::F64 => 0.0.into(),
        Type::Text => "".into(),
        Type::Bytes | Type::Blob => "0x".into(),
        Type::Fixed(len) => format!("0x{}", "00".repeat(*len as usize)).into(),
        Type::List(_) | Type::Stream(_) => Value::Array(vec![]),
        Type::Map(_) => Value::Object(Default::default()),
        Type::Record(record) => Value::Object(
            record
                .fields
                .iter()
                .map(|it| (it.name.clone(), least(&it.ty)))
                .collect(),
        ),
        Type::Enum(names) => names.cases[0].name.clone().into(),
        Type::Union(union) => case(
            &union.cases[0].name,
            least(&union.cases[0].ty),
            &union.cases[0].ty,
        ),
        _ => 0.into(),
    }
}

fn case(name: &str, json: Value, ty: &Type) -> Value {
    if *ty == Type::Unit {
        name.into()
    } else {
        Value::Object([(name.to_owned(), json)].into_iter().collect())
    }
}

/// Any value of `ty` in its usual form.
fn value_of(ty: &Type) -> BoxedStrategy<Value> {
    let bytes = |len: prop::collection::SizeRange| {
        prop::collection::vec(any::<u8>(), len).prop_map(|it| super::value::bytes_to_json(&it))
    };
    if let Some((min, max)) = super::value::integer_range(ty) {
        let edges = select(vec![min, max, min / 2, max / 2, 0]);
        return prop_oneof![edges, min..=max]
            .prop_map(super::value::integer_to_json)
            .boxed();
    }
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Type::F64 => any::<u64>()
            .prop_map(|bits| super::value::float_to_json(f64::from_bits(bits)))
            .boxed(),
        Type::Text => any::<String>().prop_map(Value::from).boxed(),
        Type::Bytes | Type::Blob => bytes((0..40).into()).boxed(),
        Type::Fixed(len) => bytes((*len as usize).into()).boxed(),
        Type::List(item) | Type::Stream(item) => prop::collection::vec(value_of(item), 0..4)
            .prop_map(Value::Array)
            .boxed(),
        Type::Map(item) => prop::collection::btree_map(any::<String>(), value_of(item), 0..4)
            .prop_map(|entries| Value::Object(entries.into_iter().collect()))
            .boxed(),
        Type::Option(inner) => prop_oneof![Just(Value::Null), value_of(inner)].boxed(),
        Type::Record(record) => {
            let fields: Vec<_> = record
                .fields
                .iter()
                .map(|it| (Just(it.name.clone()), value_of(&it.ty)))
                .collect();
            fields
                .prop_map(|fields| Value::Object(fields.into_iter().collect()))
                .boxed()
        }
        Type::Enum(names) => {
            let names: Vec<String> = names.cases.iter().map(|it| it.name.clone()).collect();
            select(names).prop_map(Value::from).boxed()
        }
        Type::Union(union) => OneOf::new(union.cases.iter().cloned().map(|it| {
            value_of(&it.ty)
                .prop_map(move |json| case(&it.name, json, &it.ty))
                .boxed()
        }))
        .boxed(),
        _ => Just(Value::Null).boxed(),
    }
}

fn typed_value() -> impl Strategy<Value = (Type, Value)> {
    any_type().prop_flat_map(|ty| {
        let json = value_of(&ty);
        (Just(ty), json)
    })
}

/// `json` without the fields that may be left out.
fn without_optional(ty: &Type, json: &Value) -> Value {
    match (ty, json) {
        (Type::Record(record), Value::Object(entries)) => {
            let needed = record.fields.iter().filter(|field| !field.is_optional());
            let kept = needed.map(|it| (it.name.clone(), without_optional(&it.ty, &entries[&it.name])));
            Value::Object(kept.collect())
        }
        _ => json.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_to_cbor_and_back_is_the_identity((ty, json) in typed_value()) {
        let mut blobs = Vec::new();
        let cbor = json_to_cbor(&ty, &json, &mut blobs)?;
        let blobs: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(cbor_to_json(&ty, &cbor, &blobs)?, json);
        for end in 0..cbor.len() {
            prop_assert!(cbor_to_json(&ty, &cbor[..end], &blobs).is_err(), "the first {} bytes", end);
        }
    }

    #[test]
    fn what_is_left_out_is_filled_in_once((ty, json) in typed_value()) {
        let filled = check_json(&ty, &without_optional(&ty, &json))?;
        prop_assert_eq!(check_json(&ty, &filled)?, filled);
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(ty in any_type(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(json) = cbor_to_json(&ty, &bytes, &[&[1], &[2]]) {
            prop_assert_eq!(check_json(&ty, &json)?, json);
        }
    }

    #[test]
    fn a_damaged_message_is_a_value_or_an_error(
        (ty, json) in typed_value(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut blobs = Vec::new();
        let mut cbor = json_to_cbor(&ty, &json, &mut blobs)?;
        for (index, byte) in damage {
            *index.get_mut(&mut cbor) = byte;
        }
        let blobs: Vec<&[u8]> = blobs.iter().map(Vec::as_slice).collect();
        if let Ok(json) = cbor_to_json(&ty, &cbor, &blobs) {
            prop_assert_eq!(check_json(&ty, &json)?, json);
        }
    }

    #[test]
    fn the_text_form_of_a_type_reads_back(mut ty in any_type()) {
        number_names(&mut ty, &mut 0);
        let text = serde_json::to_string(&ty).unwrap();
        prop_assert_eq!(serde_json::from_str::<Type>(&text).unwrap(), ty);
    }
}
