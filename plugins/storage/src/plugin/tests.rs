//! The module through its interface, without a host.

mod calls;
mod life;
mod reports;

use std::time::Duration;

use backplane_sdk::Bytes;
use storage_api::{FailedWrite, Kv, Op};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Storage, StorageConfig};

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
