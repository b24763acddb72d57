//! The node that exchanges blocks with others, where the plugin is built with it.

use backplane_sdk::Error;

use super::StorageConfig;

/// Whether a configuration wants a node.
fn wanted(config: &StorageConfig) -> bool {
    let some = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    some(&config.content_listen) || some(&config.content_peers)
}

#[cfg(feature = "content-exchange")]
mod built {
    use storage_api as api;
    use storage_api::ContentError;
    use storage_content::{Cid, Contents, FileInfo, Node, NodeOptions, parse_address};

    use super::super::convert;
    use super::{Error, StorageConfig};

    pub(in super::super) struct ExchangeOptions(NodeOptions);

    pub(in super::super) struct Exchange(Node);

    fn parse(config: &StorageConfig) -> storage_content::Result<NodeOptions> {
        let all = |field, list: &Option<Vec<String>>| {
            let list = list.iter().flatten();
            list.map(|address| parse_address(field, address))
                .collect::<Result<_, _>>()
        };
        Ok(NodeOptions {
            listen: all("content_listen", &config.content_listen)?,
            peers: all("content_peers", &config.content_peers)?,
            ..NodeOptions::default()
        })
    }

    /// Refuses addresses that are none.
    pub(in super::super::super) fn check_addresses(config: &StorageConfig) -> Result<(), Error> {
        parse(config).map(drop).map_err(|error| error.to_string().into())
    }

    impl ExchangeOptions {
        /// `None` where no node is configured.
        pub(in super::super) fn new(config: &StorageConfig) -> Option<Self> {
            // The addresses were checked.
            super::wanted(config)
                .then(|| parse(config).ok().map(Self))
                .flatten()
        }

        pub(in super::super) async fn start(&self, contents: Contents) -> Result<Exchange, ContentError> {
            let node = Node::start(contents, self.0.clone())
                .await
                .map_err(convert::error)?;
            let info = node.info();
            tracing::info!(peer = %info.peer, addresses = ?info.addresses, "the node of storage.content is up");
            Ok(Exchange(node))
        }
    }

    impl Exchange {
        pub(in super::super) async fn fetch(
            &self,
            owner: &str,
            cid: Cid,
            pinned: bool,
        ) -> Result<FileInfo, ContentError> {
            self.0.fetch(owner, cid, pinned).await.map_err(convert::error)
        }

        pub(in super::super) async fn dial(&self, address: &str) -> Result<(), ContentError> {
            let address = parse_address("address", address).map_err(convert::error)?;
            self.0.dial(address).await.map_err(convert::error)
        }

        pub(in super::super) fn info(&self) -> api::ContentNode {
            let info = self.0.info();
            let peer = |peer: storage_content::PeerInfo| api::ContentPeer {
                peer: peer.peer.to_string(),
                connected: peer.connected,
                banned: peer.banned,
                blocks: peer.blocks,
            };
            api::ContentNode {
                peer: info.peer.to_string(),
                addresses: info.addresses.iter().map(ToString::to_string).collect(),
                peers: info.peers.into_iter().map(peer).collect(),
            }
        }

        pub(in super::super) async fn stop(&self) {
            self.0.stop().await;
        }
    }
}

#[cfg(not(feature = "content-exchange"))]
mod built {
    use storage_api as api;
    use storage_api::ContentError;
    use storage_content::{Cid, Contents, FileInfo};

    use super::{Error, StorageConfig};

    /// There never is one.
    pub(in super::super) enum ExchangeOptions {}

    /// There never is one.
    pub(in super::super) enum Exchange {}

    /// Refuses any address.
    pub(in super::super::super) fn check_addresses(config: &StorageConfig) -> Result<(), Error> {
        match super::wanted(config) {
            true => Err("content_listen and content_peers need a plugin that is built with the feature content-exchange".into()),
            false => Ok(()),
        }
    }

    impl ExchangeOptions {
        pub(in super::super) const fn new(_: &StorageConfig) -> Option<Self> {
            None
        }

        pub(in super::super) async fn start(&self, _: Contents) -> Result<Exchange, ContentError> {
            match *self {}
        }
    }

    impl Exchange {
        pub(in super::super) async fn fetch(
            &self,
            _: &str,
            _: Cid,
            _: bool,
        ) -> Result<FileInfo, ContentError> {
            match *self {}
        }

        pub(in super::super) async fn dial(&self, _: &str) -> Result<(), ContentError> {
            match *self {}
        }

        pub(in super::super) fn info(&self) -> api::ContentNode {
            match *self {}
        }

        pub(in super::super) async fn stop(&self) {
            match *self {}
        }
    }
}

pub(in super::super) use built::check_addresses;
pub(super) use built::{Exchange, ExchangeOptions};
