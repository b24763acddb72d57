//! Random orders of publishing and reading: every subscriber gets every event once and in order, or is told of the gap
//! exactly where it is.

use super::queue::Publication;
use super::taken::Taken;
use super::{Data, Item, Publisher, Reader, Topics};
use backplane_descriptor::{Overflow, Type};
use backplane_plugin_api::CallContext;
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Subscriber {
    reader: Reader,
    policy: Overflow,
    woken: Arc<Woken>,
    /// How often it was woken when it found nothing; it must be woken again before there is something.
    slept: Option<usize>,
    /// The number of the last event that it got or was told to have lost.
    last: u64,
    lost: u64,
}

impl Subscriber {
    fn take(&mut self) {
        let mut taken = Taken::default();
        drop(
            self.reader
                .take(&mut taken, &Waker::from(Arc::clone(&self.woken))),
        );
        let woken = self.woken.0.load(Ordering::SeqCst);
        if taken.is_empty() {
            self.slept = Some(woken);
        } else if let Some(before) = self.slept.take() {
            assert!(woken > before, "there is something, and it was not woken");
        }
        while let Some(Item { event, lost }) = taken.next() {
            assert_eq!(
                event.sequence,
                self.last + lost + 1,
                "a gap that is not told, or an order"
            );
            self.last = event.sequence;
            self.lost += lost;
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Publish(usize),
    Take(usize),
    Join(Overflow, u32),
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let policy = prop_oneof![
        Just(Overflow::Block),
        Just(Overflow::DropOldest),
        Just(Overflow::DropNewest)
    ];
    prop_oneof![
        4 => (1..12_usize).prop_map(Step::Publish),
        6 => any::<usize>().prop_map(Step::Take),
        1 => (policy, 1..10_u32).prop_map(|(policy, depth)| Step::Join(policy, depth)),
        1 => any::<usize>().prop_map(Step::Leave),
    ]
}

struct World {
    topic: Arc<super::Topic>,
    publisher: Publisher,
    published: u64,
    /// Publications that blocked, and those that went on.
    blocked: Arc<AtomicUsize>,
    settled: Arc<AtomicUsize>,
    subscribers: Vec<Subscriber>,
}

impl World {
    fn new() -> Self {
        let topic = Topics::default().get("tests.order", "happened");
        Self {
            publisher: Publisher::new(Arc::clone(&topic), "publisher".into(), Type::Unit, false),
            topic,
            published: 0,
            blocked: Arc::default(),
            settled: Arc::default(),
            subscribers: Vec::new(),
        }
    }

    fn publish(&mut self) {
        let mut waiting: Option<Arc<Publication>> = None;
        let event = Data {
            origin: Arc::clone(&self.publisher.origin),
            sequence: 0,
            context: CallContext::ROOT,
            payload: Vec::new(),
            attachments: Vec::new(),
        };
        let refused = self.topic.publish(&self.publisher, event, &mut || {
            Arc::clone(waiting.get_or_insert_with(|| {
                self.blocked.fetch_add(1, Ordering::SeqCst);
                let settled = Arc::clone(&self.settled);
                Publication::new(Box::new(move || {
                    settled.fetch_add(1, Ordering::SeqCst);
                }))
            }))
        });
        assert!(!refused, "so many never wait here");
        waiting.iter().for_each(|it| it.settle());
        self.published += 1;
    }

    fn apply(&mut self, step: &Step) {
        let count = self.subscribers.len();
        match step {
            Step::Publish(times) => (0..*times).for_each(|_| self.publish()),
            Step::Join(policy, depth) if count < 5 => self.subscribers.push(Subscriber {
                reader: Reader::new(Arc::clone(&self.topic), *policy, *depth),
                policy: *policy,
                woken: Arc::default(),
                slept: None,
                last: self.published,
                lost: 0,
            }),
            Step::Take(who) if count > 0 => self.subscribers[who % count].take(),
            Step::Leave(who) if count > 0 => drop(self.subscribers.swap_remove(who % count)),
            _ => {}
        }
    }

    fn finish(mut self) {
        for subscriber in &mut self.subscribers {
            // Each takes at least one.
            (0..self.published).for_each(|_| subscriber.take());
            assert_eq!(subscriber.reader.waiting(), 0, "what is there can be taken");
            let dropped = subscriber.reader.dropped();
            assert_eq!(
                self.published - subscriber.last,
                dropped - subscriber.lost,
                "lost at the end"
            );
            assert!(
                subscriber.policy != Overflow::Block || dropped == 0,
                "block loses nothing"
            );
        }
        let blocked = self.blocked.load(Ordering::SeqCst);
        assert_eq!(blocked, self.settled.load(Ordering::SeqCst), "everybody goes on");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn everybody_gets_everything_in_order_or_is_told_of_the_gap(steps in prop::collection::vec(step(), 1..200)) {
        let mut world = World::new();
        steps.iter().for_each(|it| world.apply(it));
        world.finish();
    }
}

/// Wakes the thread of a reader.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Reads up to the `last` event, and sleeps where there is none.
fn read_all(reader: &Reader, last: u64) {
    let sleeper = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut taken = Taken::default();
    for sequence in 1..=last {
        while taken.is_empty() {
            drop(reader.take(&mut taken, &sleeper));
            if taken.is_empty() {
                std::thread::park();
            }
        }
        let item = taken.next().expect("it is not empty");
        assert_eq!((item.event.sequence, item.lost), (sequence, 0));
    }
}

/// Publishes to threads that read beside each other, with the depths of their queues.
fn publish_beside_readers(depths: &[u32]) {
    const EVENTS: u64 = 50_000;
    let mut world = World::new();
    let readers: Vec<_> = depths
        .iter()
        .map(|depth| {
            let reader = Reader::new(Arc::clone(&world.topic), Overflow::Block, *depth);
            std::thread::spawn(move || read_all(&reader, EVENTS))
        })
        .collect();
    for _ in 0..EVENTS {
        world.publish();
        while world.blocked.load(Ordering::SeqCst) > world.settled.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    }
    for reader in readers {
        reader.join().expect("every event came, in order");
    }
    world.finish();
}

#[test]
fn threads_that_share_the_log_get_everything_in_order() {
    publish_beside_readers(&[1000; 4]);
}

#[test]
fn threads_with_little_room_get_everything_in_order() {
    publish_beside_readers(&[1, 7, 64]);
}
