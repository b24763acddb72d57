//! Processes that do what none should, and a host that goes on.

use super::Rule;
use super::bench::{Bench, until};
use super::process::alone;
use backplane_host::library::inspect;
use backplane_host::wire::{Answer, Ask, Frame, Part, Parts};
use backplane_host::{Host, ModuleState};
use backplane_sdk::plugin_api::CallContext;
use fixture_subject_api::MateClient;
use std::io::{Read as _, Write as _};
use std::os::fd::FromRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub(crate) const RULES: &[Rule] = &[
    alone("garbage_ends_the_connection_and_nothing_else", |runtime, _| {
        failed(runtime, "garbage", "the other side sent a frame");
    }),
    alone("a_frame_that_is_too_large_ends_the_connection", |runtime, _| {
        failed(runtime, "oversized", "a frame of 4294967295 bytes");
    }),
    alone("one_that_only_asks_and_never_reads_is_cut_off", |runtime, _| {
        failed(runtime, "asks", "its process ended with signal: 9");
    }),
    alone("one_that_answers_what_nobody_asked_is_not_heard", |runtime, _| {
        survived(runtime, "answers");
    }),
    alone("a_flood_of_lines_for_the_log_is_bounded", |runtime, _| {
        survived(runtime, "lines");
    }),
    alone("a_flood_of_pieces_without_items_is_cut_off", |runtime, _| {
        failed(
            runtime,
            "pieces",
            "0 bytes of a stream for which there was no room",
        );
    }),
    alone("one_that_says_nothing_does_not_start", |runtime, _| {
        failed(runtime, "silence", "no answer within");
    }),
    alone("a_program_that_is_no_guest_is_named", |runtime, _| {
        failed(runtime, "stranger", "stranger: the connection was closed");
    }),
];

/// Plays the part that the name of the program says, if there is one for it.
pub(crate) fn play() {
    let program = std::env::args().next().unwrap_or_default();
    let part = Path::new(&program)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let act: fn(UnixStream) = match part.as_str() {
        "garbage" => |mut host| drop(host.write_all(&[7; 1000])),
        "oversized" => |mut host| drop(host.write_all(&[0xff; 8])),
        "asks" => |host| {
            flood(host, |number| {
                Frame::Ask(number, Ask::Resolve(b"fixture.mate", b"^1"))
            })
        },
        "answers" => |host| {
            flood(host, |number| {
                let parts = Parts::of(b"unasked");
                Frame::Answer(number, Answer { status: 1, parts })
            });
        },
        "lines" => |host| {
            flood(host, |_| Frame::Log {
                level: 1,
                target: b"flood",
                message: &[b'x'; 100],
                fields: b"",
            });
        },
        "pieces" => |host| {
            flood(host, |number| match number {
                0 => Frame::Ask(0, with_a_stream()),
                _ => Frame::Items(1, b""),
            });
        },
        "silence" => |_| std::thread::sleep(Duration::from_secs(600)),
        "stranger" => std::process::exit(3),
        _ => return,
    };
    // SAFETY: the host leaves its connection there, and nobody else in this program knows of it.
    let host = unsafe { UnixStream::from_raw_fd(3) };
    greet(&host);
    if matches!(part.as_str(), "asks" | "answers" | "lines" | "pieces") {
        become_ready(&host);
    }
    act(host);
    std::thread::sleep(Duration::from_secs(600));
    std::process::exit(0);
}

fn read(mut host: &UnixStream) -> Vec<u8> {
    let mut length = [0; 4];
    host.read_exact(&mut length).expect("a length");
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    host.read_exact(&mut bytes).expect("a frame");
    bytes
}

fn write(mut host: &UnixStream, frame: &Frame<'_>) -> bool {
    let mut bytes = Vec::new();
    frame.write(&mut bytes).expect("it is short");
    host.write_all(&bytes).is_ok()
}

