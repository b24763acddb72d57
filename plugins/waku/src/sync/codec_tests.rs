use proptest::prelude::*;

use super::*;

/// Some moment, and ten seconds.
const T: i64 = 1_700_000_000_000_000_000;
const S: i64 = 10_000_000_000;

fn place(timestamp: i64, byte: u8) -> Place {
    let hash = [byte; 32].into();
    Place { timestamp, hash }
}

fn range(end: Place, content: RangeContent) -> SyncRange {
    SyncRange { end, content }
}

/// The payloads of nwaku's own codec tests in small, encoded by another program after its rules.
#[test]
fn payloads_have_the_bytes_of_deployed_nodes() {
    let two = |byte: u8| RangeContent::Fingerprint([byte; 32]);
    let fingerprints = SyncPayload {
        pubsub_topics: vec!["/waku/2/rs/0/0".into()],
        content_topics: vec![],
        start: T,
        ranges: vec![
            range(place(T + S, 0), two(0x11)),
            range(place(T + 2 * S, 0), two(0x22)),
        ],
    };
    let head = "010e2f77616b752f322f72732f302f30";
    let start = "8080a8b1e39fe7cb17";
    let ten_seconds = "80c8afa025";
    assert_eq!(
        hex::encode(fingerprints.encode()),
        format!(
            "{head}00{start}{ten_seconds}01{}{ten_seconds}01{}",
            "11".repeat(32),
            "22".repeat(32)
        )
    );

    let full = ItemSet {
        items: vec![place(T + 1000, 1), place(T + 1000, 2), place(T + 4000, 3)],
        is_reconciled: true,
    };
    let items = SyncPayload {
        content_topics: vec!["/a/1/b/c".into()],
        ranges: vec![
            range(place(T + S, 0), RangeContent::Items(full)),
            range(place(T + 2 * S, 0), RangeContent::Skip),
            range(place(T + 3 * S, 0), RangeContent::Items(ItemSet::default())),
        ],
        ..fingerprints.clone()
    };
    let listed = format!(
        "03e887a8b1e39fe7cb17{}00{}b817{}01",
        "01".repeat(32),
        "02".repeat(32),
        "03".repeat(32)
    );
    assert_eq!(
        hex::encode(items.encode()),
        format!("{head}01082f612f312f622f63{start}{ten_seconds}02{listed}{ten_seconds}00{ten_seconds}020000")
    );

    let mut hash = [0; 32];
    hash[2] = 7;
    let moment = SyncPayload {
        pubsub_topics: vec![],
        ranges: vec![
            range(place(T + S, 0), RangeContent::Skip),
            range(
                Place {
                    timestamp: T + S,
                    hash: hash.into(),
                },
                two(0x33),
            ),
            range(place(T + S, 0), RangeContent::Skip),
        ],
        ..fingerprints.clone()
    };
    assert_eq!(
        hex::encode(moment.encode()),
        format!(
            "0000{start}{ten_seconds}00000300000701{}0020{}00",
            "33".repeat(32),
            "00".repeat(32)
        )
    );
    for payload in [fingerprints, items, moment] {
        assert_eq!(SyncPayload::decode(&payload.encode()), Ok(payload));
    }
}

#[test]
fn nothing_to_say_is_one_byte_or_none() {
    let over = SyncPayload::default();
    assert!(over.is_settled());
    assert_eq!(over.encode(), [0]);
    for bytes in [&[][..], &[0], &[9]] {
        assert_eq!(SyncPayload::decode(bytes), Ok(SyncPayload::default()));
    }
}

#[test]
fn what_is_out_of_bounds_is_named() {
    let field = SyncDecodeError::Field;
    let fault = |hex: &str| SyncPayload::decode(&hex::decode(hex).unwrap()).unwrap_err();
    assert_eq!(fault("ffff"), field("pubsub topics"));
    assert_eq!(
        fault("81080000"),
        SyncDecodeError::TooMany {
            what: "pubsub topics",
            max: 1024
        }
    );
    assert_eq!(fault("01050000"), field("pubsub topics"));
    assert_eq!(fault("0101ff000000"), field("pubsub topics"), "no UTF-8");
    assert_eq!(fault("0000ff"), field("start"));
    let head = "000005";
    assert_eq!(fault(&format!("{head}0103")), field("kind of a range"));
    assert_eq!(fault(&format!("{head}010100")), field("fingerprint"));
    assert_eq!(
        fault(&format!("{head}002100")),
        field("hash at the end of a range"),
        "more than 32 bytes"
    );
    assert_eq!(fault(&format!("{head}0102ffff7f")), field("time of an item"));
    let item = |byte: u8| format!("00{}", hex::encode([byte; 32]));
    assert_eq!(
        fault(&format!("{head}010202{}{}01", item(2), item(2))),
        SyncDecodeError::Order
    );
    assert_eq!(
        fault(&format!("{head}010201{}02", item(2))),
        field("mark behind items")
    );
    let late = "ffffffffffffffff7f";
    assert_eq!(
        fault(&format!("0000{late}{late}00")),
        field("end of a range"),
        "there is no such time"
    );
    let many = "000005".to_owned() + &"0100".repeat(MAX_SYNC_RANGES + 1);
    assert_eq!(
        fault(&many),
        SyncDecodeError::TooMany {
            what: "ranges",
            max: MAX_SYNC_RANGES
        }
    );
}

fn any_places() -> impl Strategy<Value = Vec<Place>> {
    let place = (0..1000i64, any::<[u8; 32]>());
    proptest::collection::btree_set(place, 0..8).prop_map(|set| {
        let place = |(timestamp, hash): (i64, [u8; 32])| Place {
            timestamp,
            hash: hash.into(),
        };
        set.into_iter().map(place).collect()
    })
}

fn any_content() -> impl Strategy<Value = RangeContent> {
    prop_oneof![
        Just(RangeContent::Skip),
        any::<[u8; 32]>().prop_map(RangeContent::Fingerprint),
        (any_places(), any::<bool>())
            .prop_map(|(items, is_reconciled)| RangeContent::Items(ItemSet { items, is_reconciled })),
    ]
}

prop_compose! {
    fn any_payload()(
        pubsub_topics in proptest::collection::vec(".{0,20}", 0..4),
        content_topics in proptest::collection::vec(".{0,20}", 0..4),
        start in 0..1_000_000i64,
        ranges in proptest::collection::vec((0..3i64, any::<[u8; 32]>(), any_content()), 1..8),
    ) -> SyncPayload {
        let mut time = start;
        let ranges = ranges.into_iter().map(|(step, hash, content)| {
            time += step * 1_000_000;
            // A hash counts only where no time passes.
            let hash = if step == 0 { hash } else { [0; 32] };
            range(Place { timestamp: time, hash: hash.into() }, content)
        });
        SyncPayload { ranges: ranges.collect(), pubsub_topics, content_topics, start }
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_again(payload in any_payload()) {
        prop_assert_eq!(SyncPayload::decode(&payload.encode()), Ok(payload));
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = SyncPayload::decode(&bytes);
    }

    #[test]
    fn damaged_payloads_never_panic(payload in any_payload(), at: prop::sample::Index, flip in 1..=255u8) {
        let mut bytes = payload.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let _ = SyncPayload::decode(&bytes);
        let _ = SyncPayload::decode(&bytes[..at]);
    }
}
