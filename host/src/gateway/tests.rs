//! The protocol against a host without modules.

use super::line::{Line, Lines};
use super::{connection, limits, service::Service};
use crate::bundle::{Bundle, HostConfig};
use crate::host::Host;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf};
use tokio::time::timeout;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Session {
    read: Lines<ReadHalf<DuplexStream>>,
    write: WriteHalf<DuplexStream>,
    _folder: tempfile::TempDir,
}

impl Session {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let bundle = Bundle {
            host: HostConfig::new(path.clone(), path),
            modules: BTreeMap::new(),
        };
        let service = Service::new(Arc::new(Host::start(bundle).unwrap())).unwrap();
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(theirs);
        tokio::spawn(connection::serve(Arc::new(service), read, write));
        let (read, write) = tokio::io::split(ours);
        let read = Lines::new(read, limits::LINE);
        Self {
            read,
            write,
            _folder: folder,
        }
    }

    async fn send(&mut self, line: &[u8]) {
        let sent = async {
            self.write.write_all(line).await.unwrap();
            self.write.write_all(b"\n").await.unwrap();
        };
        timeout(PATIENCE, sent).await.unwrap();
    }

    async fn read(&mut self) -> Option<Json> {
        match timeout(PATIENCE, self.read.next()).await.unwrap().unwrap() {
            Line::Text(text) => Some(serde_json::from_slice(&text).unwrap()),
            Line::TooLong => panic!("an answer that is too long"),
            Line::End => None,
        }
    }

    async fn ask(&mut self, line: &str) -> Json {
        self.send(line.as_bytes()).await;
        self.read().await.unwrap()
    }

    /// Asks with an id of its own, and reads on until that is answered.
    async fn still_answers(&mut self) {
        let id = "are you there?";
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": "version" });
        self.send(request.to_string().as_bytes()).await;
        loop {
            let answer = self.read().await.expect("the connection goes on");
            if answer["id"] == id && answer["result"]["protocol"] == 1 {
                return;
            }
        }
    }
}

fn refused(code: i64, message: &str) -> Json {
    json!({ "code": code, "message": message })
}

