use std::ffi::OsString;

use backplane_host::bundle::Bundle;
use serde_json::{Value as Json, json};

use super::*;

fn config(arguments: &[&str]) -> Result<Config, ConfigError> {
    let arguments = [&["wakunode"], arguments]
        .concat()
        .into_iter()
        .map(OsString::from);
    Config::new(&Settings::read(arguments, []).unwrap().0)
}

/// The configuration of `waku` as the host reads it.
fn waku(arguments: &[&str]) -> Json {
    let config = config(arguments).unwrap();
    let text = crate::bundle::text(&config);
    let bundle = Bundle::parse(
        std::path::Path::new("wakunode"),
        text.as_bytes(),
        &config.data_dir,
        None,
    )
    .unwrap();
    serde_json::to_value(&bundle).unwrap()["modules"]["waku"]["config"].take()
}

fn refusal(arguments: &[&str]) -> String {
    config(arguments).map(drop).unwrap_err().to_string()
}

#[test]
fn without_flags_it_is_what_wakunode2_is() {
    assert_eq!(
        waku(&[]),
        json!({
            "dns-name-servers": ["1.1.1.1", "1.0.0.1"],
            "autonat": true,
            "circuit-relay": true,
            "discv5-address": "/ip4/0.0.0.0/udp/9000",
            "external-addresses-only": false,
            "filter": true,
            "filter-max-criteria": 1000,
            "filter-max-peers": 1000,
            "filter-timeout-ms": 300_000,
            "ip-colocation-limit": 5,
            "lightpush": true,
            "listen-addresses": ["/ip4/0.0.0.0/tcp/60000"],
            "max-connections": 150,
            "max-message-size": 153_600,
            "nat": "any",
            "num-shards-in-network": 0,
            "peer-exchange": true,
            "relay": true,
            "relay-client": false,
            "relay-service-ratio": "50:50",
            "store": false,
            "store-resume": false,
            "store-retention": "time:172800",
            "store-sync": false,
            "store-sync-interval": 300,
            "store-sync-range": 3600,
            "store-sync-relay-jitter": 20,
        })
    );
    let config = config(&[]).unwrap();
    let here = std::env::current_dir().unwrap();
    assert_eq!(
        (config.data_dir, config.storage),
        (here.join("data"), Table::new())
    );
    assert_eq!(config.socket, here.join("data/backplane.sock"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn ports_are_shifted_all_but_those_that_the_system_chooses() {
    let arguments = [
        "--ports-shift=2",
        "--websocket-support",
        "--listen-address=::1",
        "--discv5-udp-port=0",
    ];
    let waku = waku(&arguments);
    assert_eq!(
        waku["listen-addresses"],
        json!(["/ip6/::1/tcp/60002", "/ip6/::1/tcp/8002/ws"])
    );
    assert_eq!(waku["discv5-address"], "/ip6/::1/udp/0");
    assert_eq!(
        refusal(&["--tcp-port=65000", "--ports-shift=536"]),
        "--tcp-port: 65000 plus --ports-shift=536 is more than 65535 (from the command line)"
    );
}

#[test]
fn how_others_reach_the_node_is_what_the_flags_say() {
    let waku = waku(&[
        "--nat=extip:1.2.3.4",
        "--dns4-domain-name=a.example",
        "--ext-multiaddr=/ip4/9.9.9.9/tcp/9",
        "--ext-multiaddr-only",
        "--relay-client",
    ]);
    assert_eq!(
        (&waku["nat"], &waku["dns4-domain-name"]),
        (&json!("extip:1.2.3.4"), &json!("a.example"))
    );
    assert_eq!(waku["external-addresses"], json!(["/ip4/9.9.9.9/tcp/9"]));
    assert_eq!(waku["external-addresses-only"], json!(true));
    assert_eq!(
        (&waku["relay-client"], &waku["circuit-relay"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        refusal(&["--nat=extip:here"]),
        "--nat: \"extip:here\" is none of any, none, upnp, pmp and extip:IP (from the command line)"
    );
    assert!(refusal(&["--nat=upnp"]).contains("name its address with --nat=extip:IP"));
}

#[test]
fn secure_websocket_takes_the_place_of_the_other_and_has_files() {
    let key = "--websocket-secure-key-path=/k.pem";
    let cert = "--websocket-secure-cert-path=/c.pem";
    let waku = waku(&["--websocket-support", "--websocket-secure-support", key, cert]);
    assert_eq!(
        waku["listen-addresses"],
        json!(["/ip4/0.0.0.0/tcp/60000", "/ip4/0.0.0.0/tcp/8000/wss"])
    );
    assert_eq!(waku["websocket-secure-key-path"], "/k.pem");
    assert_eq!(waku["websocket-secure-cert-path"], "/c.pem");
    assert_eq!(
        refusal(&["--websocket-secure-support", key]),
        "--websocket-secure-cert-path: it is needed for --websocket-secure-support (from the default)"
    );
}

#[test]
fn a_cluster_may_stand_for_a_preset_as_in_wakunode2() {
    let network = |arguments: &[&str]| {
        let mut waku = waku(arguments);
        [
            "preset",
            "cluster-id",
            "num-shards-in-network",
            "max-message-size",
        ]
        .map(|key| waku[key].take())
    };
    let none = Json::Null;
    assert_eq!(
        network(&["--cluster-id=99"]),
        [none.clone(), json!(99), json!(0), json!(153_600)]
    );
    assert_eq!(
        network(&["--preset=StatusProd"]),
        [json!("status.prod"), none.clone(), none.clone(), none.clone()]
    );
    assert_eq!(
        network(&[
            "--cluster-id=2",
            "--num-shards-in-network=4",
            "--max-msg-size=1KiB"
        ]),
        [json!("logos.dev"), json!(2), json!(4), json!(1024)]
    );
    let light = ["--cluster-id=1", "--relay=false"];
    assert_eq!(network(&light), [json!("twn"), json!(1), none.clone(), none]);
    for relay in ["--cluster-id=1", "--preset=twn"] {
        assert!(refusal(&[relay]).contains("say --relay=false for a light node"));
    }
}

#[test]
fn nodes_go_where_they_belong() {
    let waku = waku(&[
        "--staticnode=/a",
        "--storenode=/b",
        "--entry-node=/d",
        "--entry-node=enr:x",
        "--entry-node=enrtree://k@d",
        "--discv5-bootstrap-node=enr:y",
    ]);
    assert_eq!(
        (&waku["static-peers"], &waku["storenode"]),
        (&json!(["/a", "/d"]), &json!("/b"))
    );
    assert_eq!(waku["bootstrap-nodes"], json!(["enr:y", "enr:x"]));
    assert_eq!(waku["dns-discovery"], json!(["enrtree://k@d"]));
    assert!(
        refusal(&["--entry-node=a.example"]).contains("begins with none of \"enrtree:\", \"enr:\" and \"/\"")
    );
}

#[test]
fn a_light_node_publishes_for_nobody() {
    let light = waku(&["--relay=false"]);
    assert_eq!(
        (&light["relay"], &light["lightpush"]),
        (&json!(false), &json!(false))
    );
}

#[test]
fn what_is_lacking_is_refused_and_what_asks_for_nothing_is_not() {
    let lacking = flags::all().filter(|flag| matches!(flag.role, Role::Lacks(_)));
    for flag in lacking {
        let usual: Vec<String> = flag
            .default
            .iter()
            .map(|value| format!("--{}={value}", flag.name))
            .collect();
        let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
        config(&usual).unwrap_or_else(|error| panic!("{error}"));
        let value = match flag.kind {
            Kind::Switch => "true".to_owned(),
            Kind::Number(..) => "7".to_owned(),
            _ => "hush".to_owned(),
        };
        let Role::Lacks(sentence) = flag.role else {
            unreachable!()
        };
        assert_eq!(
            refusal(&[&format!("--{}={value}", flag.name)]),
            format!("--{}: {sentence} (from the command line)", flag.name)
        );
    }
    config(&[
        "--rln-relay=false",
        "--rln-relay-chain-id=59141",
        "--rln-relay-cred-password=x",
    ])
    .unwrap();
    config(&["--mix=false", "--quic-support=no", "--mixkey="]).unwrap();
}

#[test]
fn a_flag_without_effect_is_told() {
    let warnings = config(&["--mode=Edge", "--keep-alive"]).unwrap().warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("--mode has no effect: "), "{warnings:?}");
}

#[test]
fn messages_are_kept_where_the_url_says_and_no_archive_of_others_is_touched() {
    let storage =
        |url: &str| config(&[&format!("--store-message-db-url={url}")]).map(|config| config.storage);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.sqlite3");
    let url = format!("sqlite://{}", file.display());
    assert_eq!(
        storage(&url).unwrap()["directory"].as_str(),
        folder.path().to_str()
    );
    std::fs::write(&file, "").unwrap();
    let error = storage(&url).unwrap_err().to_string();
    assert!(error.contains("is the archive of another program"), "{error}");
    assert!(file.exists());
    let url = "postgres://me:hush@localhost/db";
    assert_eq!(
        storage(url).unwrap()["jobs"]["waku/archive"]["url"].as_str(),
        Some(url)
    );
    let error = storage("mysql://me:hush@localhost/db").unwrap_err().to_string();
    assert!(
        error.contains("neither sqlite:// nor postgres://") && !error.contains("hush"),
        "{error}"
    );
}

#[test]
fn there_is_one_node_key() {
    let key = "11".repeat(32);
    assert_eq!(waku(&[&format!("--nodekey={key}")])["node-key"], json!(key));
    let error = refusal(&[&format!("--nodekey={key}"), "--nodekey-file=key"]);
    assert_eq!(
        error,
        "--nodekey-file: it excludes --nodekey; leave one of them out (from the command line)"
    );
    let path = std::env::current_dir().unwrap().join("key");
    assert_eq!(waku(&["--nodekey-file=key"])["node-key-file"], json!(path));
}

#[test]
fn a_server_that_is_on_has_its_shifted_port() {
    let arguments = [
        "wakunode",
        "--rest",
        "--metrics-server",
        "--ports-shift=1",
        "--rest-address=0.0.0.0",
        "--rest-admin",
    ];
    let settings = Settings::read(arguments.map(OsString::from), []).unwrap().0;
    let servers = ServersConfig::new(&settings).unwrap();
    let rest = servers.rest.unwrap();
    assert_eq!(rest.address, "0.0.0.0:8646".parse().unwrap());
    assert_eq!((rest.admin, rest.relay_cache_capacity), (true, 50));
    assert_eq!(servers.metrics, Some("127.0.0.1:8009".parse().unwrap()));
    let off = Settings::read(["wakunode"].map(OsString::from), []).unwrap().0;
    assert_eq!(
        ServersConfig::new(&off).unwrap(),
        ServersConfig {
            rest: None,
            metrics: None
        }
    );
}
