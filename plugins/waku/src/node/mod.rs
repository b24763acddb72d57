//! The running node: its handle here, its driver beside.

mod announce;
mod behaviour;
mod book;
mod catch_up;
mod circuits;
mod command;
mod config;
mod connect;
mod crowd;
mod delivery;
mod discovery;
mod driver;
mod error;
mod filter_client;
mod filter_server;
mod filter_services;
mod hear;
mod history;
mod key;
mod lightpush;
mod listed;
mod listen;
mod measure;
mod meters;
mod peer_exchange;
mod peers;
mod pool;
mod publish;
mod reachability;
mod record;
mod redial;
mod resume;
mod seek;
mod seen;
mod service_nodes;
mod services;
mod share;
mod stats;
mod stop;
mod store_client;
mod store_server;
mod sync;
mod sync_session;
mod sync_transfer;
mod sync_work;
mod tls;
mod transport;

use std::{
    collections::BTreeSet,
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    Archive, MessageHash, NodeRecord, PubsubTopic, ShardError, Shards, WakuMessage,
    limits::COMMAND_QUEUE,
    relay::{Protected, Rules},
};
use announce::Announce;
use book::Source;
use command::Command;
use delivery::Delivery;
use driver::Driver;
use meters::Meters;
use stats::Counters;

pub use book::KnownPeer;
pub use circuits::Circuits;
pub use config::{ConfigError, DnsConfig, FilterConfig, Muxers, NodeConfig};
pub use delivery::{MessageReceiver, Origin, ReceivedMessage};
pub use error::{
    ConnectError, FilterError, HistoryError, LightPushError, NodeError, PublishError, ServiceError, Stopped,
    SubscribeError, SyncError,
};
pub use filter_server::FilterSubscriber;
pub use filter_services::FilterSubscription;
pub use history::History;
pub use key::{KeyError, NodeKey};
pub use lightpush::LightPushReceipt;
pub use listed::{Connectedness, ListedPeer, PeerOrigin};
pub use peers::{Direction, PeerInfo};
pub use pool::{Followed, SendError};
pub use reachability::Reachability;
pub use resume::ResumeError;
pub use service_nodes::ServiceNodes;
pub use stats::{NodeStats, SyncStats};
pub use sync::{SyncConfig, SyncReport};
pub use tls::{TlsConfig, TlsError, TlsIdentity};

/// A running Waku node. Clones are handles of the same node; it stops when [`shutdown`](Self::shutdown) is
/// called or the last handle is dropped.
///
/// It runs as one task on the tokio runtime that [`start`](Self::start) was called on. All methods may be
/// called from any thread of any runtime. Cancelling a call does no harm; what it asked for may still happen.
#[derive(Clone)]
pub struct Node {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    bound: Arc<[Multiaddr]>,
    discv5: Option<SocketAddr>,
    connected: watch::Receiver<usize>,
}

/// What handle and driver both use.
struct Shared {
    peer_id: PeerId,
    sharding: Shards,
    relay: bool,
    services: ServiceNodes,
    rules: Rules,
    delivery: Delivery,
    archive: Option<Archive>,
    counters: Counters,
    meters: Meters,
}

/// What a node is and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeInfo {
    /// The node's peer id.
    pub peer_id: PeerId,
    /// Where it listens, in the order of the configuration; each address ends in `/p2p/` and the peer id, so
    /// that others can dial it as it stands.
    pub listen_addresses: Vec<Multiaddr>,
    /// Where others reach it, as they are told, the best first; each ends as those do.
    pub announced: Vec<Multiaddr>,
    /// Whether others can reach it, as far as peers were asked to try.
    pub reachability: Reachability,
    /// What peers are told about this program.
    pub agent: String,
    /// The node's record, by which others find it where there is no connection yet.
    pub record: NodeRecord,
    /// The cluster.
    pub cluster: u16,
    /// The shards that it relays, in order.
    pub shards: Vec<ShardInfo>,
    /// Peers that are connected.
    pub connected_peers: usize,
    /// What it serves.
    pub services: Services,
    /// Counts since the start.
    pub stats: NodeStats,
}

/// What a node serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Services {
    /// It relays.
    pub relay: bool,
    /// It publishes for light nodes.
    pub lightpush: bool,
    /// It pushes messages to light nodes.
    pub filter: bool,
    /// It answers queries about past messages.
    pub store: bool,
    /// It tells of other peers.
    pub peer_exchange: bool,
}

/// How well a shard is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardInfo {
    /// The shard.
    pub topic: PubsubTopic,
    /// Connected peers that take part in it.
    pub peers: usize,
    /// Those among them that are neighbours in the mesh.
    pub mesh: usize,
}

