//! Frames that are too large, that never end, that come a byte at a time, and that mean nothing.

use std::time::Instant;

use tokio::net::TcpStream;
use waku_plugin::limits::{MAX_MESSAGE_FRAME, MAX_METADATA, MAX_SERVICE_FRAME, MAX_STORE_REQUEST};

use super::{
    FILTER, Honest, LEGACY_LIGHTPUSH, LIGHTPUSH, METADATA, MIB, PEER_EXCHANGE, REQUESTS, STORE, STREAMS,
    Victim, assert_sound,
    attacker::{Step, ends},
    attackers,
    support::{CONTENT_TOPIC, light, message, start, until},
};

/// Streams that each attacker opens.
const PER_ATTACKER: usize = 8;
/// Much more than any frame may have.
const ENDLESS: usize = 512;

async fn besieged() -> (Victim, Honest) {
    let mut victim = Victim::start(150);
    let honest = Honest::connect(&victim.address).await;
    victim.is_calm();
    (victim, honest)
}

/// A length in front of a frame.
fn prefix(length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encode_length_delimiter(length, &mut bytes).unwrap();
    bytes
}

fn chunk() -> Vec<u8> {
    vec![0x5a; 64 * 1024]
}

/// The largest frame that the protocol takes.
fn largest(protocol: &str) -> usize {
    match protocol {
        METADATA => MAX_METADATA,
        LIGHTPUSH | LEGACY_LIGHTPUSH => MAX_MESSAGE_FRAME,
        STORE => MAX_STORE_REQUEST,
        FILTER | PEER_EXCHANGE => MAX_SERVICE_FRAME,
        other => panic!("{other} has no requests"),
    }
}

/// Frames that say that they have 128 MiB, of which 32 are sent as fast as possible.
#[tokio::test(flavor = "multi_thread")]
async fn oversized_frames_end_their_streams() {
    let (victim, mut honest) = besieged().await;
    let oversized = vec![Step::Send(prefix(128 * MIB)), Step::Repeat(chunk(), ENDLESS)];
    let all = attackers(&victim.address, &[&REQUESTS[..], &STREAMS].concat()).await;
    let mut streams = Vec::new();
    for attacker in &all {
        for _ in 0..PER_ATTACKER {
            streams.push(attacker.open(oversized.clone()));
        }
    }
    assert_sound("oversized frames, meanwhile", &victim, &mut honest, 32 * MIB).await;
    for (number, outcome) in ends("oversized frames", streams).await.into_iter().enumerate() {
        let protocol = all[number / PER_ATTACKER].protocol;
        assert!(outcome.is_err(), "{protocol} answers {outcome:?}");
    }
    assert_sound("oversized frames", &victim, &mut honest, 32 * MIB).await;
}

/// Requests of the largest size that lack one byte, which never comes; and requests behind which bytes come without end.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_never_end_are_given_up() {
    let (victim, mut honest) = besieged().await;
    let all = attackers(&victim.address, &REQUESTS).await;
    let (mut lacking, mut endless) = (Vec::new(), Vec::new());
    for attacker in &all {
        let size = largest(attacker.protocol);
        for _ in 0..PER_ATTACKER {
            let most = [prefix(size), vec![0x5a; size - 60]].concat();
            lacking.push(attacker.open(vec![Step::Send(most), Step::Trickle(vec![0x5a; 59])]));
            let whole = [prefix(size), vec![0x5a; size]].concat();
            endless.push(attacker.open(vec![Step::Send(whole), Step::Repeat(chunk(), ENDLESS)]));
        }
    }
    assert_sound("endless requests, meanwhile", &victim, &mut honest, 64 * MIB).await;
    for outcome in ends("endless requests", lacking).await {
        assert!(outcome.is_err(), "{outcome:?}");
    }
    // What comes behind a request is not read: whoever sends it waits for ever, and the node knows no such stream.
    drop(endless);
    assert_sound("endless requests", &victim, &mut honest, 64 * MIB).await;
}

/// Streams on which nothing is ever said, and connections that do not even get so far.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_streams_and_connections_take_little_and_keep_nobody_out() {
    let (victim, mut honest) = besieged().await;
    let all = attackers(&victim.address, &[&REQUESTS[..], &STREAMS].concat()).await;
    let held: Vec<_> = all
        .iter()
        .flat_map(|attacker| (0..400).map(|_| attacker.open(vec![Step::Hold])))
        .collect();
    let socket = {
        let text = victim.address.to_string();
        let port = text.split('/').nth(4).unwrap();
        format!("127.0.0.1:{port}")
    };
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect(&socket).await.unwrap());
    }
    assert_sound("half-open streams", &victim, &mut honest, 32 * MIB).await;
    let newcomer = start(light()).await;
    let begun = Instant::now();
    until("a newcomer's connection", async || {
        newcomer.connect(victim.address.clone()).await.is_ok()
    })
    .await;
    println!("a newcomer is in after {:?}", begun.elapsed());
    drop((held, silent));
}

/// One byte a second: each request is given up, and nobody else is slower for it.
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_trickle_are_given_up() {
    let (victim, mut honest) = besieged().await;
    let all = attackers(&victim.address, &[&REQUESTS[..], &STREAMS].concat()).await;
    let frame = [prefix(200), vec![0x5a; 200]].concat();
    let requests = all.iter().filter(|it| REQUESTS.contains(&it.protocol));
    let requests =
        requests.flat_map(|it| (0..PER_ATTACKER).map(|_| it.open(vec![Step::Trickle(frame.clone())])));
    let requests: Vec<_> = requests.collect();
    let stays = all.iter().filter(|it| STREAMS.contains(&it.protocol));
    let stays: Vec<_> = stays
        .map(|it| it.open(vec![Step::Trickle(frame.clone())]))
        .collect();
    assert_sound("a byte a second, meanwhile", &victim, &mut honest, 32 * MIB).await;
    let begun = Instant::now();
    for outcome in ends("a byte a second", requests).await {
        assert!(outcome.is_err(), "{outcome:?}");
    }
    println!("given up after {:?}", begun.elapsed());
    assert_sound("a byte a second", &victim, &mut honest, 32 * MIB).await;
    drop(stays);
}

/// Bytes that look random, the same in each run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// A sound message with some bytes changed.
    fn damaged(&mut self) -> Vec<u8> {
        let mut bytes = message(CONTENT_TOPIC).encode();
        for _ in 0..3 {
            let at = self.next() as usize % bytes.len();
            bytes[at] = self.next() as u8;
        }
        bytes
    }
}

/// Frames of noise on every protocol; what has an answer gets one, or the stream ends.
#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_every_protocol_does_no_harm() {
    let (victim, mut honest) = besieged().await;
    let all = attackers(&victim.address, &[&REQUESTS[..], &STREAMS].concat()).await;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20 {
        let mut streams = Vec::new();
        for attacker in &all {
            for turn in 0..PER_ATTACKER {
                let length = noise.next() as usize % 900;
                let content = match turn % 2 {
                    0 => noise.bytes(length),
                    _ => noise.damaged(),
                };
                let frame = [prefix(content.len()), content].concat();
                // Where many frames come on one stream, several.
                let frames = if REQUESTS.contains(&attacker.protocol) {
                    1
                } else {
                    4
                };
                streams.push(attacker.open(vec![Step::Repeat(frame, frames)]));
            }
        }
        ends("garbage", streams).await;
    }
    assert_sound("garbage", &victim, &mut honest, 32 * MIB).await;
}
