//! The control socket itself: its bounds, and readers that are slow.

use crate::host::{HEARS, Host, PATIENCE, module};
use backplane_test_support::fixture;
use serde_json::{Value as Json, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

/// A connection, line by line.
struct Connection {
    read: BufReader<UnixStream>,
    write: UnixStream,
}

impl Connection {
    fn open(host: &Host) -> Self {
        let write = UnixStream::connect(host.socket()).unwrap();
        write.set_read_timeout(Some(PATIENCE)).unwrap();
        write.set_write_timeout(Some(PATIENCE)).unwrap();
        let read = BufReader::new(write.try_clone().unwrap());
        Self { read, write }
    }

    fn send(&mut self, id: u64, method: &str, params: &Json) {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(self.write, "{request}").unwrap();
    }

    fn read(&mut self) -> Json {
        let mut line = String::new();
        self.read.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn ask(&mut self, method: &str, params: &Json) -> Json {
        self.send(1, method, params);
        self.read()
    }
}

#[test]
fn the_socket_is_its_owners_alone() {
    let host = Host::start(&[], &[]);
    let mode = std::fs::metadata(host.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let version = Connection::open(&host).ask("version", &json!({}));
    assert_eq!(version["result"]["backplane"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn requests_are_answered_at_the_same_time_and_their_number_is_bounded() {
    let host = Host::start(&[module("bad", &fixture("misbehaving"), HEARS)], &[]);
    let mut connection = Connection::open(&host);
    let never = json!({ "target": "fixture.faults.never", "deadline_ms": 1500 });
    for id in 1..=64 {
        connection.send(id, "call", &never);
    }
    connection.send(65, "call", &never);
    let refused = connection.read();
    assert_eq!(
        (&refused["id"], &refused["error"]["code"]),
        (&json!(65), &json!(-32003))
    );
    assert_eq!(
        refused["error"]["message"],
        "64 requests are under way on this connection, which is the limit"
    );
    for _ in 1..=64 {
        assert_eq!(connection.read()["error"]["data"], json!({ "status": "timeout" }));
    }
    // Now there is room again, and a quick call does not wait for a slow one.
    connection.send(66, "call", &never);
    connection.send(67, "call", &json!({ "target": "fixture.faults.fine" }));
    assert_eq!(
        connection.read(),
        json!({ "jsonrpc": "2.0", "id": 67, "result": "fine" })
    );
    assert_eq!(connection.read()["id"], 66);
}

#[test]
fn a_connection_too_many_is_told_why() {
    let host = Host::start(&[], &[]);
    // Whoever looked whether the host is up may still be connected for a moment.
    let mut open = Vec::new();
    let refused = loop {
        let mut connection = Connection::open(&host);
        // The host may have refused and closed it before this: then what it said is still there.
        writeln!(
            connection.write,
            r#"{{"jsonrpc":"2.0","id":1,"method":"modules"}}"#
        )
        .ok();
        let answer = connection.read();
        if answer["error"].is_object() {
            break answer;
        }
        open.push(connection);
        assert!(open.len() <= 64, "the limit is not kept");
    };
    assert!(open.len() >= 62, "refused after {} connections", open.len());
    assert_eq!(
        refused["error"]["message"],
        "64 connections are open, which is the limit"
    );
    assert_eq!(refused["error"]["data"]["status"], "busy");
}

#[test]
fn a_slow_reader_is_told_how_many_events_it_missed() {
    let host = Host::start(&[module("hello", &fixture("hello"), "")], &[]);
    let mut slow = Connection::open(&host);
    assert!(slow.ask("events.subscribe", &json!({ "pattern": "fixture.*" }))["result"].is_object());
    let greet = |connection: &mut Connection, times: usize| {
        let params = json!({ "target": "fixture.greeter.greet", "args": { "name": "x".repeat(4000) } });
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "call", "params": params });
        writeln!(connection.write, "{}", Json::Array(vec![request; times])).unwrap();
        assert_eq!(connection.read().as_array().map(Vec::len), Some(times));
    };
    let mut caller = Connection::open(&host);
    for _ in 0..40 {
        greet(&mut caller, 64);
    }
    // The gap shows at the first event that found room again.
    let enough = AtomicBool::new(false);
    let (mut received, mut lost, mut last) = (0, 0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                greet(&mut caller, 1);
            }
        });
        while lost == 0 {
            let event = &slow.read()["params"];
            received += 1;
            lost += event["lost"].as_u64().unwrap();
            last = event["sequence"].as_u64().unwrap();
            assert_eq!(last, received + lost);
        }
        enough.store(true, Ordering::Relaxed);
    });
    assert!(
        received >= 1024 && lost > 0,
        "{received} received, {lost} lost, {last} in all"
    );
}
