//! What the client in Rust sees.

use backplane_descriptor::Overflow;
use backplane_host::FrontEnd;
use backplane_sdk::descriptor::fixed::InterfaceTy;
use backplane_sdk::{Binding, Blob, Bytes, CallError, Client, Fixed, Interface as _};
use fixture_kinds_api::{
    Chosen, Defaults, Gathered, KindsClient, KindsInterface, Mood, Numbers, Refused, Row, Shape, Square,
    Texts, Told, TooMany, kinds_events,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

fn numbers() -> Numbers {
    Numbers {
        truth: true,
        u8_value: u8::MAX,
        u16_value: u16::MAX,
        u32_value: u32::MAX,
        u64_value: u64::MAX,
        i8_value: i8::MIN,
        i16_value: i16::MIN,
        i32_value: i32::MIN,
        i64_value: i64::MIN,
        f64_value: -0.1,
    }
}

fn gathered() -> Gathered {
    Gathered {
        words: vec!["one".to_owned(), String::new(), "dr\u{fc}ei \u{1f41f}".to_owned()],
        small: (0..=255).collect(),
        nested: vec![vec![], (0..100).collect()],
        table: BTreeMap::from([("a".to_owned(), -1), (String::new(), i64::MAX)]),
        keys: vec![Fixed([1, 2]), Fixed([3, 4])],
        maybe: Some(vec![Bytes(vec![]), Bytes(vec![0; 70_000])]),
    }
}

pub(crate) async fn calls_everything(front: &FrontEnd) {
    let client: KindsClient = front.client().expect("it is there");
    assert_eq!(client.nothing().await, Ok(()));
    assert_eq!(client.numbers(&numbers()).await, Ok(numbers()));
    for value in [f64::INFINITY, 5e-324, 0.0] {
        let other = Numbers {
            f64_value: value,
            ..numbers()
        };
        assert_eq!(client.numbers(&other).await, Ok(other));
    }
    texts(&client).await;
    assert_eq!(
        client
            .gather(
                &gathered().words,
                &gathered().small,
                &gathered().nested,
                &gathered().table,
                &gathered().keys,
                &gathered().maybe
            )
            .await,
        Ok(gathered())
    );
    assert_eq!(
        client
            .gather(&vec![], &vec![], &vec![], &BTreeMap::new(), &vec![], &None)
            .await
            .map(|it| it.words.len()),
        Ok(0)
    );
    for shape in [
        Shape::Circle(0.5),
        Shape::Square(Square { side: 7 }),
        Shape::Words(vec!["a".to_owned()]),
        Shape::Nothing,
    ] {
        let chosen = Chosen {
            shape: shape.clone(),
            mood: Mood::VerySad,
        };
        assert_eq!(client.choose(&shape, &Mood::VerySad).await, Ok(chosen));
    }
    refusals(&client).await;
    assert_eq!(client.r#type(&"c".to_owned(), &None).await.as_deref(), Ok("c"));
    assert_eq!(
        client
            .r#type(&"c".to_owned(), &Some("o".to_owned()))
            .await
            .as_deref(),
        Ok("o")
    );
    let calls = (0..50)
        .map(|number| client.later(&format!("text {number}")))
        .collect::<Vec<_>>();
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await, Ok(format!("text {number}")));
    }
    defaults(front).await;
    streams(front, &client).await;
    events(front, &client).await;
}

async fn texts(client: &KindsClient) {
    for blob in [None, Some(Blob::from(vec![9; 100_000]))] {
        let texts = Texts {
            text: "text \u{e9}\u{10348}".to_owned(),
            bytes: Bytes((0..=255).collect()),
            fixed: Fixed([0, 1, 2, 255]),
            blob: Blob::from(vec![7; 300_000]),
            none: blob,
        };
        let Texts {
            text,
            bytes,
            fixed,
            blob,
            none,
        } = &texts;
        assert_eq!(
            client.texts(text, bytes, fixed, blob, none).await.as_ref(),
            Ok(&texts)
        );
    }
}

async fn refusals(client: &KindsClient) {
    assert_eq!(client.refuse(&"fine".to_owned()).await, Ok(()));
    let refused = client.refuse(&String::new()).await;
    assert_eq!(refused, Err(CallError::Interface(Refused::Untitled)));
    let refused = client.refuse(&"long".to_owned()).await;
    assert_eq!(
        refused,
        Err(CallError::Interface(Refused::TooMany(TooMany { limit: 4 })))
    );
}

