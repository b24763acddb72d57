//! The engine as its callers see it.

use proptest::prelude::*;
use prost::Message;

use crate::{
    ChatError, Direction, MessageHash, PortError, Room, RoomConfig, RoomState, StoredMessage, WakuMessage,
    fakes::{Bench, FakeHistory, FakeRelay},
    limits::{MAX_PAGE, MAX_PAYLOAD_BYTES, MAX_RECENT, MAX_SECONDS_AHEAD},
    record::NANOS,
    wire::Chat2Message,
};

const PUBSUB: &str = "/waku/2/rs/0/0";

fn from_bob(second: u64, text: &str) -> WakuMessage {
    let chat = Chat2Message {
        timestamp: second,
        nick: b"bob".to_vec(),
        payload: text.into(),
    };
    WakuMessage {
        payload: chat.encode_to_vec(),
        content_topic: "/toy-chat/2/huilong/proto".into(),
        timestamp: i64::try_from(second).unwrap() * NANOS,
        ..WakuMessage::default()
    }
}

async fn all(room: &Room<FakeRelay, FakeHistory>) -> Vec<StoredMessage> {
    room.history(None, MAX_PAGE).await.unwrap().messages
}

fn texts(messages: &[StoredMessage]) -> Vec<&str> {
    messages.iter().map(|message| &*message.text).collect()
}

#[tokio::test]
async fn a_sent_text_is_the_golden_vector_on_the_wire() {
    let bench = Bench::new();
    let room = bench.room().await;
    let stored = room.send("hi").await.unwrap();

    let hash = "0x1e119a4c7080c84d1e9fdaec2f994a1d5951a0dd94859b01b7ab28ead01021cc";
    assert_eq!(stored.hash.to_string(), hash);
    let (topic, message) = bench.relay.published.lock().unwrap()[0].clone();
    assert_eq!(topic, PUBSUB);
    assert_eq!(
        hex::encode(&message.payload),
        "08a0f6d78a061205616c6963651a026869"
    );
    assert_eq!(
        (message.timestamp, message.version, message.meta.len()),
        (1633024800 * NANOS, 0, 0)
    );
    assert_eq!(message.content_topic, "/toy-chat/2/huilong/proto");
    assert_eq!((stored.direction, stored.published), (Direction::Outgoing, true));
    assert_eq!(stored.received_at, 1633024800 * NANOS + NANOS / 2);
    assert_eq!(all(&room).await, [stored]);
}

#[tokio::test]
async fn opening_subscribes_to_the_configured_topics() {
    let bench = Bench::new();
    bench.room().await;
    let subscribed = bench.relay.subscribed.lock().unwrap().clone();
    assert_eq!(
        subscribed,
        [(PUBSUB.to_owned(), "/toy-chat/2/huilong/proto".to_owned())]
    );

    let config = RoomConfig {
        content_topic: "nonsense".into(),
        ..RoomConfig::default()
    };
    let refused = Room::open(config, bench.clock(), bench.relay.clone(), bench.history.clone()).await;
    assert_eq!(
        refused.err().unwrap().to_string(),
        "content_topic is not valid: /APPLICATION/VERSION/NAME/ENCODING"
    );
}

#[tokio::test]
async fn a_message_is_new_once_even_after_a_restart() {
    let bench = Bench::new();
    let message = from_bob(7, "yo");
    let room = bench.room().await;
    let stored = room.receive(PUBSUB, &message).await.unwrap().unwrap();
    assert_eq!((&*stored.nick, &*stored.text, stored.sent_at), ("bob", "yo", 7));
    assert_eq!(room.receive(PUBSUB, &message).await, Ok(None));
    let restarted = bench.room().await;
    assert_eq!(restarted.receive(PUBSUB, &message).await, Ok(None));
    assert_eq!(restarted.receive(PUBSUB, &message).await, Ok(None));
    assert_eq!(all(&restarted).await, [stored]);
    assert_eq!(
        (restarted.export().received, restarted.export().duplicates),
        (0, 2)
    );
}

