//! The module before, between and after its calls.

use backplane_descriptor::Manifest;
use backplane_sdk::{Module, Plug};
use storage_api::{Ack, Fault, KeyRange, KvError, Scan};

use super::*;

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
