//! Streams in both directions.

use super::bench::{Bench, PATIENCE};
use super::{Rule, rule};
use std::time::Duration;
use tokio::runtime::Runtime;

pub(crate) const RULES: &[Rule] = &[
    rule("a_stream_comes_out_of_the_module", out),
    rule("a_stream_goes_into_the_module", into),
    rule("a_stream_that_is_not_read_to_its_end_ends_its_writer", given_up),
    rule("a_stream_passes_through", through),
];

/// More than any window holds.
const MANY: u64 = 100_000;

fn out(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let mut numbers = subject.numbers(&MANY).await.expect("a stream");
        let mut next = 0;
        while let Some(number) = numbers.next().await {
            assert_eq!(number, Ok(next));
            next += 1;
        }
        assert_eq!(next, MANY);
    });
}

fn into(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let (mut sender, stream) = bench.front.channel::<u64>();
        let writing = tokio::spawn(async move {
            for number in 0..MANY {
                sender.send(&number).await.expect("it is read");
            }
        });
        assert_eq!(subject.sum(&stream).await, Ok(MANY * (MANY - 1) / 2));
        writing.await.expect("it writes to the end");
    });
}

fn given_up(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        for _ in 0..300 {
            // More of them than may be open at a time: so each has ended. That may take an instant.
            let open = async {
                loop {
                    match subject.numbers(&u64::MAX).await {
                        Ok(numbers) => return numbers,
                        Err(error) => assert!(error.to_string().starts_with("busy"), "{error}"),
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            let mut numbers = tokio::time::timeout(PATIENCE, open).await.expect("there is room");
            let first = tokio::time::timeout(PATIENCE, numbers.next()).await;
            assert_eq!(first.expect("in time"), Some(Ok(0)));
        }
    });
}

fn through(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let numbers = subject.numbers(&1000).await.expect("a stream");
        assert_eq!(subject.sum(&numbers).await, Ok(1000 * 999 / 2));
    });
}
