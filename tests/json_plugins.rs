//! Plugins that speak JSON at their door: nobody else notices.

use backplane_descriptor::diff::{Bump, diff};
use backplane_descriptor::{Codec, Overflow};
use backplane_host::bundle::Grants;
use backplane_host::library::inspect;
use backplane_host::{FrontEnd, Host};
use backplane_sdk::{Blob, Bytes, CallError, plugin_api::status};
use backplane_test_support::{compile_c, fixture, workspace};
use backplane_tests::{another_build, host, until};
use fixture_bench_api::{EchoClient, Message};
use fixture_notes_api::{Heard, Mood, Note, NotesClient, Refused, Told, notes_events};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A host with the notes of `plugin`, and `bench.echo`.
fn notes(folder: &Path, plugin: &Path) -> (Host, FrontEnd) {
    let modules = format!(
        "[modules.echo]\nplugin = {:?}\n[modules.notes]\nplugin = {plugin:?}\ngrants = [\"bench.echo\"]\n",
        fixture("bench-provider")
    );
    let host = host(folder, &modules).expect("the host starts");
    let front = host.front_end("test", &Grants::all()).expect("a front end");
    (host, front)
}

/// The plugin in JSON whose library is unmapped when it has stopped.
fn clean() -> PathBuf {
    compile_c("json-notes-clean", &source(), &["-DUNLOAD=\"clean\""])
}

fn source() -> String {
    let source = workspace().join("tests/fixtures/json-notes/plugin.c");
    std::fs::read_to_string(source).expect("the source is readable")
}

fn note() -> Note {
    Note {
        title: "a \"quoted\" \\ title\n\u{7}\u{2192}".to_owned(),
        tags: vec![String::new(), "]},".to_owned()],
        at: u64::MAX,
        body: Bytes(vec![0, 127, 255]),
        mood: Some(Mood::Glad),
    }
}

fn message(id: u64) -> Message {
    Message {
        id,
        body: Bytes(vec![7; 4]),
    }
}

#[tokio::test]
async fn a_typed_client_gets_typed_answers_and_typed_errors() {
    for plugin in [fixture("json-notes"), clean(), fixture("notes")] {
        let folder = tempfile::tempdir().expect("a folder");
        let (host, front) = notes(folder.path(), &plugin);
        let client: NotesClient = front.client().expect("it is there");
        assert_eq!(client.add(&note()).await, Ok(note()));
        let plain = Note {
            tags: Vec::new(),
            at: 1 << 53,
            mood: None,
            ..note()
        };
        assert_eq!(client.add(&plain).await, Ok(plain.clone()));
        let untitled = Note {
            title: String::new(),
            ..note()
        };
        let refused = client.add(&untitled).await;
        assert_eq!(refused, Err(CallError::Interface(Refused::Untitled)));
        let tagged = Note {
            tags: vec!["again".to_owned(); 4],
            ..note()
        };
        let refused = client.add(&tagged).await;
        assert_eq!(refused, Err(CallError::Interface(Refused::Tags { limit: 3 })));
        let blob = Blob::from((0..=255).cycle().take(100_000).collect::<Vec<u8>>());
        assert_eq!(client.copy(&blob).await, Ok(blob));
        assert!(host.stop().is_empty());
    }
}

#[tokio::test]
async fn a_json_plugin_calls_a_rust_plugin() {
    for plugin in [fixture("json-notes"), clean()] {
        let folder = tempfile::tempdir().expect("a folder");
        let (host, front) = notes(folder.path(), &plugin);
        let client: NotesClient = front.client().expect("it is there");
        for late in [false, true] {
            assert_eq!(
                client.forward(&message(u64::MAX), &late).await,
                Ok(message(u64::MAX))
            );
        }
        let echo: EchoClient = front.client().expect("it is there");
        assert_eq!(echo.seen().await, Ok(2));
        assert!(host.stop().is_empty());
    }
}

/// The plugin in JSON, which provides `fixture.chain` and asks `fixture.notes` instead of `bench.echo`.
fn chain() -> PathBuf {
    let replaced = [
        ("\"id\": \"fixture.notes\"", "\"id\": \"fixture.chain\""),
        (
            "\"requires\": [{\"interface\": \"bench.echo\"",
            "\"requires\": [{\"interface\": \"fixture.notes\"",
        ),
        ("\"bench.echo\", 10", "\"fixture.notes\", 13"),
        ("NOW, LATER", "NOW = FORWARD, LATER = FORWARD"),
        ("\\\"message\\\":%s}", "\\\"message\\\":%s,\\\"late\\\":true}"),
    ];
    let source = replaced.iter().fold(source(), |source, (old, new)| {
        assert!(source.contains(old), "{old}");
        source.replace(old, new)
    });
    compile_c("json-chain", &source, &[])
}

