use proptest::{collection::vec, option, prelude::*};

use super::*;

fn hash(byte: u8) -> MessageHash {
    [byte; 32].into()
}

fn message() -> WakuMessage {
    WakuMessage {
        payload: vec![1, 2],
        content_topic: "/a/1/b/c".into(),
        ..WakuMessage::default()
    }
}

fn request(query: StoreQuery) -> Request {
    Request {
        id: "r1".into(),
        query,
    }
}

#[test]
fn requests_have_the_fields_of_the_specification() {
    let query = StoreQuery {
        pubsub_topic: Some("/p".into()),
        content_topics: vec!["/a".into(), "/b".into()],
        time_start: Some(-1),
        time_end: Some(2),
        hashes: vec![hash(3)],
        cursor: Some(hash(4)),
        forward: false,
        limit: Some(5),
        ..StoreQuery::default()
    };
    let expected = format!(
        "0a027231100152022f705a022f615a022f6260016804a20120{}9a0320{}a00300a80305",
        "03".repeat(32),
        "04".repeat(32)
    );
    assert_eq!(hex::encode(request(query).encode()), expected);
}

#[test]
fn a_request_that_leaves_everything_out_asks_for_the_newest_hashes() {
    let read = Request::decode(&[0x0a, 0]).unwrap();
    assert!(!read.query.forward && !read.query.include_data);
    assert_eq!((read.id.as_str(), read.query.page()), ("", 20));
    let hashes = Request::decode(&[0x0a, 0, 0xa2, 1, 1, 7, 0x9a, 3, 0]).unwrap();
    assert_eq!(hashes.query.hashes[0].as_bytes()[..2], [7, 0]);
    assert_eq!(hashes.query.cursor, Some(hash(0)));
}

#[test]
fn pages_have_20_messages_unless_asked_and_at_most_100() {
    let page = |limit| {
        let query = StoreQuery {
            limit,
            ..StoreQuery::default()
        };
        query.page()
    };
    let pages = [None, Some(0), Some(1), Some(100), Some(101), Some(u64::MAX)].map(page);
    assert_eq!(pages, [20, 20, 1, 100, 100, 100]);
}

#[test]
fn what_is_no_request_is_refused_as_deployed_nodes_do() {
    let refusal = Request::decode(&[]).unwrap_err();
    let text = "decoding rpc failed: (kind: MissingRequiredField, field: \"request_id\")";
    assert_eq!(refusal, Refusal::new(Status::BAD_REQUEST, text));
    let bytes = encode_response("", &Err(refusal));
    assert_eq!(
        hex::encode(&bytes),
        format!("0a005090035a{:02x}{}", text.len(), hex::encode(text))
    );
    assert!(Request::decode(&[0xff]).is_err());
}

#[test]
fn responses_have_the_fields_of_the_specification() {
    let data = StoredMessage {
        hash: hash(1),
        message: Some(message()),
        pubsub_topic: Some("/p".into()),
    };
    let bare = StoredMessage {
        hash: hash(2),
        message: None,
        pubsub_topic: None,
    };
    let page = StorePage {
        messages: vec![data, bare],
        cursor: Some(hash(2)),
    };
    let bytes = encode_response("r1", &Ok(page.clone()));
    let expected = format!(
        "0a02723150c8015a024f4ba201360a20{}120e0a02010212082f612f312f622f631a022f70a201220a20{}9a0320{}",
        "01".repeat(32),
        "02".repeat(32),
        "02".repeat(32)
    );
    assert_eq!(hex::encode(&bytes), expected);
    assert_eq!(decode_response(&bytes, "r1"), Ok(page));
    assert_eq!(
        decode_response(&bytes, "r2"),
        Err(Refusal::new(Status::BAD_RESPONSE, "request_id_mismatch"))
    );
}

#[test]
fn refusals_have_the_texts_of_deployed_nodes() {
    let failed = Refusal::new(
        Status::BAD_RESPONSE,
        "archive error: DRIVER_ERROR: cursor not found",
    );
    let limited = Refusal::new(Status::TOO_MANY_REQUESTS, "");
    let failed = encode_response("", &Err(failed));
    assert_eq!(
        decode_response(&failed, "r1").unwrap_err().to_string(),
        "300 BAD_RESPONSE: archive error: DRIVER_ERROR: cursor not found"
    );
    let text = hex::encode("TOO_MANY_REQUESTS");
    let bytes = encode_response("N/A", &Err(limited.clone()));
    assert_eq!(hex::encode(&bytes), format!("0a034e2f4150ad035a11{text}"));
    assert_eq!(decode_response(&bytes, "r1"), Err(limited));
}

fn any_query() -> impl Strategy<Value = StoreQuery> {
    let topics = (option::of(".{0,20}"), vec(".{0,20}", 0..4));
    let times = (any::<Option<i64>>(), any::<Option<i64>>());
    let hashes = (vec(any::<[u8; 32]>(), 0..4), any::<Option<[u8; 32]>>());
    (topics, times, hashes, any::<(bool, bool, Option<u64>)>()).prop_map(
        |((pubsub_topic, content_topics), (time_start, time_end), (hashes, cursor), rest)| StoreQuery {
            include_data: rest.0,
            pubsub_topic,
            content_topics,
            time_start,
            time_end,
            hashes: hashes.into_iter().map(Into::into).collect(),
            cursor: cursor.map(Into::into),
            forward: rest.1,
            limit: rest.2,
        },
    )
}

proptest! {
    #[test]
    fn requests_are_read_back(id in ".{0,20}", query in any_query()) {
        let request = Request { id, query };
        prop_assert_eq!(Request::decode(&request.encode()), Ok(request));
    }

    #[test]
    fn responses_are_read_back(
        hashes in vec(any::<([u8; 32], bool)>(), 0..5),
        cursor in any::<Option<[u8; 32]>>(),
    ) {
        let stored = |(hash, data): ([u8; 32], bool)| StoredMessage {
            hash: hash.into(),
            message: data.then(message),
            pubsub_topic: data.then(|| "/p".to_owned()),
        };
        let page = StorePage {
            messages: hashes.into_iter().map(stored).collect(),
            cursor: cursor.map(Into::into),
        };
        prop_assert_eq!(decode_response(&encode_response("r", &Ok(page.clone())), "r"), Ok(page));
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = Request::decode(&bytes);
        let _ = decode_response(&bytes, "r1");
    }
}
