//! Archives in the real `storage` plugin, in a host of its own.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::{path::PathBuf, sync::OnceLock};

use backplane_host::{FrontEnd, Host, bundle::Grants};
use backplane_test_support::cargo_build;
use storage_api::KvClient;
use tempfile::TempDir;
use waku_plugin::{Archive, ArchiveConfig, PubsubTopic, WakuMessage};

/// The library of the plugin `storage`, built once for each process.
pub(crate) fn storage_library() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| cargo_build("storage-plugin")).clone()
}

/// The module `storage`, as lines of a bundle.
pub(crate) fn storage_module() -> String {
    format!("[modules.storage]\nplugin = {:?}\n", storage_library())
}

/// A host with nothing but storage.
pub(crate) struct Storage {
    pub(crate) kv: KvClient,
    _front: FrontEnd,
    _host: Host,
    _folder: TempDir,
}

impl Storage {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = backplane_tests::host(folder.path(), &storage_module()).unwrap();
        let front = host.front_end("test", &Grants::all()).unwrap();
        Self {
            kv: front.client().unwrap(),
            _front: front,
            _host: host,
            _folder: folder,
        }
    }

    pub(crate) async fn archive(&self, config: ArchiveConfig) -> Archive {
        Archive::open(self.kv.clone(), config).await.unwrap()
    }
}

pub(crate) fn shard(number: u16) -> PubsubTopic {
    PubsubTopic::new(99, number).unwrap()
}

/// A message of a shard and content topic, with this timestamp.
pub(crate) fn at(shard_number: u16, content_topic: &str, timestamp: i64) -> (PubsubTopic, WakuMessage) {
    let message = WakuMessage {
        payload: format!("{shard_number} {content_topic} {timestamp}").into(),
        content_topic: content_topic.into(),
        timestamp,
        ..WakuMessage::default()
    };
    (shard(shard_number), message)
}
