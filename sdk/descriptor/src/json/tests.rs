use super::read::EXPANDED_LIMIT;
use crate::example::{self, enumeration, field, record, union};
use crate::{Event, Interface, Manifest, Method, Type};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// One method for each of `types`, which answers it.
fn answering(types: impl IntoIterator<Item = Type>) -> Interface {
    let method = |(number, returns)| Method {
        name: format!("method_{number}"),
        docs: String::new(),
        params: Vec::new(),
        returns,
        error: None,
        inline: false,
        sensitive: false,
        deadline_ms: 1000,
    };
    Interface {
        methods: types.into_iter().enumerate().map(method).collect(),
        events: Vec::new(),
        ..example::interface()
    }
}

/// The text of an interface whose methods answer `types`.
fn text(types: impl IntoIterator<Item = Value>) -> Value {
    let method = |(number, returns): (usize, Value)| json!({"name": format!("method_{number}"), "params": [], "returns": returns, "deadline_ms": 1});
    let methods: Vec<Value> = types.into_iter().enumerate().map(method).collect();
    json!({"id": "a.b", "version": "1.0.0", "methods": methods, "events": []})
}

fn record_text(name: &str, types: impl IntoIterator<Item = Value>) -> Value {
    let field = |(number, ty)| json!({"name": format!("f{number}"), "type": ty});
    let fields: Vec<Value> = types.into_iter().enumerate().map(field).collect();
    json!({"record": {"name": name, "fields": fields}})
}

fn reference(name: &str) -> Value {
    json!({ "ref": name })
}

fn refusal(text: Value) -> String {
    serde_json::from_value::<Interface>(text).unwrap_err().to_string()
}

/// `depth` records, each with two of the next one: 2^depth of the last.
fn doubling(depth: usize) -> impl Iterator<Item = Value> {
    (0..depth).rev().map(move |number| {
        let inner = match number + 1 {
            last if last == depth => json!("u8"),
            next => reference(&format!("R{next}")),
        };
        record_text(&format!("R{number}"), [inner.clone(), inner])
    })
}

#[test]
fn a_named_type_stands_in_the_text_once() {
    let inner = enumeration("Kind", &["a", "b"]);
    let outer = record(
        "Page",
        vec![field("kind", inner.clone()), field("other", inner.clone())],
    );
    let either = union("Either", vec![("page", outer.clone()), ("kind", inner)]);
    let mut interface = answering([Type::List(Box::new(outer.clone())), either.clone()]);
    interface.methods[1].error = Some(either);
    interface.events.push(Event {
        name: "event".to_owned(),
        docs: String::new(),
        body: Type::Option(Box::new(outer)),
        retained: false,
    });
    let json = serde_json::to_value(&interface).unwrap();
    let page = &json["methods"][0]["returns"]["list"]["record"];
    assert_eq!(page["fields"][0]["type"]["enum"]["name"], "Kind");
    assert_eq!(page["fields"][1]["type"], reference("Kind"));
    let cases = &json["methods"][1]["returns"]["union"]["cases"];
    assert_eq!(cases[0]["type"], reference("Page"));
    assert_eq!(cases[1]["type"], reference("Kind"));
    assert_eq!(json["methods"][1]["error"], reference("Either"));
    assert_eq!(json["events"][0]["body"], json!({"option": {"ref": "Page"}}));
    assert_eq!(serde_json::from_value::<Interface>(json).unwrap(), interface);
}

#[test]
fn a_type_alone_is_a_scope_of_its_own() {
    let inner = enumeration("Kind", &["a"]);
    let ty = record("Config", vec![field("a", inner.clone()), field("b", inner)]);
    let json = serde_json::to_value(&ty).unwrap();
    assert_eq!(json["record"]["fields"][1]["type"], reference("Kind"));
    assert_eq!(serde_json::from_value::<Type>(json).unwrap(), ty);
}

