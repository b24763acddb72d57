//! The node as a module: `waku.relay`, `waku.node`, `waku.lightpush`, `waku.filter`, `waku.store` and `waku.messaging`.
//!
//! A call goes from its trait ([`relay`], [`node`], [`services`], [`store`], [`messaging`]) to the [`Node`], with the types turned in [`convert`]. A message
//! goes from the node through [`forward`] to the event. What a successor takes over is in [`state`]; what any later
//! start finds, a swap or not, is in [`kept`] and, as far as it is messages, in the [`archive`].

mod archive;
mod config;
mod convert;
mod forward;
mod health;
mod kept;
mod messaging;
mod node;
mod operator;
mod peer_store;
mod preset;
mod redial;
mod relay;
mod services;
mod state;
mod store;
mod subscriptions;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use backplane_sdk::prelude::*;
use libp2p::multiaddr::Protocol;
use storage_api::KvClient;
use tokio::task::{JoinSet, spawn_blocking};
use waku_api::RelayStarted;

use crate::{Followed, Messaging, Multiaddr, Node, NodeConfig, NodeError, NodeKey, limits::FORWARD_TIMEOUT};
use kept::Kept;
use peer_store::PeerStore;
use subscriptions::Subscriptions;

pub use config::{ConfigFault, NatError, NodeKeyText, RatioError, WakuConfig};
pub use state::{
    ConnectedPeer, FilteredTopics, FollowedTopics, PendingMessage, ShardGap, Subscriber, WakuState,
};

/// The module.
pub struct Waku {
    node: Node,
    followed: Arc<Followed>,
    messaging: Messaging,
    subscriptions: Subscriptions,
    /// What hands on to the events.
    forwarding: Mutex<JoinSet<()>>,
    kept: Kept,
    peer_store: Option<PeerStore>,
    archive: Option<archive::Kept>,
}

/// A Waku v2 node. It relays messages over gossipsub and tells them by events.
#[module(
    name = "waku",
    provides(
        waku_api::Relay,
        waku_api::Node,
        waku_api::LightPush,
        waku_api::Filter,
        waku_api::Store,
        waku_api::Messaging
    ),
    optional(KvClient = "^1.2"),
    state(version = 1),
    workers = 2,
    exclusive("tcp, websocket and udp ports")
)]
impl Module for Waku {
    type Config = WakuConfig;
    type State = WakuState;

    fn check(config: &WakuConfig) -> Result<(), Error> {
        Ok(config.check()?)
    }

    async fn start(context: Context, config: WakuConfig) -> Result<Self, Error> {
        let kept = Kept::new(context.data_dir());
        let key = key(&config, context.data_dir()).await?;
        let archive = archive::open(&context, &config).await?;
        let node = NodeConfig {
            store: archive.clone(),
            ..in_folder(config.node(key)?, context.data_dir())
        };
        let node = start_on_kept_ports(node, &kept).await?;
        node.remember(kept.take_delivered().await);
        let receiver = node.messages()?;
        let followed = Arc::new(Followed::new(node.clone()));
        let subscriptions = Subscriptions::new(node.clone(), followed.clone());
        let (messaging, news) = Messaging::new(node.clone(), followed.clone());
        let started = RelayStarted {
            cluster: node.sharding().cluster(),
            shard_count: node.sharding().count().unwrap_or_default(),
        };
        let mut forwarding = JoinSet::new();
        let events = forward::MessageEvents {
            relay: context.events(),
            messaging: context.events(),
            topics: subscriptions.of_messaging(),
        };
        forwarding.spawn(forward::messages(receiver, events, started));
        forwarding.spawn(forward::peer_count(node.connected(), context.events()));
        forwarding.spawn(messaging::tell(news, context.events()));
        tracing::info!(peer_id = %node.peer_id(), addresses = ?node.bound(), "the node listens");
        let peer_store = PeerStore::open(&context, &node).await;
        let archive = archive.map(|it| archive::Kept::new(node.clone(), it, config.store_resume));
        Ok(Self {
            followed,
            messaging,
            node,
            subscriptions,
            forwarding: Mutex::new(forwarding),
            kept,
            peer_store,
            archive,
        })
    }

