//! Each rule, and the words in which its breach is told.

use super::*;
use serde_json::json;

fn person() -> Type {
    record(
        "person",
        vec![
            field("name", Type::Text),
            with_default(field("age", Type::U8), json!(18)),
            field("nick", option(Type::Text)),
        ],
    )
}

fn params() -> Type {
    let kind = enumeration("kind", &["plain", "rich"]);
    let body = union(
        "body",
        vec![("nothing", Type::Unit), ("text", Type::Text), ("kind", kind)],
    );
    record(
        "send",
        vec![
            with_default(field("to", list(person())), json!([])),
            with_default(field("at", Type::I64), json!(0)),
            with_default(field("key", Type::Fixed(2)), json!("0x0000")),
            with_default(field("body", body), json!("nothing")),
            with_default(field("labels", map(Type::U8)), json!({})),
            with_default(field("share", Type::F64), json!(0.5)),
        ],
    )
}

fn refused(json: Value) -> String {
    check_json(&params(), &json)
        .unwrap_err()
        .within("params")
        .to_string()
}

#[test]
fn defaults_are_filled_in_at_every_depth() {
    let json = check_json(&params(), &json!({"to": [{"name": "a"}], "key": "0xAB0c"})).unwrap();
    let expected = json!({
        "to": [{"name": "a", "age": 18, "nick": null}],
        "at": 0, "key": "0xab0c", "body": "nothing", "labels": {}, "share": 0.5,
    });
    assert_eq!(json, expected);
    assert_eq!(cbor_to_json(&params(), &[0xa0], &[]).unwrap()["body"], "nothing");
    assert_eq!(read(&person(), "a1646e616d656161").unwrap(), expected["to"][0]);
}

#[test]
fn a_refusal_names_the_path_and_the_rule() {
    let ann = json!({"name": "ann"});
    let cases = [
        (
            json!({"to": [ann, ann, {"name": 1}]}),
            "params.to[2].name: expected text, found a number",
        ),
        (json!({"to": [{}]}), "params.to[0].name: missing, expected text"),
        (
            json!({"to": [{"nmae": "a"}]}),
            "params.to[0].nmae: not known; did you mean name?",
        ),
        (
            json!({"zzzzzz": 1}),
            "params.zzzzzz: not known; known: to, at, key, body, labels, share",
        ),
        (
            json!({"to": [{"name": "a", "age": 256}]}),
            "params.to[0].age: outside of u8: 0 to 255",
        ),
        (
            json!({"to": [{"name": "a", "age": "18"}]}),
            "params.to[0].age: expected u8, found a string",
        ),
        (
            json!({"to": [{"name": "a", "age": -1}]}),
            "params.to[0].age: outside of u8: 0 to 255",
        ),
        (
            json!({"at": 1.5}),
            "params.at: expected i64, found a number with a fraction or exponent",
        ),
        (
            json!({"at": "9223372036854775808"}),
            "params.at: outside of i64: -9223372036854775808 to 9223372036854775807",
        ),
        (json!({"at": "soon"}), "params.at: expected i64, found a string"),
        (json!({"key": "0x00"}), "params.key: expected 2 bytes, found 1"),
        (
            json!({"key": "0000"}),
            "params.key: expected 0x and an even number of hexadecimal digits",
        ),
        (
            json!({"key": "0x000"}),
            "params.key: expected 0x and an even number of hexadecimal digits",
        ),
        (
            json!({"key": [0, 0]}),
            "params.key: expected bytes2, found an array",
        ),
        (
            json!({"body": {"kind": "reich"}}),
            "params.body.kind: \"reich\" is not a case of kind; did you mean rich?",
        ),
        (
            json!({"body": "txt"}),
            "params.body: \"txt\" is not a case of body; did you mean text?",
        ),
        (
            json!({"body": "text"}),
            "params.body.text: missing, expected text",
        ),
        (
            json!({"body": {"nothing": null}}),
            "params.body: expected the name \"nothing\" alone, found an object",
        ),
        (
            json!({"body": {"text": "a", "kind": "rich"}}),
            "params.body: expected body: the name of a case, or one entry from name to value",
        ),
        (
            json!({"labels": {"a b": 300}}),
            "params.labels[\"a b\"]: outside of u8: 0 to 255",
        ),
        (
            json!({"share": "much"}),
            "params.share: expected f64, found a string",
        ),
        (json!([]), "params: expected send, found an array"),
    ];
    for (json, expected) in cases {
        assert_eq!(refused(json), expected);
    }
    let whole = check_json(&Type::U8, &json!(null)).unwrap_err();
    assert_eq!(whole.to_string(), "value: expected u8, found null");
}