#[test]
fn a_reference_may_precede_and_a_type_may_be_repeated() {
    let page = || record_text("Page", [json!("u8")]);
    let interface = text([reference("Page"), page(), page(), record_text("Outer", [page()])]);
    let interface: Interface = serde_json::from_value(interface).unwrap();
    let page = record("Page", vec![field("f0", Type::U8)]);
    let outer = record("Outer", vec![field("f0", page.clone())]);
    let expected = [page.clone(), page.clone(), page, outer];
    assert!(interface.types().eq(&expected), "{interface:?}");
}

#[test]
fn a_name_means_one_type() {
    let two = "two types are called Page";
    let a = record_text("Page", [json!("u8")]);
    assert_eq!(
        refusal(text([a.clone(), record_text("Page", [json!("u16")])])),
        two
    );
    assert_eq!(refusal(text([record_text("Page", [a.clone()])])), two);
    let kind = json!({"enum": {"name": "Page", "cases": [{"name": "a"}]}});
    assert_eq!(refusal(text([a, kind])), two);
    // A difference that lies within a type of another name counts too.
    let outer = |ty| record_text("Outer", [record_text("Inner", [json!(ty)])]);
    assert_eq!(
        refusal(text([outer("u8"), outer("u16")])),
        "two types are called Inner"
    );
}

#[test]
fn another_type_of_a_name_is_written_out_rather_than_changed() {
    let types = [Type::U8, Type::U16].map(|ty| record("Page", vec![field("a", ty)]));
    let json = serde_json::to_value(answering(types)).unwrap();
    let second = &json["methods"][1]["returns"]["record"];
    assert_eq!(second["fields"][0]["type"], "u16");
    assert_eq!(refusal(json), "two types are called Page");
}

#[test]
fn the_names_of_one_interface_are_not_those_of_another() {
    let mut first = text([record_text("Page", [json!("u8")])]);
    let second = text([record_text("Page", [json!("u16")])]);
    first["id"] = json!("c.d");
    let config = record_text("Page", [json!("u32")]);
    let mut manifest =
        json!({"name": "a", "version": "1.0.0", "provides": [first, second], "config": config});
    Manifest::parse(manifest.to_string().as_bytes()).unwrap();
    manifest["provides"][1] = text([reference("Other")]);
    assert_eq!(
        Manifest::parse(manifest.to_string().as_bytes())
            .unwrap_err()
            .to_string()
            .split(" at line")
            .next()
            .unwrap(),
        "the manifest is not valid: a.b: a reference names the type Other, which is not there"
    );
}

#[test]
fn a_type_has_an_end() {
    let own = record_text("Page", [json!({"list": {"ref": "Page"}})]);
    assert_eq!(refusal(text([own.clone()])), "the type Page contains itself");
    assert_eq!(
        refusal(text([record_text("Page", [own])])),
        "two types are called Page"
    );
    let there = record_text("A", [reference("B")]);
    let back = record_text("B", [json!({"option": {"ref": "A"}})]);
    assert!(refusal(text([there, back])).ends_with("contains itself"));
}

#[test]
fn references_lie_no_deeper_than_types() {
    let chain = |depth| {
        let link = |number: usize| {
            let inner = match number {
                0 => json!("u8"),
                _ => reference(&format!("R{}", number - 1)),
            };
            record_text(&format!("R{number}"), [inner])
        };
        text((0..depth).map(link))
    };
    assert!(serde_json::from_value::<Interface>(chain(64)).is_ok());
    assert_eq!(
        refusal(chain(65)),
        "types lie deeper than 64 levels in each other"
    );
}