impl Node {
    /// Starts a node and returns once it listens on every address of the configuration. Static peers are
    /// dialled from then on.
    ///
    /// # Errors
    /// [`NodeError`]: the configuration is out of bounds, an address can't be listened on within
    /// [`LISTEN_TIMEOUT`](crate::limits::LISTEN_TIMEOUT), or a file or name of the configuration is of no use.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time and IO enabled.
    pub async fn start(config: NodeConfig) -> Result<Self, NodeError> {
        config.check()?;
        if config.store_sync.is_some() && config.store.is_none() {
            return Err(ConfigError::NeedsStore.into());
        }
        let shared = Arc::new(Shared {
            peer_id: config.key.peer_id(),
            sharding: config.sharding(),
            relay: config.relay,
            services: config.service_nodes.clone(),
            rules: Rules {
                max_size: config.max_message_size,
                protected: Protected::new(config.protected_shards.iter().cloned()),
            },
            delivery: Delivery::new(config.receiver_queue),
            archive: config.store.clone(),
            counters: Counters::default(),
            meters: Meters::default(),
        });
        let (commands, inbox) = mpsc::channel(COMMAND_QUEUE);
        let (discv5, key) = (config.discv5, config.key.clone());
        let (bootstrap, dns) = (config.bootstrap.clone(), config.dns.clone());
        let tls = tls::watched(config.tls.clone()).await?;
        let announce = Announce::new(&config).await?;
        let mut driver = Driver::new(config, inbox, shared.clone(), tls, announce)?;
        driver.listen().await?;
        if let Some(discv5) = discv5 {
            driver.start_discv5(discv5, &key, &bootstrap).await?;
        }
        driver.learn(bootstrap, Source::User);
        driver.start_dns(dns)?;
        let (bound, connected) = (driver.listen.clone().into(), driver.connected.subscribe());
        let discv5 = driver.discv5_address;
        tokio::spawn(driver.run());
        Ok(Self {
            commands,
            shared,
            bound,
            discv5,
            connected,
        })
    }

    /// The node's peer id.
    pub fn peer_id(&self) -> PeerId {
        self.shared.peer_id
    }

    /// The listen addresses of the configuration, in its order, with the ports that the system chose.
    pub fn bound(&self) -> &[Multiaddr] {
        &self.bound
    }

    /// Where discv5 listens, with the port that the system chose.
    pub fn discv5(&self) -> Option<SocketAddr> {
        self.discv5
    }

    /// The number of connected peers, and when it changes. It ends with the node.
    pub fn connected(&self) -> watch::Receiver<usize> {
        self.connected.clone()
    }

    /// The sharding rule of the node.
    pub fn sharding(&self) -> Shards {
        self.shared.sharding
    }

    /// Whether the node takes part in shards.
    pub fn relays(&self) -> bool {
        self.shared.relay
    }

    /// Checks a message as [`publish`](Self::publish) does, and fills in its topic and timestamp.
    pub(crate) fn prepare(
        &self,
        pubsub_topic: Option<PubsubTopic>,
        message: WakuMessage,
    ) -> Result<(PubsubTopic, MessageHash, WakuMessage), PublishError> {
        let prepared = publish::prepare(&self.shared, pubsub_topic, message)?;
        Ok((prepared.topic, prepared.hash, prepared.message))
    }

    /// Publishes a message and returns its hash once it is queued to the peers of its shard.
    ///
    /// Without a pubsub topic, the shard follows from the content topic. A timestamp of 0 becomes the present
    /// time. A node need not relay a shard to publish on it.
    ///
    /// # Errors
    /// [`PublishError`]. After [`NoPeers`](PublishError::NoPeers) the same message may be published again.
    pub async fn publish(
        &self,
        pubsub_topic: Option<PubsubTopic>,
        message: WakuMessage,
    ) -> Result<MessageHash, PublishError> {
        let prepared = publish::prepare(&self.shared, pubsub_topic, message)?;
        self.ask(|reply| Command::Publish(prepared, reply)).await?
    }

    /// Delivers the messages of these content topics to the receivers. With autosharding the node also joins
    /// their shards. Subscribing twice is the same as once.
    ///
    /// # Errors
    /// [`SubscribeError`], with nothing subscribed.
    pub async fn subscribe(&self, content_topics: Vec<String>) -> Result<(), SubscribeError> {
        for topic in &content_topics {
            match self.shared.sharding.of_text(topic) {
                Ok(_) | Err(ShardError::StaticSharding) => {}
                Err(source) => {
                    return Err(SubscribeError::ContentTopic {
                        topic: topic.clone(),
                        source,
                    });
                }
            }
        }
        self.shared.delivery.subscribe(content_topics)?;
        Ok(self.ask(Command::SyncShards).await?)
    }