#[tokio::test]
async fn two_deliveries_at_once_make_one_new_message() {
    let bench = Bench::new();
    let room = bench.room().await;
    let message = from_bob(7, "yo");
    let (a, b) = tokio::join!(room.receive(PUBSUB, &message), room.receive(PUBSUB, &message));
    let new = [a, b]
        .into_iter()
        .filter(|answer| matches!(answer, Ok(Some(_))))
        .count();
    assert_eq!((new, all(&room).await.len()), (1, 1));
}

#[tokio::test]
async fn our_own_message_coming_back_is_no_news() {
    let bench = Bench::new();
    let sent = bench.room().await.send("hi").await.unwrap();
    let (_, message) = bench.relay.published.lock().unwrap()[0].clone();
    let restarted = bench.room().await;
    assert_eq!(restarted.receive(PUBSUB, &message).await, Ok(None));
    assert_eq!(all(&restarted).await, [sent]);
}

#[tokio::test]
async fn messages_of_other_topics_are_not_ours() {
    let bench = Bench::new();
    let room = bench.room().await;
    let other = WakuMessage {
        content_topic: "/toy-chat/3/mingde/proto".into(),
        ..from_bob(1, "x")
    };
    assert_eq!(room.receive(PUBSUB, &other).await, Ok(None));
    assert_eq!(room.receive("/waku/2/rs/0/1", &from_bob(1, "x")).await, Ok(None));
    assert!(all(&room).await.is_empty());
}

#[tokio::test]
async fn an_undecodable_payload_is_kept_as_raw_text() {
    let bench = Bench::new();
    let room = bench.room().await;
    let message = WakuMessage {
        payload: b"plain words".to_vec(),
        ..from_bob(9, "")
    };
    let stored = room.receive(PUBSUB, &message).await.unwrap().unwrap();
    assert_eq!(
        (&*stored.text, &*stored.nick, stored.raw, stored.sent_at),
        ("plain words", "", true, 9)
    );
}

#[tokio::test]
async fn an_oversized_payload_is_refused_by_name() {
    let room = Bench::new().room().await;
    let message = WakuMessage {
        payload: vec![b'a'; MAX_PAYLOAD_BYTES + 1],
        ..from_bob(9, "")
    };
    let refused = room.receive(PUBSUB, &message).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "payload is 153601 bytes long, the limit is 153600"
    );
}

#[tokio::test]
async fn the_same_text_twice_in_a_second_is_two_messages() {
    let bench = Bench::new();
    let room = bench.room().await;
    for _ in 0..=MAX_SECONDS_AHEAD {
        room.send("hi").await.unwrap();
    }
    let seconds: Vec<i64> = all(&room)
        .await
        .iter()
        .map(|message| message.sent_at - 1633024800)
        .collect();
    assert_eq!(seconds, Vec::from_iter(0..=10));
    assert_eq!(
        room.send("hi").await.unwrap_err().to_string(),
        "the same text was sent more than 11 times within a second"
    );
    bench.advance_seconds(11);
    assert!(room.send("hi").await.is_ok());
}

#[tokio::test]
async fn a_text_that_the_relay_refused_stays_as_unpublished() {
    let bench = Bench::new();
    let room = bench.room().await;
    *bench.relay.refuse.lock().unwrap() = Some(PortError::Refused("no peers".into()));
    let error = room.send("hi").await.unwrap_err();
    let ChatError::NotPublished { message, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        error.to_string(),
        format!(
            "message {} is kept but was not published: refused: no peers",
            message.hash
        )
    );
    assert!(!message.published);
    assert_eq!(all(&room).await, [(**message).clone()]);
}

#[tokio::test]
async fn an_unpublished_message_seen_on_the_network_becomes_published() {
    let bench = Bench::new();
    // The store breaks right after the message is stored: the publication cannot be noted.
    *bench.history.writes_left.lock().unwrap() = Some(1);
    let room = bench.room().await;
    assert!(room.send("hi").await.unwrap().published);
    assert!(!all(&room).await[0].published);

    *bench.history.writes_left.lock().unwrap() = None;
    let (_, message) = bench.relay.published.lock().unwrap()[0].clone();
    assert_eq!(room.receive(PUBSUB, &message).await, Ok(None));
    assert!(all(&room).await[0].published);
}

