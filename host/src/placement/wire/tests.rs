//! Frames come back as they were sent, and nothing else gets through.

use super::{Answer, Ask, Broken, Frame, FrameError, Part, Parts, Reader};
use crate::limits;
use backplane_plugin_api::{CHAIN_LIMIT, CallContext};
use proptest::prelude::*;

/// What a frame borrows from.
#[derive(Debug, Clone)]
struct Words {
    numbers: [u64; 4],
    small: [u32; 3],
    chain: Vec<u16>,
    texts: [String; 2],
    payload: Vec<u8>,
    attachments: Vec<Result<Vec<u8>, u64>>,
}

fn words() -> impl Strategy<Value = Words> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    let attachment = prop_oneof![bytes().prop_map(Ok), any::<u64>().prop_map(Err)];
    (
        any::<[u64; 4]>(),
        any::<[u32; 3]>(),
        prop::collection::vec(any::<u16>(), 0..=CHAIN_LIMIT),
        any::<[String; 2]>(),
        bytes(),
        prop::collection::vec(attachment, 0..5),
    )
        .prop_map(|(numbers, small, chain, texts, payload, attachments)| Words {
            numbers,
            small,
            chain,
            texts,
            payload,
            attachments,
        })
}

fn parts(words: &Words) -> Parts<'_> {
    let part = |it: &'_ Result<Vec<u8>, u64>| match it {
        Ok(bytes) => (Some(bytes.len()), 0),
        Err(number) => (None, *number),
    };
    let mut parts = Parts::of(&words.payload);
    for it in &words.attachments {
        parts.attachments.push(match (it, part(it)) {
            (Ok(bytes), _) => Part::Bytes(bytes),
            (Err(_), (_, number)) => Part::Stream(number),
        });
    }
    parts
}

/// One frame of each kind.
fn frames(words: &Words) -> Vec<Frame<'_>> {
    let [number, second, trace, span] = words.numbers;
    let [level, method, interface] = words.small;
    let [text, other] = [&words.texts[0], &words.texts[1]].map(String::as_bytes);
    let mut context = CallContext {
        deadline_ns: second,
        trace_high: trace,
        trace_low: number,
        span,
        depth: words.chain.len() as u32,
        chain: [0; CHAIN_LIMIT],
    };
    context.chain[..words.chain.len()].copy_from_slice(&words.chain);
    let asks = [
        Ask::Create {
            name: &words.texts[0],
            generation: level,
            data_dir: &words.texts[1],
            config: &words.payload,
        },
        Ask::Start,
        Ask::Export,
        Ask::Import(level, &words.payload),
        Ask::Stop(level),
        Ask::Enter {
            kind: level,
            interface,
            method,
            context,
            caller: text,
            sequence: second,
            lost: trace,
            args: parts(words),
        },
        Ask::RequestStop(level.cast_signed(), text),
        Ask::Resolve(text, other),
        Ask::Call {
            binding: second,
            method,
            context,
            args: parts(words),
        },
        Ask::Emit {
            interface,
            event: method,
            context,
            args: parts(words),
        },
    ];
    let mut all = vec![
        Frame::Hello(&words.payload),
        Frame::Welcome(&words.payload),
        Frame::Answer(
            number,
            Answer {
                status: level.cast_signed(),
                parts: parts(words),
            },
        ),
        Frame::Cancel(number),
        Frame::Log {
            level,
            target: text,
            message: other,
            fields: &words.payload,
        },
        Frame::Level(level),
        Frame::Alive,
        Frame::Items(number, &words.payload),
        Frame::End(number, level.cast_signed(), text),
        Frame::Room(number, level),
        Frame::Close(number),
        Frame::Bye,
        Frame::Lost(&words.payload),
    ];
    all.extend(asks.map(|ask| Frame::Ask(number, ask)));
    all
}

/// Gives so many bytes at a time.
struct Slowly<'a>(&'a [u8], usize);

impl std::io::Read for Slowly<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let len = into.len().min(self.1).min(self.0.len());
        let (now, rest) = self.0.split_at(len);
        into[..len].copy_from_slice(now);
        self.0 = rest;
        Ok(len)
    }
}

proptest! {
    #[test]
    fn every_frame_comes_back_however_the_bytes_are_cut(words in words(), cut in 1usize..500) {
        let frames = frames(&words);
        let mut bytes = Vec::new();
        for frame in &frames {
            frame.write(&mut bytes).unwrap();
        }
        let mut reader = Reader::new(Slowly(&bytes, cut));
        let mut read = Vec::new();
        for frame in &frames {
            reader.next(&mut read, limits::FRAME).unwrap();
            prop_assert_eq!(&Frame::read(&read).unwrap(), frame);
        }
        prop_assert!(matches!(reader.next(&mut read, limits::FRAME), Err(Broken::Closed)));
    }

    #[test]
    fn a_frame_that_is_cut_short_or_goes_on_is_refused(words in words(), at in any::<prop::sample::Index>()) {
        for frame in frames(&words) {
            let mut bytes = Vec::new();
            frame.write(&mut bytes).unwrap();
            let body = &bytes[4..];
            prop_assert!(Frame::read(&body[..at.index(body.len())]).is_err());
            let mut longer = body.to_vec();
            longer.push(0);
            prop_assert_eq!(Frame::read(&longer), Err(FrameError::Trailing(1)));
        }
    }

    #[test]
    fn whatever_comes_it_is_a_frame_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(frame) = Frame::read(&bytes) {
            let mut again = Vec::new();
            frame.write(&mut again).unwrap();
            prop_assert_eq!(&again[4..], &bytes);
        }
    }
}

#[test]
fn a_length_alone_takes_no_memory_and_one_that_is_too_large_is_refused() {
    let mut frame = Vec::new();
    let promise = u32::to_le_bytes(limits::FRAME as u32);
    let broken = Reader::new(&promise[..]).next(&mut frame, limits::FRAME);
    assert!(matches!(broken, Err(Broken::Cut)));
    assert!(frame.capacity() < 1 << 20);
    let broken = Reader::new(&[0xff; 4][..]).next(&mut frame, limits::FRAME);
    assert!(matches!(
        broken,
        Err(Broken::Frame(FrameError::TooLong(0xffff_ffff)))
    ));
}

#[test]
fn a_frame_that_is_too_large_is_not_written() {
    let payload = vec![0; limits::FRAME];
    let mut out = vec![1, 2, 3];
    let frame = Frame::Items(1, &payload);
    assert_eq!(
        frame.write(&mut out),
        Err(FrameError::TooLong(limits::FRAME + 13))
    );
    assert_eq!(out, [1, 2, 3]);
}