#[test]
fn a_long_name_is_shortened_in_the_error() {
    let error = refused(json!({ "x".repeat(100_000): 1 }));
    assert!(error.len() < 300, "{error}");
}

#[test]
fn sixty_four_bits_are_a_number_while_a_double_holds_them() {
    let safe = (1_u64 << 53) - 1;
    for (ty, json) in [
        (Type::U64, json!(safe)),
        (Type::U64, json!((safe + 1).to_string())),
        (Type::I64, json!(-(safe as i64))),
        (Type::I64, json!((-(safe as i64) - 1).to_string())),
        (Type::I64, json!(i64::MIN.to_string())),
    ] {
        assert_eq!(check_json(&ty, &json), Ok(json));
    }
    assert_eq!(check_json(&Type::U64, &json!("5")), Ok(json!(5)));
    assert_eq!(
        check_json(&Type::U64, &json!(u64::MAX)),
        Ok(json!(u64::MAX.to_string()))
    );
}

#[test]
fn an_unknown_field_in_cbor_is_passed_over_whatever_it_holds() {
    let ty = record("one", vec![field("a", Type::U8)]);
    for unknown in [
        "00",
        "5f4101ff",
        "9f9f01ff02ff",
        "bf616101ff",
        "a1616183010203",
        "c11a514b67b0",
        "f7",
    ] {
        assert_eq!(
            read(&ty, &format!("a26162{unknown}616101")),
            Ok(json!({"a": 1})),
            "{unknown}"
        );
    }
    assert!(read(&ty, "a26162ff616101").is_err(), "a break is no value");
}

#[test]
fn cbor_that_breaks_a_rule_is_refused() {
    let one = record("one", vec![field("a", Type::U8)]);
    let body = union("body", vec![("nothing", Type::Unit), ("text", Type::Text)]);
    let cases = [
        (&one, "", "value: the CBOR ends too early"),
        (&one, "a16161", "a: the CBOR ends too early"),
        (&one, "bf616101", "value: the CBOR ends too early"),
        (&one, "a161610100", "value: 1 bytes follow the value"),
        (&one, "a2616101616102", "a: there twice"),
        (&one, "a10101", "value: expected a text key, found an integer"),
        (&one, "80", "value: expected one, found an array"),
        (&one, "a161611901ff", "a: outside of u8: 0 to 255"),
        (&one, "a1616120", "a: outside of u8: 0 to 255"),
        (&one, "a0", "a: missing, expected u8"),
        (&Type::Text, "61ff", "value: the CBOR is not valid at byte 0: "),
        (&Type::Bytes, "6161", "value: expected bytes, found text"),
        (&Type::Fixed(2), "4101", "value: expected 2 bytes, found 1"),
        (&Type::U8, "ff", "value: expected u8, found a break"),
        (
            &Type::U64,
            "c249010000000000000000",
            "value: expected u64, found a tag",
        ),
        (&Type::Unit, "80", "value: expected unit, found an array"),
        (&Type::F64, "01", "value: expected f64, found an integer"),
        (
            &body,
            "a0",
            "value: expected body: the name of a case, or one entry from name to value",
        ),
        (&body, "a2647465787461616474657874616", "value: "),
        (
            &body,
            "a1676e6f7468696e67f6",
            "value: expected the name \"nothing\" alone, found a map",
        ),
        (&body, "6474657874", "text: missing, expected text"),
        (
            &body,
            "6161",
            "value: \"a\" is not a case of body; known: nothing, text",
        ),
    ];
    for (ty, cbor, expected) in cases {
        let cbor = &cbor[..cbor.len() / 2 * 2];
        let error = read(ty, cbor).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{cbor}: {error}");
    }
    let twice = record("two", vec![field("m", map(Type::U8))]);
    assert_eq!(
        read(&twice, "a1616da2616101616102").unwrap_err().path(),
        "m[\"a\"]"
    );
}