/// Fields that are left out are what the schema says, whoever reads them.
async fn defaults(front: &FrontEnd) {
    let client: KindsClient = front.client().expect("it is there");
    let all = Defaults {
        count: 1,
        words: vec![],
        far: 2,
        below: 3,
        half: 4.0,
        mood: Mood::Glad,
        flag: false,
        maybe: Some(5),
    };
    let given = client
        .defaults(
            &all.count, &all.words, &all.far, &all.below, &all.half, &all.mood, &all.flag, &all.maybe,
        )
        .await;
    assert_eq!(given, Ok(all));
    let raw = raw(front, 5, &[0xa0]).await;
    let expected = Defaults {
        count: 7,
        words: vec!["a".to_owned(), "b \"?\"".to_owned()],
        far: u64::MAX,
        below: -5,
        half: 0.5,
        mood: Mood::VerySad,
        flag: true,
        maybe: None,
    };
    assert_eq!(
        raw.map(|bytes| <Defaults as backplane_sdk::Value>::decode(&bytes).expect("defaults")),
        Ok(expected)
    );
}

/// A client that encodes nothing.
#[derive(Clone)]
struct Raw(Binding);

impl Client for Raw {
    const INTERFACE: &'static InterfaceTy = KindsInterface::TY;

    fn new(binding: Binding) -> Self {
        Self(binding)
    }

    fn with_deadline(&self, deadline: Duration) -> Self {
        Self(self.0.with_deadline(deadline))
    }
}

/// Calls the method of this number with a payload that no client would write.
async fn raw(front: &FrontEnd, method: u32, payload: &[u8]) -> Result<Vec<u8>, (i32, String)> {
    let raw: Raw = front.client().expect("it is there");
    let reply = raw.0.call_raw(method, payload, &[]).await;
    match reply.status {
        0 => Ok(reply.payload.as_bytes().to_vec()),
        status => Err((status, reply.message())),
    }
}

async fn streams(front: &FrontEnd, client: &KindsClient) {
    let mut count = client.count(&3).await.expect("a stream");
    for number in 1..=3 {
        assert_eq!(count.next().await, Some(Ok(number)));
    }
    assert_eq!(count.next().await, None);
    let mut page = client.page(&2).await.expect("a page");
    assert_eq!(page.count, 2);
    for number in 1..=2 {
        let row = Row {
            number,
            cells: Bytes(b"cells".to_vec()),
        };
        assert_eq!(page.rows.next().await, Some(Ok(row)));
    }
    let (mut sender, upload) = front.channel();
    let sum = client.sum(&upload);
    for number in 0..5000_u32 {
        sender.send(&number).await.expect("it is read");
    }
    drop(sender);
    assert_eq!(sum.await, Ok((0..5000).sum()));
}

async fn events(front: &FrontEnd, client: &KindsClient) {
    let mut told = front
        .subscribe::<kinds_events::Told>(Overflow::Block, 8)
        .expect("a subscription");
    assert_eq!(client.tell(&"news".to_owned()).await, Ok(()));
    let event = told.next().await.expect("it is readable");
    let expected = Told {
        text: "news".to_owned(),
        mood: Some(Mood::VerySad),
    };
    assert_eq!((event.body, &*event.publisher), (expected, "kinds"));
    let mut beat = front
        .subscribe::<kinds_events::Beat>(Overflow::Block, 8)
        .expect("a subscription");
    beat.next().await.expect("the last one is kept");
}

pub(crate) async fn wrong_arguments_are_refused_by_their_place(front: &FrontEnd) {
    const CHOOSE: u32 = 4;
    const REFUSE: u32 = 6;
    const LATER: u32 = 7;
    let encoded = |json: serde_json::Value| {
        let mut bytes = Vec::new();
        write(&mut bytes, &json);
        bytes
    };
    let refused = [
        (
            LATER,
            encoded(json!({})),
            "fixture.kinds.later.text: it is missing",
        ),
        (
            LATER,
            encoded(json!({ "text": 1 })),
            "fixture.kinds.later.text: a value of another type is expected",
        ),
        (
            LATER,
            encoded(json!(1)),
            "fixture.kinds.later: a value of another type is expected",
        ),
        (
            REFUSE,
            vec![0xa2, 0x61, b'a', 0, 0x61],
            "fixture.kinds.refuse: the bytes end within a value",
        ),
        (CHOOSE, encoded(json!({ "mood": "odd" })), "no such case"),
    ];
    for (method, payload, expected) in refused {
        let (status, message) = raw(front, method, &payload).await.expect_err(expected);
        assert_eq!(
            status,
            backplane_sdk::plugin_api::status::BAD_ARGUMENTS,
            "{message}"
        );
        assert!(message.contains(expected), "{message}");
    }
    let (status, message) = raw(front, 99, &[0xa0])
        .await
        .expect_err("there is no such method");
    assert_ne!(status, 0, "{message}");
}

/// Small values alone.
fn write(out: &mut Vec<u8>, json: &serde_json::Value) {
    match json {
        serde_json::Value::Object(entries) => {
            out.push(0xa0 | u8::try_from(entries.len()).expect("few"));
            for (key, value) in entries {
                write(out, &json!(key));
                write(out, value);
            }
        }
        serde_json::Value::String(text) => {
            out.push(0x60 | u8::try_from(text.len()).expect("short"));
            out.extend_from_slice(text.as_bytes());
        }
        number => out.push(u8::try_from(number.as_u64().expect("a number")).expect("small")),
    }
}
