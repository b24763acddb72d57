//! What a plugin written in Rust puts on the wire is what the descriptor says.

use super::*;
use ::serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Message {
    #[serde(with = "serde_bytes")]
    id: [u8; 4],
    at: u64,
    delta: i32,
    share: f64,
    reply_to: Option<String>,
    body: Body,
    kind: Kind,
    labels: BTreeMap<String, bool>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Nothing,
    Text(String),
    Image { width: u16 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Rich,
}

fn message() -> Type {
    let image = record("image", vec![field("width", Type::U16)]);
    let body = union(
        "body",
        vec![("nothing", Type::Unit), ("text", Type::Text), ("image", image)],
    );
    record(
        "message",
        vec![
            field("id", Type::Fixed(4)),
            field("at", Type::U64),
            field("delta", Type::I32),
            field("share", Type::F64),
            field("reply_to", option(Type::Text)),
            field("body", body),
            field("kind", enumeration("kind", &["rich"])),
            field("labels", map(Type::Bool)),
        ],
    )
}

#[test]
fn rust_values_keep_their_meaning_through_json() {
    let bodies = [
        (Body::Nothing, json!("nothing")),
        (Body::Text("hi".to_owned()), json!({"text": "hi"})),
        (Body::Image { width: 640 }, json!({"image": {"width": 640}})),
    ];
    for (body, shown) in bodies {
        let value = Message {
            id: [1, 2, 3, 4],
            at: u64::MAX,
            delta: -5,
            share: 0.25,
            reply_to: None,
            body,
            kind: Kind::Rich,
            labels: BTreeMap::from([("a".to_owned(), true)]),
        };
        let cbor = minicbor_serde::to_vec(&value).unwrap();
        let json = cbor_to_json(&message(), &cbor, &[]).unwrap();
        let expected = json!({
            "id": "0x01020304", "at": "18446744073709551615", "delta": -5, "share": 0.25,
            "reply_to": null, "body": shown, "kind": "rich", "labels": {"a": true},
        });
        assert_eq!(json, expected);
        let back = json_to_cbor(&message(), &json, &mut Vec::new()).unwrap();
        assert_eq!(minicbor_serde::from_slice::<Message>(&back).unwrap(), value);
    }
}
