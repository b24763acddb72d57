use std::thread;

use super::*;
use crate::batch::Op;
use crate::blocking::block_until;

fn queue(batches: usize, bytes: usize) -> Arc<Queue> {
    Arc::new(Queue::new(Capacity { batches, bytes }))
}

fn item(bytes: usize) -> Item {
    let op = Op::Put {
        category: Default::default(),
        key: Default::default(),
        payload: vec![0; bytes],
        ttl: None,
    };
    Item {
        sequence: 0,
        ops: [op].into(),
        bytes,
        durable: false,
        origin: Arc::default(),
        reply: None,
    }
}

fn waiting(queue: &Arc<Queue>, bytes: usize) -> Waiting {
    match queue.submit(item(bytes), WhenFull::Wait).unwrap() {
        Place::Waiting(waiting) => waiting,
        Place::Queued(sequence) => panic!("item {sequence} found room"),
    }
}

fn queued(queue: &Arc<Queue>, bytes: usize) -> u64 {
    match queue.submit(item(bytes), WhenFull::Refuse) {
        Ok(Place::Queued(sequence)) => sequence,
        _ => panic!("no room"),
    }
}

fn taken(queue: &Queue) -> Vec<(u64, usize)> {
    match queue.take_group(Some(Duration::ZERO)) {
        Taken::Group(items) => items.iter().map(|item| (item.sequence, item.bytes)).collect(),
        Taken::Idle | Taken::Closed | Taken::Order(_) => Vec::new(),
    }
}

fn soon() -> std::time::Instant {
    std::time::Instant::now() + Duration::from_secs(10)
}

#[test]
fn a_full_queue_refuses_or_makes_wait_by_count_and_by_bytes() {
    for queue in [queue(2, 1000), queue(100, 20)] {
        assert_eq!((queued(&queue, 10), queued(&queue, 10)), (1, 2));
        assert!(matches!(
            queue.submit(item(10), WhenFull::Refuse),
            Err(Error::WouldBlock)
        ));
        let third = waiting(&queue, 10);
        assert_eq!(
            queue.depth(),
            Depth {
                batches: 2,
                bytes: 20,
                waiting: 1
            }
        );
        assert_eq!(taken(&queue), [(1, 10), (2, 10)]);
        assert_eq!(block_until(soon(), third), Some(Ok(())));
        assert_eq!(taken(&queue), [(3, 10)]);
    }
}

#[test]
fn a_batch_larger_than_the_queue_is_admitted_alone() {
    let queue = queue(10, 20);
    queued(&queue, 500);
    let small = waiting(&queue, 1);
    assert_eq!(taken(&queue), [(1, 500)]);
    assert_eq!(block_until(soon(), small), Some(Ok(())));
}

#[test]
fn a_small_write_does_not_overtake_a_large_one_that_waits() {
    let queue = queue(10, 20);
    queued(&queue, 15);
    let large = waiting(&queue, 15);
    let small = waiting(&queue, 1);
    assert!(matches!(
        queue.submit(item(1), WhenFull::Refuse),
        Err(Error::WouldBlock)
    ));
    assert_eq!(taken(&queue), [(1, 15)]);
    assert_eq!(taken(&queue), [(2, 15), (3, 1)]);
    assert_eq!(block_until(soon(), large), Some(Ok(())));
    assert_eq!(block_until(soon(), small), Some(Ok(())));
}

#[test]
fn a_caller_that_gives_up_leaves_an_empty_item() {
    let queue = queue(1, 100);
    queued(&queue, 5);
    drop(waiting(&queue, 7));
    let late = waiting(&queue, 7);
    assert!(matches!(late.give_up(Duration::ZERO), Err(Error::Timeout { .. })));
    assert_eq!(taken(&queue), [(1, 5)]);
    assert_eq!(taken(&queue), [(2, 0)]);
    assert_eq!(taken(&queue), [(3, 0)]);
}

#[test]
fn a_caller_that_gives_up_too_late_is_told_that_its_write_was_accepted() {
    let queue = queue(1, 100);
    queued(&queue, 5);
    let admitted = waiting(&queue, 7);
    assert_eq!(taken(&queue), [(1, 5)]);
    assert_eq!(admitted.give_up(Duration::ZERO), Ok(()));
    assert_eq!(taken(&queue), [(2, 7)]);
}

#[test]
fn closing_keeps_what_was_accepted_and_refuses_who_waits() {
    let queue = queue(1, 100);
    queued(&queue, 5);
    let refused = waiting(&queue, 7);
    let given_up = waiting(&queue, 7);
    queue.close();
    assert_eq!(block_until(soon(), refused), Some(Err(Error::Closed)));
    assert_eq!(given_up.give_up(Duration::ZERO), Err(Error::Closed));
    assert!(matches!(
        queue.submit(item(1), WhenFull::Wait),
        Err(Error::Closed)
    ));
    assert_eq!(taken(&queue), [(1, 5)]);
    assert!(matches!(queue.take_group(None), Taken::Closed));
}

#[test]
fn the_line_of_waiting_callers_is_bounded() {
    let queue = queue(1, 100);
    queued(&queue, 5);
    let line: Vec<Waiting> = (0..limits::MAX_WAITING_CALLERS)
        .map(|_| waiting(&queue, 1))
        .collect();
    let refused = queue.submit(item(1), WhenFull::Wait);
    assert!(matches!(
        refused,
        Err(Error::Busy {
            limit: limits::MAX_WAITING_CALLERS,
            ..
        })
    ));
    drop(line);
}

#[test]
fn a_group_ends_at_its_limits() {
    let queue = queue(10_000, 100 * 1024 * 1024);
    (0..limits::GROUP_OPS + 5).for_each(|_| _ = queued(&queue, 1));
    assert_eq!(taken(&queue).len(), limits::GROUP_OPS);
    assert_eq!(taken(&queue).len(), 5);
    (0..3).for_each(|_| _ = queued(&queue, limits::GROUP_BYTES / 2));
    assert_eq!(taken(&queue).len(), 2);
    assert_eq!(taken(&queue).len(), 1);
}

#[test]
fn an_idle_writer_is_woken_by_an_item_and_by_the_end() {
    let queue = queue(1, 1);
    assert!(matches!(
        queue.take_group(Some(Duration::from_millis(1))),
        Taken::Idle
    ));
    let writer = thread::spawn({
        let queue = Arc::clone(&queue);
        move || {
            let first = matches!(queue.take_group(None), Taken::Group(_));
            (first, matches!(queue.take_group(None), Taken::Closed))
        }
    });
    queued(&queue, 1);
    queue.close();
    assert_eq!(writer.join().unwrap(), (true, true));
}