    async fn stop(&self) {
        if let Some(peers) = &self.peer_store {
            peers.close().await;
        }
        self.node.shutdown().await;
        let forwarding = std::mem::take(&mut *self.forwarding.lock().unwrap_or_else(PoisonError::into_inner));
        if tokio::time::timeout(FORWARD_TIMEOUT, forwarding.join_all())
            .await
            .is_err()
        {
            tracing::warn!("subscribers were too slow for the last messages, which they lost");
        }
        self.kept.keep_delivered(self.node.delivered()).await;
        if let Some(archive) = &self.archive {
            archive.close().await;
        }
    }

    async fn export(&self) -> Result<WakuState, Error> {
        let peers = self.node.peers().await?;
        let filtered = self.node.filter_subscriptions().await?;
        let subscribers = self.subscriptions.export().await;
        let mut state = WakuState::new(&peers, subscribers, filtered, &self.followed);
        state.pending = self.messaging.pending().into_iter().map(Into::into).collect();
        state.gaps = self.messaging.gaps().into_iter().map(Into::into).collect();
        Ok(state)
    }

    async fn import(&self, _version: u32, state: WakuState) -> Result<(), Error> {
        self.subscriptions.import(state.subscribers).await?;
        let subscriptions = |topics: Vec<FilteredTopics>| {
            let topics = topics.into_iter();
            topics.filter_map(FilteredTopics::subscription).collect()
        };
        self.node.filter_restore(subscriptions(state.filtered)).await?;
        self.followed.restore(subscriptions(state.followed_at));
        for followed in state.followed {
            let shard = followed.pubsub_topic.parse().ok();
            if let Err(error) = self.followed.follow(shard, followed.content_topics) {
                tracing::warn!(%error, "what was followed is not any more");
            }
        }
        let pending = state.pending.into_iter().filter_map(PendingMessage::pending);
        let gaps = state.gaps.into_iter().filter_map(ShardGap::gap);
        self.messaging.restore(pending.collect(), gaps.collect());
        redial::hold(&self.node, &state.held).await;
        tokio::spawn(redial::redial(self.node.clone(), state.connected));
        Ok(())
    }
}

async fn key(config: &WakuConfig, data_dir: &Path) -> Result<NodeKey, Error> {
    if let Some(text) = &config.node_key {
        return Ok(text.key()?);
    }
    let path: PathBuf = data_dir.join(config.node_key_file.as_deref().unwrap_or(kept::NODE_KEY));
    Ok(spawn_blocking(move || NodeKey::load_or_create(path)).await??)
}

/// With the files of secure WebSocket in the module's folder, where their paths are relative.
fn in_folder(mut node: NodeConfig, folder: &Path) -> NodeConfig {
    if let Some(identity) = &mut node.tls.identity {
        identity.key = folder.join(&identity.key);
        identity.certificate = folder.join(&identity.certificate);
    }
    node.tls.trust = node.tls.trust.map(|path| folder.join(path));
    node
}

/// Starts the node on the ports that the system chose last time, as far as they are still free: whoever knows the
/// address of this node finds it again after a swap and after a restart.
async fn start_on_kept_ports(config: NodeConfig, kept: &Kept) -> Result<Node, Error> {
    let discv5 = config.discv5.map(udp);
    let configured: Vec<Multiaddr> = config.listen.iter().cloned().chain(discv5).collect();
    let mut listen = kept.addresses(&configured).await;
    loop {
        let (tcp, discv5) = listen.split_at(config.listen.len());
        let attempt = NodeConfig {
            listen: tcp.to_vec(),
            discv5: discv5.iter().find_map(config::udp_socket),
            ..config.clone()
        };
        match Node::start(attempt).await {
            Ok(node) => {
                let discv5 = node.discv5().map(udp);
                let bound: Vec<Multiaddr> = node.bound().iter().cloned().chain(discv5).collect();
                kept.keep_addresses(&configured, &bound).await;
                return Ok(node);
            }
            Err(NodeError::Listen { address, reason }) => {
                let mut pairs = listen.iter_mut().zip(&configured);
                let Some((kept, configured)) = pairs.find(|(it, other)| **it == address && it != other)
                else {
                    return Err(NodeError::Listen { address, reason }.into());
                };
                tracing::info!(%address, reason, "the port of last time is not free, another one is taken");
                kept.clone_from(configured);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn udp(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Udp(address.port()))
}