fn greet(host: &UnixStream) {
    let bytes = read(host);
    let Ok(Frame::Hello(hello)) = Frame::read(&bytes) else {
        panic!("a host begins with its first word");
    };
    let hello: serde_json::Value = serde_json::from_slice(hello).expect("it is JSON");
    let file = hello["file"].as_str().expect("it names a file");
    let manifest = inspect(Path::new(file)).expect("it is a plugin").manifest_json;
    let welcome =
        serde_json::json!({"protocol": hello["protocol"], "manifest": {"Ok": manifest}}).to_string();
    assert!(write(host, &Frame::Welcome(welcome.as_bytes())));
}

/// Says yes to whatever is asked until it has started.
fn become_ready(host: &UnixStream) {
    loop {
        let bytes = read(host);
        if let Ok(Frame::Ask(number, ask)) = Frame::read(&bytes) {
            let yes = Answer {
                status: 0,
                parts: Parts::default(),
            };
            write(host, &Frame::Answer(number, yes));
            if ask == Ask::Start {
                return;
            }
        }
    }
}

fn flood(host: UnixStream, frame: fn(u64) -> Frame<'static>) {
    for number in 0.. {
        if !write(&host, &frame(number)) {
            return;
        }
    }
}

/// Publishes what need not be an event, with the reading end of stream 1.
fn with_a_stream() -> Ask<'static> {
    Ask::Emit {
        interface: 0,
        event: 0,
        context: CallContext::ROOT,
        args: Parts {
            payload: b"",
            attachments: vec![Part::Stream(1)],
        },
    }
}

/// A host whose subject runs in a program that plays `part`.
fn start(part: &str) -> (Host, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join(part);
    let own = std::env::current_exe().expect("the program has a file");
    std::os::unix::fs::symlink(own, &program).expect("the folder can be written");
    let more = "on-failure = \"continue\"\nprocess = { memory-mib = 512 }";
    let mut bundle = Bench::bundle(folder.path(), backplane_host::bundle::Placement::Process, more);
    bundle.host.guest_program = Some(program);
    bundle.host.start_timeout = Duration::from_secs(3);
    bundle.host.stop_timeout = Duration::from_secs(2);
    (Host::start(bundle).expect("the mate starts"), folder)
}

/// The mate answers, as fast as ever.
async fn answers(mate: &MateClient) {
    let asked = Instant::now();
    assert_eq!(mate.answer(&"a".to_owned()).await, Ok("mate: a".to_owned()));
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

/// The subject fails, for that reason, and the host goes on.
fn failed(runtime: &Runtime, part: &str, reason: &str) {
    let (host, _folder) = start(part);
    let front = host
        .front_end("tester", &backplane_host::bundle::Grants::all())
        .expect("a front end");
    let mate: MateClient = front.client().expect("the mate is there");
    runtime.block_on(async {
        until("it has failed", async || {
            answers(&mate).await;
            host.module("subject")
                .is_ok_and(|it| it.state == ModuleState::Failed)
        })
        .await;
        let reasons: Vec<_> = host.state_changes().into_iter().map(|it| it.reason).collect();
        assert!(reasons.iter().any(|it| it.contains(reason)), "{reasons:?}");
        answers(&mate).await;
    });
    host.stop();
}

/// The host goes on, and stops when it is told to.
fn survived(runtime: &Runtime, part: &str) {
    let (host, _folder) = start(part);
    let front = host
        .front_end("tester", &backplane_host::bundle::Grants::all())
        .expect("a front end");
    let mate: MateClient = front.client().expect("the mate is there");
    runtime.block_on(async {
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            answers(&mate).await;
        }
    });
    assert!(memory_mib() < 1024, "{} MiB", memory_mib());
    host.stop();
    assert!(host.log(0, Some("subject")).len() <= backplane_host::limits::LOG_LINES);
}

/// How much memory this program has.
fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("there is /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.expect("it says how much") / 1024
}
