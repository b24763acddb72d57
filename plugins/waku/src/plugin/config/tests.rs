use super::*;
use crate::{FilterConfig, NodeKey, plugin::preset};
use backplane_sdk::Value;

fn default() -> WakuConfig {
    // An empty map: every field has a default.
    WakuConfig::decode(&[0xa0]).unwrap()
}

fn text(change: impl FnOnce(&mut WakuConfig)) -> String {
    let mut config = default();
    change(&mut config);
    config.check().unwrap_err().to_string()
}

#[test]
fn every_key_has_a_default_and_these_are_sound() {
    let config = default();
    config.check().unwrap();
    let node = config.node(NodeKey::random()).unwrap();
    assert_eq!((node.cluster, node.shard_count), (0, 8));
    assert_eq!(node.listen.len(), 2);
    assert_eq!(node.max_message_size, crate::limits::MAX_MESSAGE_SIZE);
    assert_eq!(node.max_connections, crate::limits::MAX_CONNECTIONS);
    assert_eq!(node.receiver_queue, crate::limits::RECEIVER_QUEUE);
    let serving = WakuConfig {
        filter: true,
        ..config
    };
    let node = serving.node(NodeKey::random()).unwrap();
    assert_eq!(node.filter, Some(FilterConfig::default()));
}

#[test]
fn faults_name_the_key_as_the_user_wrote_it() {
    assert_eq!(
        text(|c| c.num_shards_in_network = Some(1025)),
        "num_shards_in_network must be between 0 and 1024, found 1025"
    );
    assert_eq!(
        text(|c| c.shards = vec![8]),
        "shards must be between 0 and 7, found 8"
    );
    assert_eq!(
        text(|c| c.message_queue = 0),
        "message_queue must be between 1 and 65536, found 0"
    );
    assert_eq!(
        text(|c| (c.filter, c.filter_max_criteria) = (true, 10001)),
        "filter_max_criteria must be between 1 and 10000, found 10001"
    );
    assert_eq!(
        text(|c| (c.filter, c.filter_timeout_ms) = (true, 0)),
        "filter_timeout_ms must be between 1 and 86400000, found 0"
    );
    assert_eq!(
        text(|c| c.listen_addresses = vec!["/ip4/127.0.0.1/tcp/0".into(); 17]),
        "listen_addresses has 17 addresses, the limit is 16"
    );
    assert_eq!(
        text(|c| c.listen_addresses.push("/ip4/127.0.0.1/udp/1".into())),
        "listen_addresses[2]: \"/ip4/127.0.0.1/udp/1\" is not of the form /ip4/ADDRESS/tcp/PORT, with \
         nothing, /ws, /wss or /tls/ws behind"
    );
    assert_eq!(
        text(|c| c.store_retention = "age:1".into()),
        "store_retention: unknown retention policy"
    );
    assert_eq!(text(|c| c.store_sync = true), "store_sync needs store");
    assert_eq!(
        text(|c| c.store_sync_range = 86_401),
        "store_sync_range must be between 1 and 86400, found 86401"
    );
    assert_eq!(
        text(|c| c.rate_limits = vec!["store".into()]),
        "rate_limits: Invalid rate-limit setting: store"
    );
    assert_eq!(
        text(|c| c.rate_limits = vec!["px:1/1s".into(); 33]),
        "rate_limits has 33 entries, the limit is 32"
    );
    let fault = text(|c| c.static_peers = vec!["localhost:60000".into()]);
    assert!(
        fault.starts_with("static_peers[0]: \"localhost:60000\" is not a multiaddr: "),
        "{fault}"
    );
}

