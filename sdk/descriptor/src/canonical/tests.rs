use super::*;
use crate::example::{self, field, record};
use serde_json::json;

#[test]
fn the_canonical_form_of_the_example_stays() {
    let expected = concat!(
        r#"{"events":[{"body":{"record":{"fields":[{"name":"id","type":{"fixed":32}},"#,
        r#"{"default":7,"name":"at","type":"u64"},{"name":"body","type":{"union":{"cases":["#,
        r#"{"name":"text","type":"text"},{"name":"nothing","type":"unit"}],"name":"body"}}}],"#,
        r#""name":"message"}},"name":"message","retained":true}],"id":"chat.room","methods":["#,
        r#"{"deadline_ms":5000,"error":{"enum":{"cases":[{"name":"too_long"},{"name":"closed"}],"#,
        r#""name":"chat_error"}},"name":"send","params":[{"name":"to","type":"text"},"#,
        r#"{"name":"reply_to","type":{"option":{"fixed":32}}}],"returns":{"fixed":32}},"#,
        r#"{"deadline_ms":100,"inline":true,"name":"clear","params":[],"returns":"unit"}],"#,
        r#""version":"1.2.0"}"#,
        "\n",
    );
    assert_eq!(canonical_json(&example::interface()), expected);
    assert_eq!(
        hash(&example::interface()),
        <[u8; 32]>::from(Sha256::digest(expected))
    );
}

#[test]
fn docs_never_change_the_hash() {
    let plain = meaning(&example::interface());
    let mut documented = example::interface();
    documented.docs = "Other words.".to_owned();
    documented.events[0].docs = "Other words.".to_owned();
    assert_ne!(plain, documented);
    assert_eq!(hash(&plain), hash(&documented));
}

#[test]
fn a_default_called_docs_is_no_docs() {
    let inner = record("page", vec![field("docs", Type::Text)]);
    let with = |text: &str| {
        let mut interface = example::interface();
        let param = Field {
            default: Some(json!({ "docs": text })),
            ..field("page", inner.clone())
        };
        interface.methods[0].params.push(param);
        interface
    };
    assert_ne!(hash(&with("one")), hash(&with("two")));
}

#[test]
fn two_spellings_of_a_default_are_one_contract() {
    let with = |ty: Type, default| {
        let mut interface = example::interface();
        interface.methods[0].params.push(Field {
            default: Some(default),
            ..field("extra", ty)
        });
        hash(&interface)
    };
    assert_eq!(with(Type::Bytes, json!("0xAB")), with(Type::Bytes, json!("0xab")));
    assert_eq!(with(Type::F64, json!(1)), with(Type::F64, json!(1.0)));
    assert_eq!(with(Type::U64, json!("5")), with(Type::U64, json!(5)));
    assert_ne!(with(Type::U64, json!(5)), with(Type::U64, json!(6)));
}

#[test]
fn the_committed_form_keeps_docs_and_reads_back() {
    let interface = example::interface();
    let text = to_pretty_json(&interface);
    assert!(text.contains("\"docs\": \"Sends a message.\""), "{text}");
    assert!(text.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<Interface>(&text).unwrap(), interface);
}