#[tokio::test]
async fn what_is_wrong_with_a_line_is_said_and_the_next_line_is_served() {
    let mut session = Session::open();
    for (line, id, error) in [
        (
            "hello",
            json!(null),
            refused(-32700, "the line is not JSON: expected value at line 1 column 1"),
        ),
        (
            "[]",
            json!(null),
            refused(-32600, "a batch has at least one request"),
        ),
        (
            r#"{"jsonrpc":"1.0","id":1,"method":"version"}"#,
            json!(1),
            refused(-32600, "jsonrpc must be \"2.0\""),
        ),
        (
            r#"{"jsonrpc":"2.0","id":2,"method":"module"}"#,
            json!(2),
            refused(-32602, "missing field `name`"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":3,"method":"modules","params":["a"]}"#,
            json!(3),
            refused(-32602, "params must be an object: parameters go by their names"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":4,"method":"event.subscribe"}"#,
            json!(4),
            refused(
                -32601,
                "there is no method \"event.subscribe\"; did you mean \"events.subscribe\"?",
            ),
        ),
        (
            r#"{"jsonrpc":"2.0","id":5,"method":"load","params":{"name":"../up","plugin":"/x.so"}}"#,
            json!(5),
            refused(
                -32602,
                "name: \"../up\" is not a module name: lower-case letters, digits and '-', beginning with a letter, at most 64 bytes",
            ),
        ),
        (
            r#"{"jsonrpc":"2.0","id":6,"method":"load","params":{"name":"up","plugin":"x.so"}}"#,
            json!(6),
            refused(-32602, "plugin: x.so is not an absolute path"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"load","params":{"name":"up","plugin":"/x.so","grants":["*.b"]}}"#,
            json!(7),
            refused(
                -32602,
                "grants: \"*.b\": there are no wildcards: name each interface, or each method, that is meant",
            ),
        ),
        (
            r#"{"jsonrpc":"2.0","id":8,"method":"events.unsubscribe","params":{"subscription":9}}"#,
            json!(8),
            refused(-32602, "there is no subscription 9 on this connection"),
        ),
        (
            r#"{"jsonrpc":"2.0","id":9,"method":"inspect","params":{}}"#,
            json!(9),
            refused(-32602, "either interface or module must be there"),
        ),
    ] {
        let answer = session.ask(line).await;
        let expected = json!({ "jsonrpc": "2.0", "id": id, "error": error });
        assert_eq!(answer, expected, "{line}");
    }
    session.still_answers().await;
}

#[tokio::test]
async fn a_status_comes_with_its_name() {
    let mut session = Session::open();
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"call","params":{"target":"a.b","args":{}}}"#;
    let error = &session.ask(call).await["error"];
    assert_eq!(
        error,
        &json!({ "code": -32008, "message": "no module provides a", "data": { "status": "not_found" } })
    );
    let module = r#"{"jsonrpc":"2.0","id":1,"method":"module","params":{"name":"a"}}"#;
    assert_eq!(session.ask(module).await["error"]["code"], -32008);
}

#[tokio::test]
async fn a_batch_is_answered_as_one_and_a_notification_not_at_all() {
    let mut session = Session::open();
    let batch = json!([
        { "jsonrpc": "2.0", "id": 1, "method": "modules" },
        { "jsonrpc": "2.0", "method": "modules" },
        1,
    ]);
    let answer = session.ask(&batch.to_string()).await;
    assert_eq!(answer[0], json!({ "jsonrpc": "2.0", "id": 1, "result": [] }));
    assert_eq!(answer[1]["error"]["code"], -32600);
    assert_eq!(answer.as_array().map(Vec::len), Some(2));
    let quiet = json!([{ "jsonrpc": "2.0", "method": "modules" }]);
    session.send(quiet.to_string().as_bytes()).await;
    session.send(quiet[0].to_string().as_bytes()).await;
    let many: Vec<Json> = (0..=limits::BATCH).map(Json::from).collect();
    let answer = session.ask(&Json::Array(many).to_string()).await;
    assert_eq!(
        answer["error"],
        refused(-32600, "a batch of 65 requests; at most 64 are allowed")
    );
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_and_passed_over() {
    let mut session = Session::open();
    let long = vec![b'['; limits::LINE + 1];
    session.send(&long).await;
    let error = session.read().await.unwrap()["error"].take();
    assert_eq!(error, refused(-32600, "a line is at most 150994944 bytes long"));
    session.still_answers().await;
}

#[tokio::test]
async fn subscriptions_are_bounded_and_can_be_ended() {
    let mut session = Session::open();
    let subscribe = r#"{"jsonrpc":"2.0","id":1,"method":"events.subscribe","params":{"pattern":"a.*"}}"#;
    for number in 1..=limits::SUBSCRIPTIONS {
        assert_eq!(
            session.ask(subscribe).await["result"],
            json!({ "subscription": number })
        );
    }
    let error = &session.ask(subscribe).await["error"];
    assert_eq!(
        error["message"],
        "64 subscriptions are open on this connection, which is the limit"
    );
    assert_eq!(error["data"]["status"], "busy");
    let end = r#"{"jsonrpc":"2.0","id":1,"method":"events.unsubscribe","params":{"subscription":7}}"#;
    assert_eq!(session.ask(end).await["result"], true);
    assert_eq!(
        session.ask(subscribe).await["result"],
        json!({ "subscription": 65 })
    );
}

#[tokio::test]
async fn who_ends_its_side_gets_its_answers_and_the_end() {
    let mut session = Session::open();
    let requests = [
        r#"{"jsonrpc":"2.0","id":1,"method":"events.subscribe"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"logs","params":{"follow":true}}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"states"}"#,
    ];
    session.send(requests.join("\n").as_bytes()).await;
    session.write.shutdown().await.unwrap();
    let mut ids = Vec::new();
    while let Some(answer) = session.read().await {
        ids.extend(answer["id"].as_u64());
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
}

/// Bytes of all kinds: noise, requests with arbitrary contents, and requests that were damaged.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let noise = proptest::collection::vec(any::<u8>(), 0..300);
    let methods = proptest::sample::select(
        [
            "version",
            "modules",
            "call",
            "inspect",
            "load",
            "swap",
            "logs",
            "events.subscribe",
            "x",
        ]
        .as_slice(),
    );
    let params = proptest::sample::select(
        [
            "{}",
            "[]",
            "null",
            "{\"name\":1}",
            "{\"target\":\"a.b\"}",
            "{\"name\":\"a\",\"plugin\":\"/x\"}",
            "{\"follow\":true,\"after\":18446744073709551615}",
            "{\"pattern\":\"**\"}",
            "[[[[[[[[",
        ]
        .as_slice(),
    );
    let id = proptest::sample::select(["1", "null", "\"a\"", "{}", "1e999", "-0"].as_slice());
    let request = (
        methods,
        params,
        id,
        any::<proptest::sample::Index>(),
        any::<u8>(),
        any::<bool>(),
    )
        .prop_map(|(method, params, id, at, byte, damage)| {
            let mut text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
                .into_bytes();
            if damage {
                let at = at.index(text.len());
                text[at] = byte;
            }
            text
        });
    prop_oneof![noise, request]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_end_the_connection(lines in proptest::collection::vec(bytes(), 1..20)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut session = Session::open();
            for line in lines {
                session.send(&line).await;
                session.still_answers().await;
            }
        });
        runtime.shutdown_background();
    }
}