#[test]
fn discv5_has_an_address_of_udp_and_nodes_to_begin_with_are_records() {
    let at = |address: &str| {
        let mut config = default();
        config.discv5_address = Some(address.to_owned());
        config
    };
    let node = at("/ip4/127.0.0.1/udp/0").node(NodeKey::random()).unwrap();
    assert_eq!(node.discv5, Some("127.0.0.1:0".parse().unwrap()));
    assert_eq!(
        at("/ip4/127.0.0.1/tcp/0").check().unwrap_err().to_string(),
        "discv5_address: \"/ip4/127.0.0.1/tcp/0\" is not of the form /ip4/ADDRESS/udp/PORT"
    );
    assert_eq!(
        text(|c| c.bootstrap_nodes = vec!["enr:-x=".into()]),
        "bootstrap_nodes[0]: node record is not \"enr:\" and base64url"
    );
    let record = crate::enr::sample(1).to_string();
    assert_eq!(
        text(|c| c.bootstrap_nodes = vec![record; 65]),
        "bootstrap_nodes has 65 records, the limit is 64"
    );
}

#[test]
fn a_preset_says_what_the_other_keys_do_not() {
    for preset in &preset::PRESETS {
        let mut config = default();
        config.preset = Some(preset.name.to_owned());
        config.relay = false;
        config.check().unwrap();
        let node = config.node(NodeKey::random()).unwrap();
        assert_eq!(
            (node.cluster, node.shard_count),
            (preset.cluster, preset.shard_count)
        );
        assert_eq!(node.max_message_size, preset.max_message_size as usize);
        assert_eq!(node.static_peers.len(), preset.peers.len());
        assert_eq!(node.bootstrap.len(), preset.records.len());
        assert_eq!(node.dns.trees.len(), preset.lists.len());
        assert!(
            node.bootstrap
                .iter()
                .all(|record| record.shards().unwrap().cluster == preset.cluster)
        );
    }
    let mut config = default();
    config.preset = Some("logos.test".to_owned());
    (config.cluster_id, config.static_peers) = (Some(99), vec!["/ip4/127.0.0.1/tcp/1".to_owned()]);
    let node = config.node(NodeKey::random()).unwrap();
    assert_eq!(
        (node.cluster, node.static_peers.len()),
        (99, 7),
        "lists are added"
    );
    assert_eq!(
        text(|c| c.preset = Some("mainnet".into())),
        "preset: \"mainnet\" is none of twn, logos.test, logos.dev and status.prod"
    );
}

#[test]
fn a_network_that_demands_proofs_is_refused_to_a_relay() {
    let refusal = "relay: messages of cluster 1 need rate limit proofs (RLN), which this node neither makes nor \
                   checks; a light node (relay = false) may use it";
    assert_eq!(text(|c| c.cluster_id = Some(1)), refusal);
    assert_eq!(text(|c| c.preset = Some("twn".into())), refusal);
}

#[test]
fn lists_in_dns_have_a_key_and_name_servers_an_address() {
    let tree = "enrtree://AIRVQ5DDA4FFWLRBCHJWUWOO6X6S4ZTZ5B667LQ6AJU6PEYDLRD5O@example.org";
    let mut config = default();
    config.dns_discovery = vec![tree.to_owned()];
    config.dns_name_servers = vec!["1.1.1.1".to_owned(), "[::1]:5353".to_owned()];
    let dns = config.node(NodeKey::random()).unwrap().dns;
    assert_eq!(dns.trees[0].to_string(), tree);
    let servers = ["1.1.1.1:53", "[::1]:5353"].map(|text| text.parse().unwrap());
    assert_eq!(dns.name_servers, servers);
    assert_eq!(
        text(|c| c.dns_discovery = vec!["example.org".into()]),
        "dns_discovery[0]: \"example.org\" is not of the form enrtree://KEY@DOMAIN"
    );
    assert_eq!(
        text(|c| c.dns_name_servers = vec!["localhost".into()]),
        "dns_name_servers[0]: \"localhost\" is not of the form ADDRESS or ADDRESS:PORT"
    );
    assert_eq!(
        text(|c| c.dns_discovery = vec![tree.to_owned(); 9]),
        "dns_discovery has 9 lists, the limit is 8"
    );
}

