use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// The example of EIP-778.
const EXAMPLE: &str = "enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8";
const EXAMPLE_KEY: &str = "b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291";
/// A node of The Waku Network.
const SANDBOX: &str = "enr:-QESuED0qW1BCmF-oH_ARGPr97Nv767bl_43uoy70vrbah3EaCAdK3Q0iRQ6wkSTTpdrg_dU_NC2ydO8leSlRpBX4pxiAYJpZIJ2NIJpcIRA4VDAim11bHRpYWRkcnO4XAArNiZub2RlLTAxLmRvLWFtczMud2FrdS5zYW5kYm94LnN0YXR1cy5pbQZ2XwAtNiZub2RlLTAxLmRvLWFtczMud2FrdS5zYW5kYm94LnN0YXR1cy5pbQYfQN4DgnJzkwABCAAAAAEAAgADAAQABQAGAAeJc2VjcDI1NmsxoQOTd-h5owwj-cx7xrmbvQKU8CV3Fomfdvcv1MBc-67T5oN0Y3CCdl-DdWRwgiMohXdha3UyDw";

const UDP: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 9000);

fn key() -> RecordKey {
    RecordKey::new(&mut hex::decode(EXAMPLE_KEY).unwrap()).unwrap()
}

fn shards(cluster: u16, shards: impl IntoIterator<Item = u16>) -> RecordShards {
    RecordShards {
        cluster,
        shards: shards.into_iter().collect(),
    }
}

/// A record of a peer that relays shard 0 of cluster 99, by a key that follows from `number`, which is not 0; the same
/// each time.
pub(crate) fn sample(number: u8) -> NodeRecord {
    static ALL: LazyLock<Vec<NodeRecord>> = LazyLock::new(|| (1..=250).map(made).collect());
    ALL[usize::from(number) - 1].clone()
}

fn made(number: u8) -> NodeRecord {
    let content = Content::new(Capabilities::RELAY, Some(shards(99, [0])), None);
    sample_with(
        number,
        1,
        content.with_addresses(addresses(&["/ip4/127.0.0.1/tcp/60000"])),
    )
}

pub(crate) fn sample_with(number: u8, seq: u64, content: Content) -> NodeRecord {
    content
        .sign(seq, &RecordKey::new(&mut [number; 32]).unwrap())
        .unwrap()
}

fn addresses(texts: &[&str]) -> Vec<Multiaddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// All but the signature, which is another one each time.
fn content(record: &NodeRecord) -> String {
    let bytes = record.encode();
    let signature = bytes
        .windows(64)
        .position(|it| it == record.inner().signature())
        .unwrap();
    hex::encode(&bytes[signature + 64..])
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let record: NodeRecord = EXAMPLE.parse().unwrap();
    assert_eq!(record.to_string(), EXAMPLE);
    assert_eq!(record.seq(), 1);
    assert_eq!(record.udp4(), Some("127.0.0.1:30303".parse().unwrap()));
    assert_eq!(record.addresses(), []);
    assert!(record.capabilities().is_empty());
    assert_eq!(record.shards(), None);
    let ours = Content::default().sign(1, &key()).unwrap();
    assert_eq!(ours.peer_id(), record.peer_id());
}

#[test]
fn the_record_of_a_deployed_node_says_what_it_serves_and_where() {
    let record: NodeRecord = SANDBOX.parse().unwrap();
    assert_eq!(record.encode().len(), 277);
    assert_eq!(record.capabilities().bits(), 0x0f);
    assert_eq!(record.shards(), Some(shards(1, 0..8)));
    assert_eq!(record.udp4().unwrap().port(), 9000);
    let peer = record.peer_id();
    assert!(peer.to_string().starts_with("16Uiu2HA"), "{peer}");
    let host = "/dns4/node-01.do-ams3.waku.sandbox.status.im/tcp";
    let named = |address: String| format!("{address}/p2p/{peer}").parse::<Multiaddr>().unwrap();
    let expected = [
        named("/ip4/64.225.80.192/tcp/30303".to_owned()),
        named(format!("{host}/30303")),
        named(format!("{host}/8000/wss")),
    ];
    assert_eq!(record.addresses(), expected);
}

/// Key for key, this is what a deployed node signs.
#[test]
fn a_record_is_byte_for_byte_that_of_a_deployed_node() {
    let theirs: NodeRecord = SANDBOX.parse().unwrap();
    let ours = Content::new(Capabilities::from_bits(0x0f), Some(shards(1, 0..8)), Some(UDP))
        .with_addresses(addresses(&[
            "/ip4/64.225.80.192/tcp/30303",
            "/dns4/node-01.do-ams3.waku.sandbox.status.im/tcp/30303",
            "/dns4/node-01.do-ams3.waku.sandbox.status.im/tcp/8000/wss",
        ]))
        .sign(1, &key())
        .unwrap();
    let without_key = |record: &NodeRecord| {
        let all = content(record);
        let (before, after) = all.split_once("736563703235366b31").unwrap();
        format!("{before} {}", &after[2 * 34..])
    };
    assert_eq!(without_key(&ours), without_key(&theirs));
}

