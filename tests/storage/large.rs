//! What the contract of `storage.kv` allows gets through a host, and what it does not allow is refused by the store.

use backplane_sdk::{Bytes, CallError};
use backplane_test_support::cargo_build;
use storage_api::{Ack, KeyRange, KvClient, KvError, Op};

const MIB: usize = 1 << 20;
const JOB: &str = "large";

fn too_large<T: std::fmt::Debug>(answer: Result<T, CallError<KvError>>) -> (String, u64, u64) {
    match answer {
        Err(CallError::Interface(KvError::TooLarge { field, size, limit })) => (field, size, limit),
        other => panic!("{other:?}"),
    }
}

fn put(category: &str, number: u32, payload: usize) -> Op {
    Op::put(category, &number.to_be_bytes()[..], vec![7; payload])
}

#[tokio::test]
async fn the_largest_payload_and_batch_get_through_and_what_is_larger_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (host, front) = super::start(folder.path(), &cargo_build("storage-plugin"), "");
    let kv: KvClient = front.client().expect("it is there");
    let (job, category) = (JOB.to_owned(), "c".repeat(4096));

    let key = Bytes(vec![0xff; 128 * 1024]);
    let payload = Bytes(vec![7; 64 * MIB]);
    kv.put(&job, &category, &key, &payload, &false, &None)
        .await
        .expect("it is within the limits");
    let found = kv.get(&job, &category, &key).await.expect("an answer");
    assert!(found.as_ref() == Some(&payload));
    let rows = kv.get_many(&job, &category, &vec![key.clone()]).await;
    assert!(rows.expect("an answer") == [found]);
    let more = Bytes(vec![7; 64 * MIB + 1]);
    let refused = kv.put(&job, &category, &key, &more, &false, &None).await;
    let limit = 64 * MIB as u64;
    assert_eq!(too_large(refused), ("payload bytes".to_owned(), limit + 1, limit));

    // As many operations as there may be, with as many bytes.
    let each = 65 * MIB / 65_536 - 5;
    let ops: Vec<_> = (0..65_536).map(|number| put("d", number, each)).collect();
    kv.persist(&job, &ops, &Ack::Applied, &true)
        .await
        .expect("it is within the limits");
    assert_eq!(kv.count(&job, &"d".to_owned(), &KeyRange::All).await, Ok(65_536));
    let ops = [put("e", 0, 64 * MIB), put("e", 1, MIB)];
    let refused = kv.persist(&job, &ops.to_vec(), &Ack::Applied, &true).await;
    let limit = 65 * MIB as u64;
    assert_eq!(too_large(refused), ("batch bytes".to_owned(), limit + 10, limit));
    assert_eq!(kv.count(&job, &"e".to_owned(), &KeyRange::All).await, Ok(0));
    drop(front);
    assert!(host.stop().is_empty());
}
