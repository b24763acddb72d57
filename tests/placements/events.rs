//! Events in both directions, and the log.

use super::bench::{Bench, until};
use super::{Rule, rule};
use backplane_sdk::descriptor::Overflow;
use fixture_subject_api::{Heard, subject_events};
use std::time::Duration;
use tokio::runtime::Runtime;

pub(crate) const RULES: &[Rule] = &[
    rule("events_of_the_module_come_in_order", told),
    rule("events_reach_the_module_in_order", heard),
    rule("a_subscriber_without_room_holds_the_publisher_back", held_back),
    rule("a_subscriber_that_drops_is_told_how_many", dropped),
    rule("a_retained_event_greets_who_comes_later", retained),
    rule("what_the_module_says_is_in_the_log_under_its_name", said),
];

/// How many.
const MANY: u64 = 2000;

fn told(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    let mut numbers = bench
        .front
        .subscribe::<subject_events::Told>(Overflow::Block, 16)
        .expect("it is granted");
    runtime.block_on(async {
        let telling = tokio::spawn(async move { subject.tell(&MANY).await });
        for number in 1..=MANY {
            let event = numbers.next().await.expect("a number");
            assert_eq!((event.body, event.sequence, event.lost), (number, number, 0));
            assert_eq!(event.publisher, "subject");
        }
        telling.await.expect("no panic").expect("all were taken");
    });
}

fn heard(runtime: &Runtime, bench: &Bench) {
    let (subject, mate) = (bench.subject(), bench.mate());
    runtime.block_on(async {
        mate.say(&MANY).await.expect("it is answered");
        until("all were heard", async || {
            subject.heard().await.is_ok_and(|it| it.count == MANY)
        })
        .await;
        let all = Heard {
            count: MANY,
            lost: 0,
            disorder: 0,
        };
        assert_eq!(subject.heard().await, Ok(all));
    });
}

fn held_back(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    let mut numbers = bench
        .front
        .subscribe::<subject_events::Told>(Overflow::Block, 4)
        .expect("it is granted");
    runtime.block_on(async {
        let telling = tokio::spawn(async move { subject.tell(&10_000).await });
        let first = numbers.next().await.expect("a number");
        assert_eq!(first.body, 1);
        // It does not get further than its subscriber has room, however long that takes.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!telling.is_finished());
        for number in 2..=10_000 {
            assert_eq!(numbers.next().await.expect("a number").body, number);
        }
        telling.await.expect("no panic").expect("all were taken");
    });
}

fn dropped(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    let mut numbers = bench
        .front
        .subscribe::<subject_events::Told>(Overflow::DropOldest, 8)
        .expect("it is granted");
    runtime.block_on(async {
        subject.tell(&MANY).await.expect("nobody holds it back");
        let (mut got, mut lost, mut last) = (0, 0, 0);
        while last < MANY {
            let event = numbers.next().await.expect("a number");
            (got, lost, last) = (got + 1, lost + event.lost, event.body);
        }
        assert_eq!(got + lost, MANY);
    });
}

fn retained(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        for text in ["first", "second"].map(str::to_owned) {
            subject.announce(&text).await.expect("it is answered");
        }
        let mut late = bench
            .front
            .subscribe::<subject_events::Announced>(Overflow::Block, 4)
            .expect("it is granted");
        assert_eq!(late.next().await.expect("the last one").body, "second");
    });
}

fn said(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        subject.say(&"aloud".to_owned()).await.expect("it is answered");
        until("it is in the log", async || {
            let lines = bench.host.log(0, Some("subject"));
            lines.iter().any(|line| {
                line.message == "aloud" && line.fields.contains("spoken") && line.target == "fixture_subject"
            })
        })
        .await;
    });
}
