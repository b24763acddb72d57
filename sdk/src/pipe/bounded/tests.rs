//! One stream: order, room, and both of its ends.

use super::*;
use crate::pipe::fake::{Fake, LIMITS, WAIT};
use proptest::prelude::*;

fn pipe() -> (Arc<Fake>, Pipe) {
    let tickets = Arc::new(Fake::default());
    let pipe = Pipe::new(tickets.clone(), LIMITS, LIMITS.window, Arc::default());
    (tickets, pipe)
}

fn status_and_text(reply: &Reply) -> (i32, String) {
    (reply.status, reply.message())
}

#[test]
fn items_come_out_in_order_up_to_the_credit_and_at_least_one() {
    let (_, pipe) = pipe();
    for item in ["one", "two", "three"] {
        assert_eq!(pipe.write(item.as_bytes(), WAIT).status, status::OK);
    }
    assert_eq!(pipe.read(6, WAIT).message(), "onetwo");
    assert_eq!(pipe.read(1, WAIT).message(), "three");
}

#[test]
fn a_writer_without_room_waits_until_there_is_room_for_its_item() {
    let (tickets, pipe) = pipe();
    pipe.write(&[1; 60], WAIT);
    pipe.write(&[2; 40], WAIT);
    let waiting = pipe.write(&[3; 50], WAIT);
    assert_eq!(waiting.status, status::PENDING);
    assert_eq!(pipe.write(&[4], WAIT).status, status::BUSY, "one write at a time");
    pipe.read(60, WAIT);
    assert!(tickets.is_over(waiting.ticket));
    assert_eq!(
        pipe.write(&[3; 50], WAIT).status,
        status::OK,
        "it had not been taken before"
    );
    assert_eq!(pipe.read(usize::MAX, WAIT).payload.as_bytes().len(), 90);
}

#[test]
fn an_item_beyond_the_window_passes_alone_and_one_beyond_the_limit_never() {
    let (_, pipe) = pipe();
    assert_eq!(pipe.write(&[1; 150], WAIT).status, status::OK);
    assert_eq!(pipe.write(&[1], WAIT).status, status::PENDING);
    let refused = status_and_text(&pipe.write(&[1; 151], WAIT));
    let message = "an item of a stream is 151 bytes long, at most 150 are allowed";
    assert_eq!(refused, (status::TOO_LARGE, message.to_owned()));
    assert_eq!(pipe.write(&[], WAIT).status, status::BAD_ARGUMENTS);
}

#[test]
fn a_reader_gets_what_was_written_before_the_end_and_then_the_first_end() {
    let (tickets, pipe) = pipe();
    let waiting = pipe.read(10, WAIT);
    assert_eq!(waiting.status, status::PENDING);
    assert_eq!(pipe.read(10, WAIT).status, status::BUSY, "one read at a time");
    pipe.write(b"last", WAIT);
    assert!(tickets.is_over(waiting.ticket));
    pipe.finish(status::UNAVAILABLE, "gone".to_owned());
    pipe.finish(status::OK, String::new());
    assert_eq!(pipe.read(10, WAIT).message(), "last");
    for _ in 0..2 {
        assert_eq!(
            status_and_text(&pipe.read(10, WAIT)),
            (status::UNAVAILABLE, "gone".to_owned())
        );
    }
}

#[test]
fn a_wait_that_was_given_up_makes_way_for_the_next() {
    let (tickets, pipe) = pipe();
    tickets.cancel(pipe.read(10, WAIT).ticket);
    assert_eq!(pipe.read(10, WAIT).status, status::PENDING);
    pipe.write(&[1; 100], WAIT);
    tickets.cancel(pipe.write(&[2], WAIT).ticket);
    assert_eq!(pipe.write(&[2], WAIT).status, status::PENDING);
}

#[test]
fn a_closed_stream_wakes_both_sides_and_takes_nothing() {
    let (tickets, pipe) = pipe();
    pipe.write(&[1; 100], WAIT);
    let waiting = pipe.write(&[2], WAIT);
    pipe.close();
    assert!(tickets.is_over(waiting.ticket));
    assert_eq!(pipe.write(&[2], WAIT).status, status::CANCELLED);
}