/// The relay delivers on its own host what it could not send to anybody, under the origin `local`.
#[tokio::test]
async fn the_echo_of_an_own_message_does_not_make_it_published() {
    let bench = Bench::new();
    let room = bench.room().await;
    *bench.relay.refuse.lock().unwrap() = Some(PortError::Refused("no peers".into()));
    assert!(room.send("hi").await.is_err());
    let own = WakuMessage {
        payload: hex::decode("08a0f6d78a061205616c6963651a026869").unwrap(),
        content_topic: "/toy-chat/2/huilong/proto".into(),
        timestamp: 1633024800 * NANOS,
        ..WakuMessage::default()
    };
    assert_eq!(room.receive_local(PUBSUB, &own).await, Ok(None));
    assert!(!all(&room).await[0].published);

    assert_eq!(room.receive(PUBSUB, &own).await, Ok(None));
    assert!(all(&room).await[0].published);
    assert_eq!(room.receive_local(PUBSUB, &own).await, Ok(None));
    assert_eq!(all(&room).await.len(), 1);
    assert_eq!(room.counts().duplicates, 1, "only what the network brought");
}

#[tokio::test]
async fn what_another_module_of_the_host_published_is_a_message_like_any_other() {
    let bench = Bench::new();
    let room = bench.room().await;
    let message = from_bob(5, "hello");
    let stored = room.receive_local(PUBSUB, &message).await.unwrap().unwrap();
    assert_eq!((stored.direction, stored.published), (Direction::Incoming, true));
    assert_eq!(room.receive(PUBSUB, &message).await, Ok(None));
    assert_eq!(all(&room).await, [stored]);
}

#[tokio::test]
async fn a_relay_that_forgot_the_room_is_asked_again() {
    let bench = Bench::new();
    let room = bench.room().await;
    room.subscribe().await.unwrap();
    let asked = (PUBSUB.to_owned(), "/toy-chat/2/huilong/proto".to_owned());
    assert_eq!(*bench.relay.subscribed.lock().unwrap(), [asked.clone(), asked]);
}

#[tokio::test]
async fn nothing_is_published_or_announced_that_could_not_be_stored() {
    let bench = Bench::new();
    let room = bench.room().await;
    *bench.history.writes_left.lock().unwrap() = Some(0);
    let broken = ChatError::History(PortError::Refused("disk full".into()));
    assert_eq!(room.send("hi").await, Err(broken.clone()));
    assert!(bench.relay.published.lock().unwrap().is_empty());
    assert_eq!(room.receive(PUBSUB, &from_bob(1, "x")).await, Err(broken.clone()));
    assert_eq!(broken.to_string(), "history: refused: disk full");

    *bench.history.writes_left.lock().unwrap() = None;
    assert!(
        room.receive(PUBSUB, &from_bob(1, "x")).await.unwrap().is_some(),
        "handed in again, it is new"
    );
}

#[tokio::test]
async fn the_nickname_outlives_a_restart() {
    let bench = Bench::new();
    let room = bench.room().await;
    assert_eq!(&*room.nick(), "alice");
    assert_eq!(&*room.set_nick(" Bob ").await.unwrap(), "Bob");
    assert_eq!(&*bench.room().await.nick(), "Bob");
    assert_eq!(room.set_nick("").await.unwrap_err().to_string(), "nick is empty");
    *bench.history.writes_left.lock().unwrap() = Some(0);
    assert!(room.set_nick("carol").await.is_err());
    assert_eq!(&*room.nick(), "Bob");
}

#[tokio::test]
async fn a_kept_nickname_that_breaks_the_rules_gives_way_to_the_default() {
    let bench = Bench::new();
    bench.room().await.set_nick("Bob").await.unwrap();
    for row in bench.history.rows.lock().unwrap().values_mut() {
        *row = vec![0xff];
    }
    assert_eq!(&*bench.room().await.nick(), "alice");
}

