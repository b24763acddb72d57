//! The module through its interface, without a host.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use backplane_descriptor::Manifest;
use backplane_sdk::{Bytes, Module, Plug};
use storage_api::{Ack, FailedWrite, Fault, KeyRange, Kv, KvError, Op, Scan};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::lane::Lanes;
use super::tenants::Tenant;
use super::{Storage, StorageConfig};
use crate::{Batch, Error, Options, Session, Store, limits};

const PATIENCE: Duration = Duration::from_secs(20);

struct Fixture {
    storage: Storage,
    failed: UnboundedReceiver<FailedWrite>,
    directory: TempDir,
}

fn config() -> StorageConfig {
    serde_json::from_str("{}").unwrap()
}

fn fixture_with(config: &StorageConfig) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let (sender, failed) = unbounded_channel();
    let publish = move |write| {
        sender.send(write).unwrap();
        std::future::ready(Ok(()))
    };
    let storage = Storage::open(directory.path(), config, publish).unwrap();
    Fixture {
        storage,
        failed,
        directory,
    }
}

fn fixture() -> Fixture {
    fixture_with(&config())
}

fn tenant(caller: &str) -> Tenant {
    Tenant {
        caller: caller.into(),
        job: "job".into(),
    }
}

fn text(text: &str) -> Bytes {
    text.as_bytes().into()
}

fn put(key: &str, payload: &str) -> Op {
    Op::Put {
        category: "c".into(),
        key: text(key),
        payload: text(payload),
        ttl_ms: None,
    }
}

fn refuted(key: &str) -> Op {
    Op::Expect {
        category: "c".into(),
        key: text(key),
        payload: Some(text("something else")),
    }
}

/// Makes a call as modules get it: polled once on the caller's thread, and then on the runtime.
fn call<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let mut future = Box::pin(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => tokio::spawn(std::future::ready(answer)),
        Poll::Pending => tokio::spawn(future),
    }
}

impl Fixture {
    async fn put(&self, key: &str, payload: &str) {
        let put = self
            .storage
            .put("job".into(), "c".into(), text(key), text(payload), false, None);
        put.await.unwrap();
    }

    async fn get(&self, key: &str) -> Option<Bytes> {
        let get = self.storage.get("job".into(), "c".into(), text(key));
        get.await.unwrap()
    }
}

#[test]
fn the_manifest_is_readable_without_running_the_module() {
    // SAFETY: the manifest is a static.
    let json = unsafe { <Storage as backplane_sdk::Plug>::DECLARATION.manifest.as_bytes() };
    let manifest = Manifest::parse(json).unwrap();
    assert_eq!(manifest.name, "storage");
    let provided: Vec<_> = manifest
        .provides
        .iter()
        .map(|provided| provided.id.as_str())
        .collect();
    assert_eq!(
        provided,
        ["storage.kv", "storage.sql", "storage.content", "storage.admin"]
    );
    assert_eq!(manifest.exclusive, ["job files"]);
    assert!(Storage::MANIFEST.requires.is_empty());
}

#[test]
fn a_configuration_out_of_bounds_is_refused_by_field() {
    let refused = |config: StorageConfig| Storage::check(&config).unwrap_err().to_string();
    let good = config();
    assert!(Storage::check(&good).is_ok());
    let [a, b, c] = [good.clone(), good.clone(), good.clone()];
    assert_eq!(
        refused(StorageConfig {
            queue_batches: 0,
            ..a
        }),
        "queue_batches is 0; it must be 1 to 1000000"
    );
    assert_eq!(
        refused(StorageConfig {
            quota: Some(4096),
            ..b
        }),
        format!("quota is 4096; it must be 65536 to {}", i64::MAX)
    );
    assert_eq!(
        refused(StorageConfig {
            directory: Some(String::new()),
            ..c
        }),
        "directory is empty; leave it out for the module's own folder"
    );
    let quotas = |job: &str, quota| StorageConfig {
        quotas: Some([(job.to_owned(), quota)].into()),
        ..good.clone()
    };
    assert_eq!(
        refused(quotas("history", 65_536)),
        "quotas: \"history\" must be OWNER/NAME"
    );
    assert_eq!(
        refused(quotas("chat/history", 7)),
        format!("quotas: \"chat/history\" is 7; it must be 65536 to {}", i64::MAX)
    );
    let access = [("notes".to_owned(), vec!["chat".to_owned()])];
    assert_eq!(
        refused(StorageConfig {
            access: Some(access.into()),
            ..good.clone()
        }),
        "access: \"chat\" must be OWNER/NAME, OWNER/* or *"
    );
    assert_eq!(
        refused(StorageConfig {
            call_timeout_ms: 3_600_001,
            ..good
        }),
        "call_timeout_ms is 3600001; it must be 1 to 3600000"
    );
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
async fn a_failure_that_nobody_waited_for_is_told_by_event_and_by_barrier() {
    let mut it = fixture();
    let ops = vec![put("a", "1"), refuted("a")];
    let receipt = it
        .storage
        .persist("job".into(), ops.clone(), Ack::Queued, true)
        .await
        .unwrap();
    assert_eq!(receipt.removed, None);
    let failed = tokio::time::timeout(PATIENCE, it.failed.recv())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        failed,
        FailedWrite {
            job: "/job".into(),
            sequence: receipt.sequence,
            op: Some(1),
            fault: Fault::Conflict
        }
    );
    let reported = Err(KvError::Unacknowledged {
        count: 1,
        first: Fault::Conflict,
    });
    assert_eq!(it.storage.barrier("job".into()).await, reported);
    assert_eq!(it.storage.flush("job".into()).await, Ok(()));

    let heard = it.storage.persist("job".into(), ops, Ack::Applied, true).await;
    assert_eq!(
        heard,
        Err(KvError::Failed {
            op: Some(1),
            fault: Fault::Conflict
        })
    );
    assert_eq!(it.get("a").await, None);
}