#[test]
fn the_node_key_is_checked_and_never_shown() {
    const KEY: &str = "00000000000000000000000000000000000000000000000000000000000000zz";
    let with_key = |config: &mut WakuConfig| config.node_key = Some(NodeKeyText(KEY.to_owned()));
    assert_eq!(
        text(with_key),
        "node_key: node key has a character that is not a hex digit"
    );
    let mut config = default();
    with_key(&mut config);
    let shown = format!("{config:?}");
    assert!(
        shown.contains("node_key: Some(NodeKeyText(…))") && !shown.contains("zz"),
        "{shown}"
    );
    config.node_key_file = Some("key".into());
    assert_eq!(
        config.check().unwrap_err().to_string(),
        "node_key and node_key_file exclude each other"
    );
}

#[test]
fn secure_websocket_needs_both_files_and_a_listener_of_it_needs_them_at_all() {
    let secure = "/ip4/127.0.0.1/tcp/0/wss";
    assert_eq!(
        text(|c| c.websocket_secure_key_path = Some("key.pem".into())),
        "websocket_secure_key_path and websocket_secure_cert_path need each other"
    );
    assert_eq!(
        text(|c| c.listen_addresses = vec![secure.into()]),
        "listen_addresses: /ip4/127.0.0.1/tcp/0/wss needs a certificate and its key"
    );
    let mut config = default();
    config.websocket_secure_key_path = Some("key.pem".into());
    config.websocket_secure_cert_path = Some("cert.pem".into());
    config.listen_addresses = vec![secure.into(), "/ip4/127.0.0.1/tcp/0/tls/ws".into()];
    config.check().unwrap();
}

#[test]
fn a_node_is_reached_as_these_keys_say() {
    let mut config = default();
    config.nat = "extip:203.0.113.7".into();
    config.dns4_domain_name = Some("node.example".into());
    config.relay_client = true;
    let node = config.node(NodeKey::random()).unwrap();
    assert_eq!(node.external_ip, Some("203.0.113.7".parse().unwrap()));
    assert_eq!(node.domain.as_deref(), Some("node.example"));
    assert_eq!(node.circuits, crate::Circuits::Reserve);
    assert!(text(|c| c.nat = "upnp".into()).starts_with("nat: upnp: this node asks no router for a port"));
    assert_eq!(
        text(|c| (c.relay_client, c.circuit_relay) = (true, true)),
        "circuit_relay and relay_client exclude each other"
    );
    assert_eq!(
        text(|c| c.dns4_domain_name = Some("a".repeat(254))),
        "dns4_domain_name has 254 bytes, the limit is 253"
    );
}

#[test]
fn connections_are_shared_out_by_ratio_or_by_number() {
    let relays = |change: fn(&mut WakuConfig)| {
        let mut config = default();
        change(&mut config);
        config.node(NodeKey::random()).unwrap().max_relay_peers
    };
    assert_eq!(relays(|_| {}), Some(75));
    assert_eq!(relays(|c| c.relay_service_ratio = "80:20".into()), Some(120));
    assert_eq!(relays(|c| c.max_relay_peers = Some(10)), Some(10));
    assert_eq!(
        text(|c| c.relay_service_ratio = "80".into()),
        "relay_service_ratio: expected format 'X:Y', ratio = 80"
    );
    assert_eq!(
        text(|c| c.max_relay_peers = Some(151)),
        "max_relay_peers must be between 0 and 150, found 151"
    );
}

#[test]
fn protected_shards_and_service_nodes_are_named_when_they_make_no_sense() {
    assert_eq!(
        text(|c| c.protected_shards = vec!["7".into()]),
        "protected_shards[0]: \"7\": Invalid format for protected shard expected shard:publickey"
    );
    assert_eq!(
        text(|c| c.storenode = Some("/ip4/127.0.0.1/tcp/1".into())),
        "storenode: /ip4/127.0.0.1/tcp/1 does not end in /p2p/ and the id of the peer"
    );
    let fault = text(|c| c.filternode = Some("node.example".into()));
    assert!(
        fault.starts_with("filternode: \"node.example\" is not a multiaddr: "),
        "{fault}"
    );
}
