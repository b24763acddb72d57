use super::*;
use crate::{
    RecordShards,
    enr::{Content, sample, sample_with},
};

/// Peers that the book of a test holds.
const CAPACITY: usize = 100;

fn book() -> Book {
    Book::new(PeerId::random(), 99, CAPACITY)
}

fn connection(number: usize) -> ConnectionId {
    ConnectionId::new_unchecked(number)
}

fn candidates(book: &Book, now: Instant) -> Vec<PeerId> {
    book.candidates(now).iter().map(|(peer, _)| **peer).collect()
}

fn content(cluster: u16, capabilities: Capabilities) -> Content {
    let shards = RecordShards {
        cluster,
        shards: [1].into(),
    };
    let address = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
    Content::new(capabilities, Some(shards), None).with_addresses([address])
}

#[test]
fn a_newer_record_takes_the_place_of_an_older_one() {
    let mut book = book();
    assert!(book.learn(sample(1), Source::Discv5));
    assert!(!book.learn(sample(1), Source::Discv5), "nothing new");
    let newer = sample_with(1, 2, content(99, Capabilities::RELAY));
    assert!(book.learn(newer.clone(), Source::PeerExchange));
    assert!(!book.learn(sample(1), Source::Discv5));
    let known = book.get(&newer.peer_id()).unwrap();
    assert_eq!(known.record, Some(newer));
    assert_eq!(known.source, Source::Discv5, "the best source counts");
    assert!(known.may_be_in(1) && !known.may_be_in(0));
}

#[test]
fn records_of_other_networks_and_of_this_node_are_left_aside() {
    let mut book = Book::new(sample(1).peer_id(), 99, CAPACITY);
    let none = content(99, Capabilities::default());
    let no_address = Content::new(Capabilities::RELAY, None, None);
    for record in [
        sample(1),
        sample_with(2, 1, content(98, Capabilities::RELAY)),
        sample_with(2, 1, none),
        sample_with(2, 1, no_address),
    ] {
        assert!(!book.learn(record, Source::Dns));
    }
    assert_eq!(book.iter().count(), 0);
}

#[test]
fn a_peer_that_cannot_be_reached_waits_longer_each_time_and_is_forgotten() {
    let (mut book, mut now) = (book(), Instant::now());
    book.learn(sample(1), Source::Dns);
    let peer = sample(1).peer_id();
    let mut pauses = Vec::new();
    for number in 0..MAX_DIAL_FAILURES as usize {
        assert_eq!(candidates(&book, now), [peer]);
        book.dialing(&peer, connection(number));
        assert!(candidates(&book, now).is_empty(), "it is being dialled");
        book.failed(connection(number), now);
        if let Some(State::Idle { until: Some(until) }) = book.get(&peer).map(|it| it.state) {
            assert!(candidates(&book, now).is_empty(), "it waits");
            pauses.push((until - now).as_secs());
            now = until;
        }
    }
    assert_eq!(pauses, [120, 480, 1920, 7680]);
    assert!(book.get(&peer).is_none());
}

#[test]
fn a_stable_connection_ends_the_row_of_failures_and_a_short_one_counts_as_one() {
    let (mut book, now) = (book(), Instant::now());
    book.learn(sample(1), Source::Dns);
    let peer = sample(1).peer_id();
    book.established(&peer, now);
    assert!(candidates(&book, now).is_empty());
    book.closed(&peer, now + Duration::from_secs(1));
    assert!(candidates(&book, now + HUNG_UP_PAUSE).is_empty(), "a failure");
    let now = now + Duration::from_secs(1) + BACK_OFF;
    assert_eq!(candidates(&book, now), [peer]);
    book.established(&peer, now);
    book.closed(&peer, now + REDIAL_STABLE);
    assert_eq!(candidates(&book, now + REDIAL_STABLE + HUNG_UP_PAUSE), [peer]);
    assert_eq!(book.get(&peer).unwrap().failures, 0);
}

#[test]
fn a_peer_that_the_user_has_disconnected_is_left_alone() {
    let (mut book, now) = (book(), Instant::now());
    book.learn(sample(1), Source::Dns);
    let peer = sample(1).peer_id();
    book.established(&peer, now);
    book.hold(&peer);
    book.closed(&peer, now);
    assert!(candidates(&book, now + 10 * BACK_OFF).is_empty());
    book.release(&peer);
    assert_eq!(candidates(&book, now), [peer]);
}

#[test]
fn those_that_failed_come_last() {
    let (mut book, now) = (book(), Instant::now());
    for number in 1..=9 {
        book.learn(sample(number), Source::Dns);
    }
    let bad = sample(5).peer_id();
    book.dialing(&bad, connection(1));
    book.failed(connection(1), now);
    let later = candidates(&book, now + BACK_OFF);
    assert_eq!((later.len(), later.last()), (9, Some(&bad)));
}

#[test]
fn only_what_is_found_or_connected_is_told_to_others() {
    let (mut book, now) = (book(), Instant::now());
    for (number, source) in [
        (1, Source::PeerExchange),
        (2, Source::Discv5),
        (3, Source::Dns),
        (4, Source::PeerExchange),
        (5, Source::Discv5),
    ] {
        book.learn(sample(number), source);
    }
    book.established(&sample(4).peer_id(), now);
    book.dialing(&sample(5).peer_id(), connection(1));
    book.failed(connection(1), now);
    let told = |book: &Book, count, except: u8| {
        let mut numbers: Vec<u8> = book
            .records(count, &sample(except).peer_id())
            .iter()
            .map(|record| {
                (1..=5)
                    .find(|it| sample(*it).peer_id() == record.peer_id())
                    .unwrap()
            })
            .collect();
        numbers.sort();
        numbers
    };
    assert_eq!(told(&book, 9, 1), [2, 3, 4]);
    assert_eq!(told(&book, 9, 2), [3, 4]);
    assert_eq!(told(&book, 2, 1).len(), 2);
}

#[test]
fn a_full_book_forgets_whoever_was_never_connected() {
    let (mut book, now) = (book(), Instant::now());
    let address: Multiaddr = "/ip4/127.0.0.1/tcp/1".parse().unwrap();
    let peers: Vec<PeerId> = (0..CAPACITY + 10).map(|_| PeerId::random()).collect();
    for peer in &peers {
        book.identified(*peer, vec![address.clone()], Capabilities::RELAY);
        if *peer == peers[0] || *peer == peers[1] {
            book.established(peer, now);
            book.closed(peer, now + REDIAL_STABLE);
        }
    }
    assert_eq!(book.iter().count(), CAPACITY);
    assert!(book.get(&peers[0]).is_some() && book.get(&peers[1]).is_some());
    assert!(book.get(peers.last().unwrap()).is_some());
}
