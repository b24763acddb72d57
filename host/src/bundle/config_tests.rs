//! The configuration of a module against the type in its manifest.

use super::*;
use backplane_descriptor::Type;
use serde_json::{Value as Json, json};
use std::path::Path;

fn bundle(config: &str) -> Bundle {
    let text = format!("[modules.waku.config]\n{config}");
    Bundle::parse(
        Path::new("bundle.toml"),
        text.as_bytes(),
        Path::new("/"),
        Some(Path::new("/d")),
    )
    .unwrap()
}

fn field(name: &str, ty: Json) -> Json {
    json!({"name": name, "type": ty})
}

fn config_type() -> Type {
    let color = json!({"enum": {"name": "Color", "cases": [{"name": "red"}, {"name": "dark_blue"}]}});
    let cases = json!([{"name": "off", "type": "unit"}, field("port", json!("u16"))]);
    let ty = json!({"record": {"name": "Config", "fields": [
        {"name": "cluster_id", "type": "u16", "default": 16},
        {"name": "relay", "type": {"record": {"name": "Relay", "fields": [
            {"name": "max_peers", "type": "u8", "default": 50},
            field("topics", json!({"option": {"list": "text"}})),
        ]}}},
        field("ratio", json!({"option": "f64"})),
        field("big", json!({"option": "u64"})),
        field("small", json!({"option": "i64"})),
        field("on", json!({"option": "bool"})),
        field("key", json!({"option": {"fixed": 2}})),
        field("data", json!({"option": "bytes"})),
        field("labels", json!({"option": {"map": "u8"}})),
        field("color", json!({"option": color})),
        field("listen", json!({"option": {"union": {"name": "Listen", "cases": cases}}})),
        field("feed", json!({"option": {"stream": "u8"}})),
    ]}});
    serde_json::from_value(ty).unwrap()
}

