//! Whose the ends are, and what becomes of them.

use super::*;
use crate::pipe::fake::{Fake, LIMITS, WAIT};

struct Host {
    tickets: Arc<Fake>,
    modules: AtomicU64,
    streams: Arc<Streams>,
}

fn host() -> Host {
    let tickets = Arc::new(Fake::default());
    let streams = Streams::new(tickets.clone(), LIMITS);
    Host {
        tickets,
        streams,
        modules: AtomicU64::new(0),
    }
}

impl Host {
    fn module(&self, name: &str) -> Ends {
        let number = self.modules.fetch_add(1, Ordering::Relaxed);
        self.streams.ends(name.into(), number)
    }
}

fn refused<T>(result: Result<T, Reply>) -> String {
    result.err().expect("it is refused").message()
}

#[test]
fn a_writing_end_counts_only_for_the_module_that_opened_it() {
    let host = host();
    let (one, other) = (host.module("one"), host.module("other"));
    let (writer, _reader) = one.open(0).expect("it opens");
    assert!(one.writer(writer).is_ok());
    let message = format!("other has no writing end {writer}, or it was ended");
    assert_eq!(refused(other.writer(writer)), message);
    assert_eq!(refused(other.finish(writer, status::OK, String::new())), message);
    one.finish(writer, status::OK, String::new())
        .expect("it is its own");
    assert!(one.writer(writer).is_err(), "ended");
}

#[test]
fn one_claim_wins_and_the_former_owner_closes_nothing() {
    let host = host();
    let (one, two, three) = (host.module("one"), host.module("two"), host.module("three"));
    let (writer, reader) = one.open(0).expect("it opens");
    let name = reader.as_bytes().to_vec();
    one.writer(writer).expect("its own").write(b"item", WAIT);
    let claimed = two.claim(&name).expect("the first");
    assert_ne!(claimed.as_bytes(), name);
    assert_eq!(
        refused(three.claim(&name)),
        "the stream was closed, or somebody else reads it"
    );
    assert!(
        three.reader(claimed.as_bytes()).is_err(),
        "it is not read by others"
    );
    drop(reader);
    let pipe = two.reader(claimed.as_bytes()).expect("its own");
    assert_eq!(pipe.read(10, WAIT).message(), "item");
    drop((pipe, claimed));
    let written = one.writer(writer).expect("its own").write(b"item", WAIT);
    assert_eq!(written.status, status::CANCELLED, "the new owner closes it");
}

#[test]
fn who_has_claimed_an_end_may_pass_it_on() {
    let host = host();
    let (one, two, three) = (host.module("one"), host.module("two"), host.module("three"));
    let (_, reader) = one.open(0).expect("it opens");
    let second = two.claim(reader.as_bytes()).expect("it is there");
    let third = three
        .claim(second.as_bytes())
        .expect("it was told what it is called");
    drop((reader, second, two));
    let read = three.reader(third.as_bytes()).expect("its own").read(10, WAIT);
    assert_eq!(read.status, status::PENDING);
}

#[test]
fn an_unclaimed_end_is_read_by_whoever_has_it_and_carried_on() {
    let host = host();
    let one = host.module("one");
    let (writer, reader) = one.open(0).expect("it opens");
    one.writer(writer).expect("its own").write(b"item", WAIT);
    let carried = host.streams.carry(reader.as_bytes()).expect("it is one");
    assert!(host.streams.carry(reader.as_bytes()).is_none());
    drop(reader);
    let pipe = one.reader(carried.as_bytes()).expect("nobody has claimed it");
    assert_eq!(pipe.read(10, WAIT).message(), "item");
    drop(carried);
    assert_eq!(
        one.writer(writer).expect("its own").write(b"item", WAIT).status,
        status::CANCELLED
    );
    assert!(host.streams.carry(b"no name of a stream").is_none());
}

#[test]
fn a_module_that_stops_ends_what_it_writes_and_closes_what_it_reads() {
    let host = host();
    let (one, two) = (host.module("one"), host.module("two"));
    let (writer, reader) = one.open(0).expect("it opens");
    one.writer(writer).expect("its own").write(b"item", WAIT);
    let claimed = two.claim(reader.as_bytes()).expect("it is there");
    one.end(status::UNAVAILABLE, "one was stopped");
    assert!(one.writer(writer).is_err());
    assert_eq!(refused(one.open(0)), "one has stopped");
    let pipe = two.reader(claimed.as_bytes()).expect("its own");
    assert_eq!(pipe.read(10, WAIT).message(), "item");
    let end = pipe.read(10, WAIT);
    assert_eq!(
        (end.status, end.message()),
        (status::UNAVAILABLE, "one was stopped".to_owned())
    );

    let (writer, reader) = two.open(0).expect("it opens");
    let three = host.module("three");
    let _claimed = three.claim(reader.as_bytes()).expect("it is there");
    two.writer(writer).expect("its own").write(&[1; 100], WAIT);
    let waiting = two.writer(writer).expect("its own").write(b"item", WAIT);
    drop(three);
    assert!(host.tickets.is_over(waiting.ticket));
    assert_eq!(
        two.writer(writer).expect("its own").write(b"item", WAIT).status,
        status::CANCELLED
    );
}

#[test]
fn a_module_opens_so_many_streams_and_no_more() {
    let host = host();
    let one = host.module("one");
    let mut open: Vec<_> = (0..LIMITS.open).map(|_| one.open(0).expect("it opens")).collect();
    assert_eq!(refused(one.open(0)), "one has 3 streams open, which is the limit");
    let (writer, reader) = open.pop().expect("one");
    one.finish(writer, status::OK, String::new()).expect("its own");
    assert!(one.open(0).is_err(), "it exists until it is read, too");
    drop(reader);
    assert!(one.open(0).is_ok());
}
