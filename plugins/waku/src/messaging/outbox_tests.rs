use super::*;

fn pending(number: u8) -> Pending {
    let message = WakuMessage {
        payload: vec![number],
        ..WakuMessage::default()
    };
    Pending {
        receipt: Receipt {
            request_id: number.to_string(),
            hash: [number; 32].into(),
        },
        pubsub_topic: PubsubTopic::new(9, 0).unwrap(),
        message,
        age: Duration::ZERO,
        is_propagated: false,
    }
}

fn receipt(number: u8) -> Receipt {
    pending(number).receipt
}

fn of(numbers: &[u8]) -> HashSet<MessageHash> {
    numbers.iter().map(|number| [*number; 32].into()).collect()
}

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// An outbox with one message that was handed to a peer at `now`.
fn propagated(number: u8, now: Instant) -> Outbox {
    let mut outbox = Outbox::default();
    assert!(outbox.take(pending(number), now));
    let attempt = outbox.due(now).remove(0);
    let news = outbox.attempted(attempt.number, Ok(()), now);
    assert_eq!(news, Some(SendNews::Propagated(receipt(number))));
    outbox
}

#[test]
fn a_message_is_tried_each_second_for_a_minute_and_then_given_up() {
    let (mut outbox, start) = (Outbox::default(), Instant::now());
    outbox.take(pending(1), start);
    let mut tries = 0;
    for second in 0..60 {
        let now = start + seconds(second);
        assert_eq!(outbox.expire(now), []);
        for attempt in outbox.due(now) {
            tries += 1;
            assert!(outbox.due(now).is_empty(), "it is being tried");
            let failed = Failure::Passing(format!("try {tries}"));
            assert_eq!(outbox.attempted(attempt.number, Err(failed), now), None);
        }
    }
    assert_eq!(tries, 60);
    let given_up = SendNews::NotPropagated(receipt(1), "try 60".to_owned());
    assert_eq!(outbox.expire(start + SEND_WINDOW), [given_up]);
    assert_eq!((outbox.len(), outbox.bytes), (0, 0));
}

#[test]
fn what_no_attempt_can_send_is_told_at_once() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    outbox.take(pending(1), now);
    let attempt = outbox.due(now).remove(0);
    let failed = Failure::Final("too large".to_owned());
    let news = outbox.attempted(attempt.number, Err(failed), now);
    assert_eq!(
        news,
        Some(SendNews::NotPropagated(receipt(1), "too large".to_owned()))
    );
    assert_eq!(outbox.len(), 0);
}

#[test]
fn what_a_store_lacks_is_sent_again_with_growing_pauses_until_it_has_it() {
    let start = Instant::now();
    let mut outbox = propagated(1, start);
    assert!(outbox.unconfirmed(start + seconds(2)).is_empty(), "too soon");
    let mut again = Vec::new();
    for second in 3..50 {
        let now = start + seconds(second);
        let asked = outbox.unconfirmed(now);
        assert_eq!(outbox.answered(&asked, &of(&[]), now), []);
        for attempt in outbox.due(now) {
            again.push(second);
            assert_eq!(
                outbox.attempted(attempt.number, Ok(()), now),
                None,
                "it is told once"
            );
        }
    }
    assert_eq!(again, [3, 9, 21, 45]);
    let now = start + seconds(50);
    let asked = outbox.unconfirmed(now);
    assert_eq!(
        outbox.answered(&asked, &of(&[1]), now),
        [SendNews::Sent(receipt(1))]
    );
    assert_eq!(outbox.len(), 0);
}

#[test]
fn what_no_store_confirms_is_told_a_minute_after_it_was_propagated() {
    let start = Instant::now();
    let mut outbox = propagated(1, start);
    assert_eq!(outbox.expire(start + seconds(59)), []);
    assert_eq!(
        outbox.expire(start + seconds(60)),
        [SendNews::NotConfirmed(receipt(1))]
    );
}

#[test]
fn of_an_ephemeral_message_no_store_knows() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    let mut ephemeral = pending(1);
    ephemeral.message.ephemeral = true;
    outbox.take(ephemeral, now);
    let attempt = outbox.due(now).remove(0);
    let news = outbox.attempted(attempt.number, Ok(()), now);
    assert_eq!(news, Some(SendNews::Propagated(receipt(1))));
    assert_eq!((outbox.len(), outbox.bytes), (0, 0));
}

#[test]
fn messages_are_bounded_in_number_and_bytes_and_so_are_attempts() {
    let (mut outbox, now) = (Outbox::default(), Instant::now());
    let taken = (0..=MAX_OUTBOX).filter(|_| outbox.take(pending(1), now)).count();
    assert_eq!(taken, MAX_OUTBOX);
    assert_eq!(outbox.due(now).len(), SEND_AT_ONCE);
    assert!(outbox.due(now).is_empty());

    let mut large = pending(1);
    large.message.payload = vec![0; MAX_OUTBOX_BYTES / 2];
    let mut outbox = Outbox::default();
    assert!(outbox.take(large.clone(), now));
    assert!(!outbox.take(large, now));
}

#[test]
fn a_successor_goes_on_where_the_predecessor_stood() {
    let start = Instant::now();
    let mut outbox = propagated(1, start);
    outbox.take(pending(2), start + seconds(5));
    let now = start + seconds(20);
    let pending = outbox.pending(now);
    let ages: Vec<_> = pending.iter().map(|it| (it.age, it.is_propagated)).collect();
    assert_eq!(ages, [(seconds(20), true), (seconds(15), false)]);
    let mut successor = Outbox::default();
    for it in pending {
        assert!(successor.take(it, now));
    }
    assert_eq!(
        successor.due(now).len(),
        1,
        "what was propagated is not sent again"
    );
    assert_eq!(successor.unconfirmed(now), [MessageHash::from([1; 32])]);
    assert_eq!(
        successor.expire(start + seconds(60)),
        [SendNews::NotConfirmed(receipt(1))]
    );
}