#[test]
fn values_are_taken_and_defaults_are_filled_in() {
    let text = r#"
        cluster-id = 99
        relay.topics = ["a", "b"]
        ratio = 1
        big = 18446744073709551615
        small = -9223372036854775808
        on = true
        key = "0xABcd"
        data = "0x"
        labels = { "any-key" = 1, other_key = 2 }
        color = "dark_blue"
        listen.port = 80
    "#;
    let expected = json!({
        "cluster_id": 99, "relay": {"max_peers": 50, "topics": ["a", "b"]}, "ratio": 1.0, "big": u64::MAX,
        "small": i64::MIN, "on": true, "key": "0xabcd", "data": "0x",
        "labels": {"any-key": 1, "other_key": 2}, "color": "dark_blue", "listen": {"port": 80}, "feed": null,
    });
    assert_eq!(
        bundle(text).check_config("waku", &config_type()).unwrap(),
        expected
    );

    let empty = bundle("").check_config("waku", &config_type()).unwrap();
    assert_eq!(empty["cluster_id"], 16);
    assert_eq!(empty["relay"], json!({"max_peers": 50, "topics": null}));
    assert_eq!(
        bundle("listen = 'off'")
            .check_config("waku", &config_type())
            .unwrap()["listen"],
        "off"
    );
    assert_eq!(bundle("").check_config("waku", &Type::Unit).unwrap(), Json::Null);
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_path() {
    let table = [
        (
            "cluster-ids = 1",
            r#"2:1: unknown key "cluster-ids" in T; did you mean "cluster-id"?"#,
        ),
        (
            "cluster-id = 1\ncluster_id = 2",
            r#"3:1: "cluster_id" is there twice in T"#,
        ),
        (
            "cluster-id = 65536",
            r#"2:14: "cluster-id" in T must be a whole number from 0 to 65535, not 65536"#,
        ),
        (
            "cluster-id = 'secret'",
            r#"2:14: "cluster-id" in T must be a whole number from 0 to 65535, not text"#,
        ),
        (
            "[modules.waku.config.relay]\nmax-peer = 1",
            r#"3:1: unknown key "relay.max-peer" in T; did you mean "relay.max-peers"?"#,
        ),
        (
            "relay.max-peers = -1",
            r#"2:19: "relay.max-peers" in T must be a whole number from 0 to 255, not -1"#,
        ),
        ("relay = 1", r#"2:9: "relay" in T must be a table, not 1"#),
        (
            "relay.topics = ['a',\n 1]",
            r#"3:2: "relay.topics[1]" in T must be text, not 1"#,
        ),
        (
            "ratio = nan",
            r#"2:9: "ratio" in T must be a finite number, not NaN"#,
        ),
        (
            "big = 18446744073709551616",
            r#"2:7: "big" in T must be a whole number from 0 to 18446744073709551615, not 18446744073709551616"#,
        ),
        ("on = 1", r#"2:6: "on" in T must be true or false, not 1"#),
        (
            "key = '0xab'",
            r#"2:7: "key" in T must be text of 0x and 4 hexadecimal digits, not text"#,
        ),
        (
            "data = '0xabc'",
            r#"2:8: "data" in T must be text of 0x and an even number of hexadecimal digits, not text"#,
        ),
        (
            "labels.x = 'a'",
            r#"2:12: "labels.x" in T must be a whole number from 0 to 255, not text"#,
        ),
        (
            "color = 'dark-blue'",
            r#"2:9: "color" in T must be "red" or "dark_blue", not "dark-blue"; did you mean "dark_blue"?"#,
        ),
        (
            "listen = 'of'",
            r#"2:10: "listen" in T must be one of "off", { port = … }, not "of"; did you mean "off"?"#,
        ),
        (
            "listen = 1",
            r#"2:10: "listen" in T must be one of "off", { port = … }, not 1"#,
        ),
        (
            "listen.prt = 1",
            r#"2:8: unknown key "listen.prt" in T; did you mean "listen.port"?"#,
        ),
        (
            "listen.port = 70000",
            r#"2:15: "listen.port" in T must be a whole number from 0 to 65535, not 70000"#,
        ),
        (
            "feed = [1]",
            r#"2:8: "feed" in T must be left out: it cannot be configured, not a list"#,
        ),
        (
            "ratio = 1979-05-27",
            r#"2:9: "ratio" in T must be a finite number, not a date"#,
        ),
    ];
    for (text, expected) in table {
        let error = bundle(text)
            .check_config("waku", &config_type())
            .expect_err(text)
            .to_string();
        let expected = expected.replace(" in T", " in [modules.waku.config]");
        assert_eq!(error, format!("bundle.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_key_that_must_be_there_is_missed_where_its_table_begins() {
    let ty = json!({"record": {"name": "C", "fields": [
        field("relay", json!({"record": {"name": "R", "fields": [field("node_key", json!({"fixed": 32}))]}})),
    ]}});
    let ty: Type = serde_json::from_value(ty).unwrap();
    let missing =
        r#"missing key "relay.node-key" in [modules.waku.config]: text of 0x and 64 hexadecimal digits"#;
    let error = bundle("").check_config("waku", &ty).unwrap_err().to_string();
    assert_eq!(error, format!("bundle.toml:1:1: {missing}"));
    let error = bundle("[modules.waku.config.relay]")
        .check_config("waku", &ty)
        .unwrap_err()
        .to_string();
    assert_eq!(error, format!("bundle.toml:2:1: {missing}"));
}

#[test]
fn a_plugin_without_configuration_takes_no_key() {
    let error = bundle("a = 1")
        .check_config("waku", &Type::Unit)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        r#"bundle.toml:2:1: unknown key "a" in [modules.waku.config]"#
    );
    let error = bundle("")
        .check_config("chat", &Type::Unit)
        .unwrap_err()
        .to_string();
    assert_eq!(error, "bundle: [modules.chat]: there is no such module");
}

#[test]
fn a_module_s_own_complaint_gets_the_line_of_the_value() {
    let bundle = bundle("peers = ['a',\n  'b']\nrelay.max_peers = 1\n");
    for (path, place) in [
        ("peers", "2:1"),
        ("peers[1]", "3:3"),
        ("peers[7]", "2:1"),
        ("relay.max-peers", "4:7"),
        ("relay.none", "4:1"),
        ("none", "1:1"),
        ("", "1:1"),
    ] {
        let error = bundle.config_error("waku", path, "no").to_string();
        let expected = format!("bundle.toml:{place}: {path:?} in [modules.waku.config]: no");
        assert_eq!(error, expected);
    }
}

#[test]
fn a_configuration_is_not_shown_by_debug() {
    let bundle = bundle("password = 'hunter2'");
    let text = format!("{bundle:?}");
    assert!(text.contains("password") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_bundle_may_be_built_in_code() {
    let Json::Object(map) = json!({"cluster_id": 7, "relay": {"max-peers": null}, "big": u64::MAX}) else {
        unreachable!()
    };
    let mut bundle = bundle("");
    let mut waku = ModuleConfig::new("waku");
    waku.config = Config::from(map);
    bundle.modules.insert("waku".to_owned(), waku);
    let config = bundle.check_config("waku", &config_type()).unwrap();
    assert_eq!(
        (&config["cluster_id"], &config["relay"]["max_peers"]),
        (&json!(7), &json!(50))
    );
    let error = bundle.config_error("waku", "big", "no").to_string();
    assert_eq!(error, r#"bundle: "big" in [modules.waku.config]: no"#);
}