#[tokio::test]
async fn state_moves_to_the_next_version() {
    let bench = Bench::new();
    let old = bench.room().await;
    old.set_nick("dora").await.unwrap();
    old.send("hi").await.unwrap();
    old.receive(PUBSUB, &from_bob(7, "yo")).await.unwrap();
    let bytes = minicbor_serde::to_vec(old.export()).unwrap();

    let new = bench.room().await;
    let state: RoomState = minicbor_serde::from_slice(&bytes).unwrap();
    new.import(state.clone()).unwrap();
    assert_eq!(new.export(), state);
    assert_eq!(
        (&*state.nick, state.sent, state.received, state.recent.len()),
        ("dora", 1, 1, 2)
    );
    // The window came along: a repeat is recognised although the store cannot be written.
    *bench.history.writes_left.lock().unwrap() = Some(0);
    assert_eq!(new.receive(PUBSUB, &from_bob(7, "yo")).await, Ok(None));
}

#[tokio::test]
async fn a_state_that_breaks_a_bound_is_refused_whole() {
    let room = Bench::new().room().await;
    let before = room.export();
    let state = RoomState {
        sent: 9,
        recent: vec![MessageHash([0; 32]); MAX_RECENT + 1],
        ..before.clone()
    };
    assert_eq!(
        room.import(state).unwrap_err().to_string(),
        "recent is 1025 hashes long, the limit is 1024"
    );
    assert_eq!(room.export(), before);
}

#[tokio::test]
async fn a_page_limit_outside_its_range_is_refused() {
    let room = Bench::new().room().await;
    for (limit, message) in [
        (0, "limit is 0, allowed is 1 to 200"),
        (201, "limit is 201, allowed is 1 to 200"),
    ] {
        assert_eq!(room.history(None, limit).await.unwrap_err().to_string(), message);
    }
}

#[tokio::test]
async fn an_unreadable_record_does_not_hide_the_others() {
    let bench = Bench::new();
    let room = bench.room().await;
    for second in 1..=3 {
        room.receive(PUBSUB, &from_bob(second, &second.to_string()))
            .await
            .unwrap();
    }
    *bench.history.rows.lock().unwrap().values_mut().nth(1).unwrap() = vec![0xff];
    let page = room.history(None, 10).await.unwrap();
    assert_eq!(
        (texts(&page.messages), page.unreadable, page.next),
        (vec!["1", "3"], 1, None)
    );
}

#[tokio::test]
async fn a_page_of_huge_messages_ends_early_and_goes_on() {
    let room = Bench::new().room().await;
    let text = "a".repeat(140 * 1024);
    for second in 1..=20 {
        room.receive(PUBSUB, &from_bob(second, &text)).await.unwrap();
    }
    let first = room.history(None, 20).await.unwrap();
    assert_eq!(first.messages.len(), 8, "8 x 140 KiB exceed 1 MiB");
    let second = room.history(first.next, 20).await.unwrap();
    assert_eq!((second.messages.len(), second.messages[7].sent_at), (8, 12));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_hold_every_message_once_in_order_both_ways(
        seconds in prop::collection::vec(0_u64..20, 0..60), limit in 1_usize..40,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let room = Bench::new().room().await;
            let mut expected = Vec::new();
            for (n, second) in seconds.into_iter().enumerate() {
                let message = from_bob(second, &n.to_string());
                expected.extend(room.receive(PUBSUB, &message).await.unwrap());
            }
            expected.sort_by_key(|message| (message.timestamp, message.hash));

            let (mut backward, mut cursor) = (Vec::new(), None);
            loop {
                let page = room.history(cursor, limit).await.unwrap();
                assert!(page.messages.len() <= limit);
                backward.splice(0..0, page.messages);
                cursor = page.next;
                if cursor.is_none() { break; }
            }
            let (mut forward, mut cursor) = (Vec::new(), None);
            loop {
                let page = room.history_after(cursor, limit).await.unwrap();
                forward.extend(page.messages);
                cursor = page.next;
                if cursor.is_none() { break; }
            }
            assert_eq!(backward, expected);
            assert_eq!(forward, expected);
        });
    }
}