#[test]
fn few_references_cannot_stand_for_very_many_types() {
    let large = format!("the types take more than {EXPANDED_LIMIT} bytes with each reference followed");
    let start = Instant::now();
    assert!(serde_json::from_value::<Interface>(text(doubling(8))).is_ok());
    assert_eq!(refusal(text(doubling(60))), large);
    let many = |inner: Value| {
        let uses = (0..10_000).map(|_| reference("Inner"));
        text([inner].into_iter().chain(uses))
    };
    let long = "a".repeat(100_000);
    let docs = json!({"record": {"name": "Inner", "docs": long, "fields": []}});
    assert_eq!(refusal(many(docs)), large);
    let cases: Vec<Value> = (0..1000)
        .map(|number| json!({"name": number.to_string()}))
        .collect();
    assert_eq!(
        refusal(many(json!({"enum": {"name": "Inner", "cases": cases}}))),
        large
    );
    let default = json!({"name": "a", "type": "text", "default": [vec![0; 1000], {long: null}]});
    let fields = json!({"record": {"name": "Inner", "fields": [default]}});
    assert_eq!(refusal(many(fields)), large);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn the_interfaces_of_a_manifest_share_one_bound() {
    let interfaces: Vec<Value> = (0..200)
        .map(|number| {
            let mut interface = text(doubling(13));
            interface["id"] = json!(format!("a.b{number}"));
            interface
        })
        .collect();
    let one = interfaces[0].clone();
    assert!(serde_json::from_value::<Interface>(one).is_ok());
    let manifest = json!({"name": "a", "version": "1.0.0", "provides": interfaces});
    let error = Manifest::parse(manifest.to_string().as_bytes()).unwrap_err();
    assert!(error.to_string().contains("the types take more than"), "{error}");
}

/// Types of which each is made of those before it, so that names repeat and mean one type.
fn types() -> impl Strategy<Value = Vec<Type>> {
    let part = (0..8_usize, 0..6_usize);
    let definition = (0..3_u8, proptest::collection::vec(part, 0..4));
    proptest::collection::vec(definition, 1..12).prop_map(|definitions| {
        let mut types: Vec<Type> = Vec::new();
        for (kind, parts) in definitions {
            let name = format!("T{}", types.len());
            let names: Vec<String> = (0..parts.len()).map(|number| format!("p{number}")).collect();
            let inner = parts.iter().map(|(back, wrap)| {
                let earlier = types.len().checked_sub(back + 1).map(|it| types[it].clone());
                let ty = earlier.unwrap_or(Type::U8);
                match wrap {
                    0 => Type::List(Box::new(ty)),
                    1 => Type::Option(Box::new(ty)),
                    _ => ty,
                }
            });
            let parts: Vec<(&str, Type)> = names.iter().map(String::as_str).zip(inner).collect();
            types.push(match kind {
                0 => record(
                    &name,
                    parts.into_iter().map(|(name, ty)| field(name, ty)).collect(),
                ),
                1 => union(&name, parts),
                _ => enumeration(&name, &names.iter().map(String::as_str).collect::<Vec<_>>()),
            });
        }
        types
    })
}

/// A type whose references go anywhere.
fn hostile() -> impl Strategy<Value = Value> {
    let name = (0..12_u8).prop_map(|number| format!("T{number}"));
    let leaf = prop_oneof![
        1 => Just(json!("u8")),
        3 => name.clone().prop_map(|name| json!({ "ref": name })),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        let inner_types = proptest::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            1 => inner.prop_map(|ty| json!({ "list": ty })),
            4 => (name.clone(), inner_types).prop_map(|(name, types)| record_text(&name, types)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(types in types()) {
        let interface = answering(types.iter().rev().cloned());
        let text = serde_json::to_string(&interface).unwrap();
        for number in 0..types.len() {
            let defined = text.matches(&format!("{{\"name\":\"T{number}\"")).count();
            prop_assert_eq!(defined, 1, "{}", text);
        }
        prop_assert_eq!(serde_json::from_str::<Interface>(&text).unwrap(), interface);
    }

    #[test]
    fn whatever_references_say_a_text_is_read_or_refused(types in proptest::collection::vec(hostile(), 1..12)) {
        match serde_json::from_value::<Interface>(text(types)) {
            Ok(interface) => {
                let again = serde_json::to_value(&interface).unwrap();
                prop_assert_eq!(serde_json::from_value::<Interface>(again).unwrap(), interface);
            }
            Err(error) => {
                let error = error.to_string();
                let known = ["two types are called", "which is not there", "contains itself", "deeper", "more than"];
                prop_assert!(known.iter().any(|it| error.contains(it)), "{}", error);
            }
        }
    }
}