#[tokio::test]
async fn a_json_plugin_calls_a_json_plugin() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = notes(folder.path(), &fixture("json-notes"));
    let grants = Grants::all();
    host.load("chain", &chain(), grants, &json!({}))
        .expect("it is loaded");
    let args = json!({"message": {"id": "18446744073709551615", "body": "0x07"}, "late": false});
    let answer = front.call_json("fixture.chain.forward", &args).await;
    assert_eq!(answer.as_ref(), Ok(&args["message"]));
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_reach_a_json_plugin_and_leave_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = notes(folder.path(), &fixture("json-notes"));
    let client: NotesClient = front.client().expect("it is there");
    let mut added = front
        .subscribe::<notes_events::Added>(Overflow::Block, 16)
        .expect("it is granted");
    client.add(&note()).await.expect("it is taken");
    let event = added.next().await.expect("a note");
    assert_eq!((event.body, event.sequence), (note(), 1));
    assert_eq!(event.publisher, "notes");

    let nothing = Heard {
        events: 0,
        last: None,
    };
    assert_eq!(client.heard().await, Ok(nothing));
    let echo: EchoClient = front.client().expect("it is there");
    echo.publish(&3, &4).await.expect("they are taken");
    let all = Heard {
        events: 3,
        last: Some(message(2)),
    };
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        until("the events are heard", || {
            runtime.block_on(async { client.heard().await }) == Ok(all.clone())
        });
    });
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn what_a_json_plugin_says_wrong_is_an_error_of_the_call() {
    let faults = [
        (
            "garbage",
            status::INTERNAL,
            "the answer of notes to fixture.notes.fault: not JSON: EOF while parsing a value at line 1 column 8",
        ),
        (
            "type",
            status::INTERNAL,
            "the answer of notes to fixture.notes.fault: result.count: expected u64, found a string",
        ),
        (
            "key",
            status::INTERNAL,
            "the answer of notes to fixture.notes.fault: result.cuont: not known; did you mean count?",
        ),
        (
            "missing",
            status::INTERNAL,
            "the answer of notes to fixture.notes.fault: result.count: missing, expected u64",
        ),
        (
            "large",
            status::TOO_LARGE,
            "the answer of notes to fixture.notes.fault: 75497473 bytes long, at most 75497472 are allowed",
        ),
        (
            "failed",
            status::INTERNAL,
            "the answer of notes to fixture.notes.fault: an error of the interface, and the method has none",
        ),
        (
            "attachment",
            status::INTERNAL,
            "the answer of notes to fixture.notes.fault: attachments came along, which JSON does not have: bytes are 0x and hexadecimal digits",
        ),
        (
            "event",
            status::BAD_ARGUMENTS,
            "the event fixture.notes.added of notes: body.title: expected text, found a number",
        ),
        (
            "call",
            status::BAD_ARGUMENTS,
            "the arguments of notes to bench.echo.now: message.id: outside of u64: 0 to 18446744073709551615",
        ),
        (
            "method",
            status::UNSUPPORTED,
            "echo has no method 99 in its interface 0; it may be of a later version",
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = notes(folder.path(), &fixture("json-notes"));
    let client: NotesClient = front.client().expect("it is there");
    for (kind, status, message) in faults {
        for late in [false, true] {
            let expected = CallError::Host {
                status,
                message: message.to_owned(),
            };
            assert_eq!(
                client.fault(&kind.to_owned(), &late).await,
                Err(expected),
                "{kind}"
            );
        }
    }
    let fine = Told {
        text: "fine".to_owned(),
        count: 0,
    };
    assert_eq!(client.fault(&fine.text, &true).await, Ok(fine));
    let report = host.module("notes").expect("it is there");
    assert_eq!((report.errors, report.restarts), (20, 0));
    assert!(host.stop().is_empty());
}

#[tokio::test]
async fn a_value_that_is_too_large_as_json_does_not_get_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = notes(folder.path(), &fixture("json-notes"));
    let client: NotesClient = front.client().expect("it is there");
    let expected = CallError::Host {
        status: status::TOO_LARGE,
        message:
            "the arguments of test to fixture.notes.copy: 75497485 bytes long, at most 75497472 are allowed"
                .to_owned(),
    };
    assert_eq!(client.copy(&Blob::from(vec![0; 36 << 20])).await, Err(expected));
    assert!(host.stop().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_json_plugin_and_a_cbor_plugin_take_each_others_place() {
    let (json, cbor) = (fixture("json-notes"), fixture("notes"));
    let folder = tempfile::tempdir().expect("a folder");
    let echo = fixture("bench-provider");
    let other_echo = another_build(&echo, folder.path(), "other");
    let (host, front) = notes(folder.path(), &json);
    let client: NotesClient = front.client().expect("it is there");
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut tasks = Vec::new();
    for late in [false, true] {
        let (client, stop, calls) = (client.clone(), Arc::clone(&stop), Arc::clone(&calls));
        tasks.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let id = calls.fetch_add(1, Ordering::Relaxed);
                assert_eq!(client.add(&note()).await, Ok(note()));
                assert_eq!(client.forward(&message(id), &late).await, Ok(message(id)));
            }
        }));
    }
    tokio::task::block_in_place(|| {
        for round in 1..=6 {
            let begun = calls.load(Ordering::Relaxed);
            until("calls go on", || calls.load(Ordering::Relaxed) > begun + 20);
            let (next, next_echo) = match round % 2 {
                1 => (&cbor, &other_echo),
                _ => (&json, &echo),
            };
            for (name, next) in [("notes", next), ("echo", next_echo)] {
                let report = host.swap(name, next, None).expect("it is swapped");
                assert_eq!((report.generation, report.abandoned), (round + 1, 0));
            }
        }
    });
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.expect("no caller noticed");
    }
    assert!(host.stop().is_empty());
}

#[test]
fn which_codec_a_plugin_speaks_is_no_part_of_its_interface() {
    let manifest = |name: &str| inspect(&fixture(name)).expect("it is a plugin").manifest;
    let (json, cbor) = (manifest("json-notes"), manifest("notes"));
    assert_eq!((json.codec, cbor.codec), (Codec::Json, Codec::Cbor));
    let mut changes = diff(&json.provides[0], &cbor.provides[0]);
    changes.retain(|it| it.bump > Bump::Patch);
    assert_eq!(changes, []);
}
