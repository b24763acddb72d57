//! Hosts that run the library that was built with the test.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    env::consts::{DLL_PREFIX, DLL_SUFFIX},
    path::{Path, PathBuf},
    sync::Arc,
};

use backplane_host::{FrontEnd, Host, SwapReport, bundle::Grants};
use waku_api::{FilterClient, LightPushClient, MessagingClient, NodeClient, RelayClient, StoreClient};

/// The library that was built with this test.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.with_file_name(format!("{DLL_PREFIX}waku_plugin{DLL_SUFFIX}"))
}

/// A host with one node, and clients of it.
pub(crate) struct Hosted {
    pub(crate) host: Arc<Host>,
    pub(crate) front: FrontEnd,
    pub(crate) relay: RelayClient,
    pub(crate) node: NodeClient,
    pub(crate) lightpush: LightPushClient,
    pub(crate) filter: FilterClient,
    pub(crate) store: StoreClient,
    pub(crate) messaging: MessagingClient,
}

impl Hosted {
    /// Starts a host in `folder` whose node is configured with `config`, lines of TOML, beside the cluster.
    pub(crate) fn start(folder: &Path, config: &str) -> Self {
        Self::beside(folder, "", config)
    }

    /// As [`start`](Self::start), beside other modules. The node may call storage.
    pub(crate) fn beside(folder: &Path, others: &str, config: &str) -> Self {
        let modules = format!(
            "{others}[modules.waku]\ngrants = [\"storage.kv\"]\nplugin = {:?}\n[modules.waku.config]\ncluster-id = 99\n{config}\n",
            library()
        );
        let host = Arc::new(backplane_tests::host(folder, &modules).unwrap());
        let front = host.front_end("test", &Grants::all()).unwrap();
        Self {
            relay: front.client().unwrap(),
            node: front.client().unwrap(),
            lightpush: front.client().unwrap(),
            filter: front.client().unwrap(),
            store: front.client().unwrap(),
            messaging: front.client().unwrap(),
            front,
            host,
        }
    }

    /// Puts another build with the same code in the place of the module.
    pub(crate) async fn swap(&self, folder: &Path, name: &str) -> SwapReport {
        let other = backplane_tests::another_build(&library(), folder, name);
        let host = self.host.clone();
        tokio::task::spawn_blocking(move || host.swap("waku", &other, None))
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn stop(self) {
        let host = self.host.clone();
        let complaints = tokio::task::spawn_blocking(move || host.stop()).await.unwrap();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}