#[test]
fn a_record_says_what_was_put_into_it() {
    let record = Content::new(
        Capabilities::RELAY.with_if(true, Capabilities::FILTER),
        Some(shards(99, [0, 7, 1023])),
        Some(UDP),
    )
    .with_addresses(addresses(&[
        "/ip4/127.0.0.1/tcp/60000",
        "/ip4/127.0.0.1/tcp/8000/ws",
        "/ip4/10.0.0.1/tcp/60000",
        "/ip6/::1/tcp/60001",
    ]))
    .sign(7, &key())
    .unwrap();
    let record = record.to_string().parse::<NodeRecord>().unwrap();
    assert_eq!(record.seq(), 7);
    assert!(record.capabilities().contains(Capabilities::FILTER));
    assert!(!record.capabilities().contains(Capabilities::STORE));
    assert_eq!(record.shards(), Some(shards(99, [0, 7, 1023])));
    assert_eq!(record.udp4(), Some("127.0.0.1:9000".parse().unwrap()));
    assert_eq!(record.udp6(), None, "the port is of IPv4");
    let found: Vec<String> = record.addresses().iter().map(Multiaddr::to_string).collect();
    let peer = record.peer_id();
    let expected = [
        format!("/ip4/127.0.0.1/tcp/60000/p2p/{peer}"),
        format!("/ip6/::1/tcp/60001/p2p/{peer}"),
        format!("/ip4/127.0.0.1/tcp/8000/ws/p2p/{peer}"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn addresses_that_find_no_room_are_left_out_from_the_end() {
    let long = |number: u8| format!("/dns4/node-{number}.a-rather-long-name.example.org/tcp/443/wss");
    let texts: Vec<String> = (1..=9).map(long).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let record = Content::default()
        .with_addresses(addresses(&texts))
        .sign(1, &key())
        .unwrap();
    assert!(record.encode().len() <= MAX_RECORD);
    let kept = record.addresses();
    assert!((2..9).contains(&kept.len()), "{kept:?}");
    assert!(kept[0].to_string().starts_with(texts[0]));
}

#[test]
fn many_shards_are_written_as_bits_and_leave_room_for_one_address() {
    let content = Content::new(Capabilities::RELAY, Some(shards(99, 0..1024)), Some(UDP));
    let record = content
        .with_addresses(addresses(&[
            "/ip6/::1/tcp/1",
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/127.0.0.1/tcp/2/ws",
        ]))
        .sign(1, &key())
        .unwrap();
    assert_eq!(record.shards(), Some(shards(99, 0..1024)));
    let address = format!("/ip4/127.0.0.1/tcp/1/p2p/{}", record.peer_id());
    assert_eq!(record.addresses(), addresses(&[&address]));
}

#[test]
fn records_that_are_not_sound_are_refused() {
    let error = |text: &str| text.parse::<NodeRecord>().unwrap_err().to_string();
    assert_eq!(error("IS4QHCY"), "node record is not \"enr:\" and base64url");
    assert_eq!(error("enr:-IS4Q=="), "node record is not \"enr:\" and base64url");
    let mut bytes = EXAMPLE.parse::<NodeRecord>().unwrap().encode();
    let forged = bytes.len() - 1;
    bytes[forged] ^= 1;
    assert_eq!(
        NodeRecord::decode(&bytes).unwrap_err().to_string(),
        "node record is invalid: Invalid Signature"
    );
    bytes[forged] ^= 1;
    bytes.push(0);
    assert_eq!(
        NodeRecord::decode(&bytes).unwrap_err().to_string(),
        "node record is invalid: there are bytes behind it"
    );
    assert_eq!(
        NodeRecord::decode(&[0; 301]).unwrap_err().to_string(),
        "node record has 301 bytes, the limit is 300"
    );
    let long = format!("enr:{}", "A".repeat(100_000));
    assert_eq!(error(&long), "node record has 75000 bytes, the limit is 300");
}

#[test]
fn a_key_is_not_shown() {
    assert_eq!(format!("{:?}", key()), "RecordKey(…)");
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..310)) {
        let _ = NodeRecord::decode(&bytes);
    }

    #[test]
    fn random_changes_to_a_record_are_refused_or_read(place in 0..300usize, byte: u8, cut in 0..300usize) {
        let mut bytes = SANDBOX.parse::<NodeRecord>().unwrap().encode();
        if let Some(it) = bytes.get_mut(place) {
            *it = byte;
        }
        bytes.truncate(cut);
        if let Ok(record) = NodeRecord::decode(&bytes) {
            let _ = (record.capabilities(), record.shards(), record.addresses());
        }
    }

    #[test]
    fn random_texts_never_panic(text in "(enr:)?.{0,40}") {
        let _ = text.parse::<NodeRecord>();
    }
}