    /// Takes content topics back and leaves the shards that nothing needs any more. Unknown ones are no
    /// error.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn unsubscribe(&self, content_topics: Vec<String>) -> Result<(), Stopped> {
        self.shared.delivery.unsubscribe(&content_topics);
        self.ask(Command::SyncShards).await
    }

    /// Joins these shards and delivers all their messages to the receivers.
    ///
    /// # Errors
    /// [`SubscribeError::WrongCluster`] with nothing subscribed, [`SubscribeError::Stopped`].
    pub async fn subscribe_shards(&self, shards: Vec<PubsubTopic>) -> Result<(), SubscribeError> {
        shards.iter().try_for_each(|shard| self.in_cluster(shard))?;
        self.shared.delivery.subscribe_shards(&shards);
        Ok(self.ask(Command::SyncShards).await?)
    }

    /// Takes shards back. Those of the configuration are still relayed. Unknown ones are no error.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn unsubscribe_shards(&self, shards: Vec<PubsubTopic>) -> Result<(), Stopped> {
        self.shared.delivery.unsubscribe_shards(&shards);
        self.ask(Command::SyncShards).await
    }

    /// A new receiver of messages, from now on. Each receiver gets every message; at most
    /// [`MAX_RECEIVERS`](crate::limits::MAX_RECEIVERS) exist at once.
    ///
    /// # Errors
    /// [`SubscribeError::TooManyReceivers`].
    pub fn messages(&self) -> Result<MessageReceiver, SubscribeError> {
        self.shared.delivery.receiver()
    }

    /// The messages that were delivered of late, the oldest first, each with the time since then. At most
    /// [`DELIVERED_CAPACITY`](crate::limits::DELIVERED_CAPACITY).
    pub fn delivered(&self) -> Vec<(MessageHash, Duration)> {
        self.shared.delivery.delivered(Instant::now())
    }

    /// Counts these messages, the oldest first, as delivered before, each so long ago.
    pub fn remember(&self, delivered: Vec<(MessageHash, Duration)>) {
        self.shared.delivery.remember(delivered, Instant::now());
    }

    /// Connects to a peer and returns once it is known to be of our cluster, or not to tell; at once if it is
    /// connected already. The address may name a host, and need not name the peer.
    ///
    /// # Errors
    /// [`ConnectError`], after about 30 s at the latest.
    pub async fn connect(&self, address: Multiaddr) -> Result<PeerId, ConnectError> {
        self.ask(|reply| Command::Connect(address, reply)).await?
    }

    /// Closes all connections to the peer that the address names, or to the one that is connected by it, and
    /// returns when they are closed. A static peer is not dialled again until [`connect`](Self::connect) is
    /// called for it.
    ///
    /// # Errors
    /// [`ConnectError::NotConnected`], [`ConnectError::TooMany`], [`ConnectError::Stopped`].
    pub async fn disconnect(&self, address: Multiaddr) -> Result<(), ConnectError> {
        self.ask(|reply| Command::Disconnect(address, reply)).await?
    }

    /// The connected peers, then the static ones that are not connected.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn peers(&self) -> Result<Vec<PeerInfo>, Stopped> {
        self.ask(Command::Peers).await
    }

    /// What the node is and where it stands.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn info(&self) -> Result<NodeInfo, Stopped> {
        self.ask(Command::Info).await
    }

    /// The node's counts, also after it has stopped.
    pub fn stats(&self) -> NodeStats {
        self.shared.counters.snapshot()
    }

    /// Sends what is queued within [`FLUSH_TIMEOUT`](crate::limits::FLUSH_TIMEOUT), closes all connections
    /// within [`SHUTDOWN_TIMEOUT`](crate::limits::SHUTDOWN_TIMEOUT) and stops; its ports are free then.
    /// Receivers end after what waits in them. Stopping twice is no error.
    pub async fn shutdown(&self) {
        // Either the driver answers when it is done, or it is gone already.
        let _stopped = self.ask(Command::Shutdown).await;
    }

    fn in_cluster(&self, shard: &PubsubTopic) -> Result<(), SubscribeError> {
        let (found, ours) = (shard.cluster(), self.shared.sharding.cluster());
        if found == ours {
            Ok(())
        } else {
            Err(SubscribeError::WrongCluster { found, ours })
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }
}

impl Shared {
    /// The shards to take part in: those of the configuration and those that subscriptions need.
    fn wanted_shards(&self, configured: &BTreeSet<PubsubTopic>) -> BTreeSet<PubsubTopic> {
        if !self.relay {
            return BTreeSet::new();
        }
        self.delivery
            .needed_shards(self.sharding)
            .union(configured)
            .copied()
            .collect()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("peer_id", &self.shared.peer_id)
            .finish_non_exhaustive()
    }
}