#[tokio::test]
async fn a_barrier_does_not_report_the_failures_of_another_caller() {
    let it = fixture();
    let lanes = &it.storage.lanes;
    let conflict = || Batch::new().expect("c", [], Some(Vec::new()));
    let write = |session: Session| async move { session.submit(conflict(), crate::Ack::Queued).await };
    lanes.run(&tenant("one"), write).await.unwrap().await.unwrap();
    let settle = |session: Session| async move { session.settle(crate::Ack::Applied).await };
    assert_eq!(lanes.run(&tenant("two"), settle).await, Ok(()));
    assert!(matches!(
        lanes.run(&tenant("one"), settle).await,
        Err(Error::Unacknowledged { count: 1, .. })
    ));
}

#[tokio::test]
async fn sessions_with_something_to_report_are_kept_and_others_give_way() {
    let directory = tempfile::tempdir().unwrap();
    let lanes = Lanes::new(Arc::new(
        Store::new(directory.path(), Options::default()).unwrap(),
    ));
    let idle = |session: Session| async move { session.settle(crate::Ack::Queued).await };
    let conflict = |session: Session| async move {
        let batch = Batch::new().expect("c", [], Some(Vec::new()));
        session.submit(batch, crate::Ack::Queued).await?.await
    };
    let callers = limits::MAX_SESSIONS;
    for caller in 0..callers {
        lanes.run(&tenant(&caller.to_string()), idle).await.unwrap();
    }
    for caller in callers..2 * callers {
        lanes.run(&tenant(&caller.to_string()), conflict).await.unwrap();
    }
    let limit = limits::MAX_SESSIONS;
    let refused = lanes.run(&tenant("one more"), idle).await.unwrap_err();
    assert_eq!(
        refused,
        Error::Busy {
            what: "sessions",
            limit
        }
    );
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
async fn a_closed_job_is_opened_again_and_a_dropped_one_is_empty() {
    let it = fixture();
    let (kv, job) = (&it.storage, || "job".to_owned());
    it.put("a", "1").await;
    assert_eq!(kv.close_job(job()).await, Ok(()));
    assert_eq!(kv.close_job(job()).await, Ok(()));
    assert_eq!(
        kv.stats(job()).await,
        Err(KvError::JobNotFound { job: "/job".into() })
    );
    assert_eq!(kv.list_jobs().await.unwrap(), [job()]);
    assert_eq!(it.get("a").await, Some(text("1")));
    assert_eq!(kv.drop_job(job()).await, Ok(()));
    assert_eq!(
        kv.drop_job(job()).await,
        Err(KvError::JobNotFound { job: "/job".into() })
    );
    assert_eq!(it.get("a").await, None);
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

#[tokio::test]
async fn a_second_module_of_the_same_folder_is_refused() {
    let it = fixture();
    it.put("a", "1").await;
    let directory = it.directory.path().to_str().unwrap().to_owned();
    let other = fixture_with(&StorageConfig {
        directory: Some(directory.clone()),
        ..config()
    });
    let refused = other.storage.barrier("job".into()).await;
    assert_eq!(refused, Err(KvError::AlreadyOpen { directory }));
}

#[tokio::test]
async fn a_stopped_module_has_applied_and_told_everything_and_answers_with_an_error() {
    let mut it = fixture();
    let ops = vec![put("a", "1")];
    it.storage
        .persist("job".into(), ops, Ack::Queued, true)
        .await
        .unwrap();
    it.storage
        .persist("job".into(), vec![refuted("a")], Ack::Queued, true)
        .await
        .unwrap();
    it.storage.stop().await;
    assert_eq!(it.failed.recv().await.unwrap().fault, Fault::Conflict);
    assert_eq!(it.failed.recv().await, None);
    let late = it
        .storage
        .put("job".into(), "c".into(), text("b"), text("2"), false, None)
        .await;
    assert_eq!(late, Err(KvError::Closed));
    let late = it
        .storage
        .scan("other".into(), "c".into(), Scan::new(KeyRange::All))
        .await;
    assert_eq!(late, Err(KvError::Closed));
    it.storage.stop().await;

    let directory = it.directory.path().to_str().unwrap().to_owned();
    let next = fixture_with(&StorageConfig {
        directory: Some(directory),
        ..config()
    });
    assert_eq!(next.get("a").await, Some(text("1")));
}