#[test]
fn blobs_travel_beside_the_payload() {
    let ty = record(
        "upload",
        vec![field("a", Type::Blob), field("b", list(Type::Blob))],
    );
    let json = json!({"a": "0x01", "b": ["0x0203", "0x"]});
    let mut attachments = vec![b"already there".to_vec()];
    let cbor = json_to_cbor(&ty, &json, &mut attachments).unwrap();
    assert_eq!(hex::encode(&cbor), "a261610161628202 03".replace(' ', ""));
    assert_eq!(attachments[1..], [vec![1], vec![2, 3], vec![]]);
    let slices: Vec<&[u8]> = attachments.iter().map(Vec::as_slice).collect();
    assert_eq!(cbor_to_json(&ty, &cbor, &slices).unwrap(), json);
    let error = cbor_to_json(&ty, &cbor, &slices[..3]).unwrap_err().to_string();
    assert_eq!(error, "b[1]: there is no attachment 3, only 3 came along");
    let error = cbor_to_json(&list(Type::Blob), &[0x82, 0, 0], &[b"x"])
        .unwrap_err()
        .to_string();
    assert_eq!(error, "[1]: attachment 0 is named twice");
}

#[test]
fn the_items_of_a_stream_are_an_attachment_and_found_by_the_type() {
    let stream = || Type::Stream(Box::new(Type::U8));
    let inner = record("inner", vec![field("rows", stream())]);
    let ty = record(
        "page",
        vec![
            field("name", Type::Text),
            field("inner", inner),
            field("more", stream()),
        ],
    );
    let json = json!({"name": "n", "inner": {"rows": [1, 200]}, "more": []});
    let mut attachments = vec![b"already there".to_vec()];
    let cbor = json_to_cbor(&ty, &json, &mut attachments).unwrap();
    assert_eq!(attachments[1..], [vec![1, 0x18, 200], vec![]]);
    assert_eq!(streams(&ty, &cbor), Ok(vec![1, 2]));
    let slices: Vec<&[u8]> = attachments.iter().map(Vec::as_slice).collect();
    assert_eq!(cbor_to_json(&ty, &cbor, &slices).unwrap(), json);
    let torn = cbor_to_json(&ty, &cbor, &[b"", &[1, 0x18], b""]).unwrap_err();
    assert_eq!(torn.to_string(), "inner.rows[1]: the CBOR ends too early");
    assert_eq!(sequence(&attachments[1]), Ok(vec![&[1][..], &[0x18, 200]]));
    assert!(sequence(&[1, 0x18]).is_err());
    assert_eq!(streams(&Type::Text, &cbor), Ok(vec![]));
    assert!(streams(&ty, &[0x80]).is_err());
}

#[test]
fn values_may_not_lie_too_deep() {
    let nested = |depth| (0..depth).fold(Type::U8, |ty, _| list(ty));
    let cbor = |depth| [vec![0x81; depth], vec![1]].concat();
    assert!(cbor_to_json(&nested(DEPTH_LIMIT), &cbor(DEPTH_LIMIT), &[]).is_ok());
    let error = cbor_to_json(&nested(DEPTH_LIMIT + 1), &cbor(DEPTH_LIMIT + 1), &[]).unwrap_err();
    assert_eq!(error.problem, Problem::TooDeep { limit: 64 });
    let json = (0..=DEPTH_LIMIT).fold(json!(1), |json, _| json!([json]));
    let error = json_to_cbor(&nested(DEPTH_LIMIT + 1), &json, &mut Vec::new()).unwrap_err();
    assert_eq!(error.problem, Problem::TooDeep { limit: 64 });
    let unknown = [&[0xa1, 0x61, b'x'], cbor(100_000).as_slice()].concat();
    assert_eq!(
        cbor_to_json(&record("none", vec![]), &unknown, &[]),
        Ok(json!({}))
    );
}

#[test]
fn defaults_cannot_blow_up_a_short_message() {
    let long = with_default(field("text", Type::Text), json!("x".repeat(1 << 20)));
    let ty = list(record("fat", vec![long]));
    let cbor = [&[0x99, 0x03, 0xe8], [0xa0; 1000].as_slice()].concat();
    let error = cbor_to_json(&ty, &cbor, &[]).unwrap_err();
    assert_eq!(error.problem, Problem::TooLarge { limit: MEMORY_LIMIT });
    let json = Value::from(vec![json!({}); 1000]);
    let error = json_to_cbor(&ty, &json, &mut Vec::new()).unwrap_err();
    assert_eq!(error.problem, Problem::TooLarge { limit: MEMORY_LIMIT });
}

#[test]
fn a_default_that_is_not_valid_is_the_descriptors_fault() {
    let ty = record(
        "config",
        vec![with_default(field("port", Type::U16), json!("http"))],
    );
    let expected = "port: missing, and its default is not valid: value: expected u16, found a string";
    assert_eq!(check_json(&ty, &json!({})).unwrap_err().to_string(), expected);
    assert_eq!(read(&ty, "a0").unwrap_err().to_string(), expected);
}
