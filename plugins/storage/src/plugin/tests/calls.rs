//! What calls do, and what they are refused for.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use storage_api::{Ack, KeyRange, KvError, Scan};
use tokio::task::JoinHandle;

use super::*;
use crate::limits;

/// Makes a call as modules get it: polled once on the caller's thread, and then on the runtime.
fn call<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let mut future = Box::pin(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => tokio::spawn(std::future::ready(answer)),
        Poll::Pending => tokio::spawn(future),
    }
}

#[tokio::test]
async fn what_was_written_is_read_and_removed() {
    let it = fixture();
    let kv = &it.storage;
    let (job, c) = (|| "job".to_owned(), || "c".to_owned());
    let ops = vec![put("a", "1"), put("b", "2"), put("bb", "3")];
    let receipt = kv.persist(job(), ops, Ack::Durable, true).await.unwrap();
    assert_eq!((receipt.sequence, receipt.removed), (1, Some(0)));

    assert_eq!(it.get("a").await, Some(text("1")));
    assert_eq!(it.get("x").await, None);
    assert!(kv.exists(job(), c(), text("b")).await.unwrap());
    let many = kv
        .get_many(job(), c(), vec![text("bb"), text("x")])
        .await
        .unwrap();
    assert_eq!(many, [Some(text("3")), None]);
    let prefix = KeyRange::prefix(b"b".as_slice());
    assert_eq!(kv.count(job(), c(), prefix.clone()).await.unwrap(), 2);

    let first = Scan {
        limit: 1,
        reverse: true,
        ..Scan::new(prefix.clone())
    };
    let page = kv.scan(job(), c(), first.clone()).await.unwrap();
    assert_eq!(
        (page.rows[0].key.clone(), page.next.clone()),
        (text("bb"), Some(text("bb")))
    );
    let page = kv
        .scan(
            job(),
            c(),
            Scan {
                after: page.next,
                ..first
            },
        )
        .await
        .unwrap();
    assert_eq!((page.rows[0].key.clone(), page.next), (text("b"), None));

    assert!(
        !kv.put_if_absent(job(), c(), text("a"), text("9"), false, None)
            .await
            .unwrap()
    );
    let swapped = kv.compare_and_put(job(), c(), text("a"), Some(text("1")), text("9"), false);
    assert!(swapped.await.unwrap());
    assert!(kv.delete(job(), c(), text("a"), true).await.unwrap());
    assert!(!kv.delete(job(), c(), text("a"), false).await.unwrap());
    assert_eq!(kv.delete_range(job(), c(), prefix, false).await.unwrap(), 2);

    it.put("", "").await;
    assert_eq!(it.get("").await, Some(text("")));
    let categories = kv.list_categories(job(), None, 10).await.unwrap();
    assert_eq!((categories.categories, categories.next), (vec![c()], None));
    assert_eq!(kv.stats(job()).await.unwrap().failed_batches, 1);
}

#[tokio::test]
async fn a_bounded_range_with_an_empty_stop_holds_nothing() {
    let it = fixture();
    it.put("a", "1").await;
    let count = |range| it.storage.count("job".into(), "c".into(), range);
    let empty = KeyRange::Between {
        start: text(""),
        stop: Some(text("")),
    };
    assert_eq!(count(empty).await.unwrap(), 0);
    assert_eq!(count(KeyRange::from_key(b"".as_slice())).await.unwrap(), 1);
    assert_eq!(count(KeyRange::All).await.unwrap(), 1);
}

#[tokio::test]
async fn a_payload_too_large_for_the_callers_thread_is_read_all_the_same() {
    let it = fixture();
    let large = "x".repeat(limits::INLINE_PAYLOAD_BYTES + 1);
    it.put("large", &large).await;
    it.put("fits", &large[1..]).await;
    for _ in 0..2 {
        assert_eq!(it.get("large").await, Some(text(&large)));
        assert_eq!(it.get("fits").await, Some(text(&large[1..])));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_one_caller_keep_their_order_although_the_job_is_not_open_yet() {
    const WRITES: u64 = 200;
    for _ in 0..10 {
        let storage = Arc::new(fixture_with(&config()));
        let mut writes = Vec::new();
        for number in 1..=WRITES {
            let it = Arc::clone(&storage);
            let ops = vec![put("key", &number.to_string())];
            writes.push(call(async move {
                it.storage.persist("job".into(), ops, Ack::Applied, true).await
            }));
        }
        let it = Arc::clone(&storage);
        let read = call(async move { it.get("key").await });
        assert_eq!(read.await.unwrap(), Some(text(&WRITES.to_string())));
        for (number, write) in (1..=WRITES).zip(writes) {
            assert_eq!(write.await.unwrap().unwrap().sequence, number);
        }
    }
}

#[tokio::test]
async fn a_full_queue_refuses_a_caller_that_does_not_wait() {
    let it = fixture_with(&StorageConfig {
        queue_batches: 1,
        ..config()
    });
    let deadline = Instant::now() + PATIENCE;
    loop {
        let durable = it
            .storage
            .persist("job".into(), vec![put("a", "1")], Ack::Durable, true);
        let next = it
            .storage
            .persist("job".into(), vec![put("b", "1")], Ack::Queued, false);
        let third = it
            .storage
            .persist("job".into(), vec![put("c", "1")], Ack::Queued, false);
        let (durable, next, third) = tokio::join!(durable, next, third);
        durable.unwrap();
        if next == Err(KvError::WouldBlock) || third == Err(KvError::WouldBlock) {
            break;
        }
        assert!(Instant::now() < deadline, "the queue was never full");
    }
}

#[tokio::test]
async fn bad_arguments_are_refused_by_name() {
    let it = fixture();
    let kv = &it.storage;
    let refused = kv.get("".into(), "c".into(), text("k")).await.unwrap_err();
    assert_eq!(refused.to_string(), "job: must not be empty");
    let refused = kv.get("j".repeat(128), "c".into(), text("k")).await.unwrap_err();
    assert_eq!(refused.to_string(), "job id bytes has 129, the limit is 128");
    let refused = kv.list_categories("job".into(), None, 0).await.unwrap_err();
    assert_eq!(refused.to_string(), "limit: must not be 0");
    let key = Bytes(vec![0; limits::MAX_KEY_BYTES + 1]);
    let refused = kv
        .put("job".into(), "c".into(), key, text(""), false, None)
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "key bytes has 131073, the limit is 131072");
}