/// What one side does.
#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    Read(usize),
    GiveUpWriting,
    GiveUpReading,
    Finish(i32),
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (1..=LIMITS.item).prop_map(Step::Write),
        4 => (1..5_usize).prop_map(Step::Write),
        8 => (0..2 * LIMITS.window).prop_map(Step::Read),
        1 => Just(Step::GiveUpWriting),
        1 => Just(Step::GiveUpReading),
        1 => prop_oneof![Just(status::OK), Just(status::INTERNAL)].prop_map(Step::Finish),
        1 => Just(Step::Close),
    ];
    prop::collection::vec(step, 0..100)
}

/// A stream as one would explain it: a list of items, and who waits for what.
#[derive(Default)]
struct Model {
    items: Vec<Vec<u8>>,
    end: Option<i32>,
    closed: bool,
    /// A ticket, and how much room would do.
    writer: Option<(u64, usize)>,
    reader: Option<u64>,
}

impl Model {
    fn room_for(&self, len: usize) -> bool {
        let bytes: usize = self.items.iter().map(Vec::len).sum();
        self.items.is_empty() || (self.items.len() < LIMITS.items && bytes + len <= LIMITS.window)
    }

    fn write(&mut self, item: &[u8], reply: &Reply) {
        match reply.status {
            status::CANCELLED => assert!(self.closed),
            status::NOT_FOUND => assert!(self.end.is_some()),
            status::BUSY => assert!(self.writer.is_some() && !self.room_for(item.len())),
            status::PENDING => {
                assert!(self.writer.is_none() && !self.room_for(item.len()));
                self.writer = Some((reply.ticket, item.len()));
            }
            other => {
                assert_eq!(other, status::OK);
                assert!(!self.closed && self.end.is_none() && self.room_for(item.len()));
                self.items.push(item.to_vec());
            }
        }
    }

    fn read(&mut self, credit: usize, reply: &Reply) {
        if self.closed {
            return assert_eq!(reply.status, status::NOT_FOUND);
        }
        if self.items.is_empty() {
            match (self.end, self.reader) {
                (Some(end), _) => assert_eq!((reply.status, reply.payload.len), (end, 0)),
                (None, Some(_)) => assert_eq!(reply.status, status::BUSY),
                (None, None) => {
                    assert_eq!(reply.status, status::PENDING);
                    self.reader = Some(reply.ticket);
                }
            }
            return;
        }
        let mut expected = self.items.remove(0);
        while !self.items.is_empty() && expected.len() + self.items[0].len() <= credit {
            expected.extend(self.items.remove(0));
        }
        assert_eq!(
            (reply.status, reply.payload.as_bytes()),
            (status::OK, &expected[..])
        );
    }

    /// Whoever waits has a reason to, and nobody else does.
    fn check(&mut self, tickets: &Fake) {
        if let Some((ticket, len)) = self.writer {
            let goes_on = self.closed || self.end.is_some() || self.room_for(len);
            assert_eq!(tickets.is_over(ticket), goes_on);
            self.writer = self.writer.filter(|_| !goes_on);
        }
        if let Some(ticket) = self.reader {
            let goes_on = self.closed || self.end.is_some() || !self.items.is_empty();
            assert_eq!(tickets.is_over(ticket), goes_on);
            self.reader = self.reader.filter(|_| !goes_on);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_the_model_does(steps in steps()) {
        let (tickets, pipe) = pipe();
        let mut model = Model::default();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Write(len) => {
                    let item = vec![number as u8; len];
                    model.write(&item, &pipe.write(&item, WAIT));
                }
                Step::Read(credit) => model.read(credit, &pipe.read(credit, WAIT)),
                Step::GiveUpWriting => if let Some((ticket, _)) = model.writer.take() {
                    tickets.cancel(ticket);
                },
                Step::GiveUpReading => if let Some(ticket) = model.reader.take() {
                    tickets.cancel(ticket);
                },
                Step::Finish(code) => {
                    pipe.finish(code, String::new());
                    model.end.get_or_insert(code);
                }
                Step::Close => {
                    pipe.close();
                    model.items.clear();
                    model.closed = true;
                }
            }
            model.check(&tickets);
        }
    }
}
