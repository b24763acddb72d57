//! What the tests of chat share: hosts that run the real plugin, its history as a whole, and waiting.
#![allow(dead_code, reason = "each test file uses its own part")]

use backplane_host::{FrontEnd, Host, bundle::Grants};
use backplane_test_support::cargo_build;
use chat_api::{RoomClient, StoredMessage};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longer than anything takes on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Messages asked for at a time, the most that chat gives.
const PAGE: u32 = 200;

/// The library of a plugin, built once for each process.
pub(crate) fn library(package: &'static str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().expect("no panic");
    built
        .entry(package)
        .or_insert_with(|| cargo_build(package))
        .clone()
}

/// The modules `storage` and `chat`, as lines of a bundle. `config` is that of chat.
pub(crate) fn modules(config: &str) -> String {
    format!(
        "[modules.storage]\nplugin = {:?}\n\
         [modules.chat]\nplugin = {:?}\ngrants = [\"storage.kv\", \"waku.relay\"]\n\
         [modules.chat.config]\n{config}\n",
        library("storage-plugin"),
        library("chat-plugin"),
    )
}

/// A running host and a front end of it that may call everything.
pub(crate) struct Hosted {
    pub(crate) host: Arc<Host>,
    pub(crate) front: FrontEnd,
    pub(crate) room: RoomClient,
}

impl Hosted {
    /// Starts a host on `modules` whose data lie in `folder`.
    pub(crate) fn start(folder: &Path, modules: &str) -> Self {
        let host = backplane_tests::host(folder, modules).expect("the host starts");
        assert!(host.wait_ready(DEADLINE), "{:?}", host.state_changes());
        let front = host.front_end("test", &Grants::all()).expect("a front end");
        let room = front.client().expect("chat is there");
        Self {
            host: Arc::new(host),
            front,
            room,
        }
    }

    /// Stops the host, which must have nothing to complain of.
    pub(crate) async fn stop(self) {
        let host = Arc::clone(&self.host);
        let complaints = tokio::task::spawn_blocking(move || host.stop()).await;
        assert_eq!(complaints.expect("no panic"), [""; 0]);
    }
}

/// The whole history, the oldest message first.
pub(crate) async fn history(room: &RoomClient) -> Vec<StoredMessage> {
    let (mut messages, mut after) = (Vec::new(), None);
    loop {
        let page = room.history_after(&after, &PAGE).await.expect("a page");
        assert_eq!(page.unreadable, 0);
        messages.extend(page.messages);
        after = page.next;
        if after.is_none() {
            return messages;
        }
    }
}

/// Waits until `done`, which has to come.
pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !done().await {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {what}");
        sleep(LOOK).await;
    }
}
