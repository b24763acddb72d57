//! A Waku v2 node: relay over gossipsub, lightpush, filter and store for light nodes and as one, with the metadata,
//! identify and ping protocols that its peers demand.
//!
//! * [`WakuMessage`] and [`MessageHash`]: the message, its wire form and its deterministic hash
//!   (14/WAKU2-MESSAGE).
//! * [`ContentTopic`], [`PubsubTopic`], [`Shards`]: topic names and autosharding (23/WAKU2-TOPICS,
//!   51/WAKU2-RELAY-SHARDING).
//! * [`Node`]: the running node. [`NodeConfig`] says what it listens on, whom it dials and which shards it
//!   relays.
//!
//! Where the specifications and the deployed nodes differ, the node speaks what is on the wire.
//!
//! # What reaches a consumer
//!
//! A node relays every shard it is configured for. It hands a message to the receivers of [`Node::messages`]
//! if somebody subscribed to its content topic ([`Node::subscribe`]) or to its shard
//! ([`Node::subscribe_shards`]). Messages that the node itself publishes are handed over in the same way,
//! also when no peer could be reached, marked [`Origin::Local`]. Each message is handed over once: the
//! message hash is remembered for [`limits::DELIVERED_TTL`].
//!
//! # When a consumer is slow
//!
//! The network never waits for a consumer. A receiver has a bounded queue; when it is full, the newest
//! message is left out for that receiver, counted in [`NodeStats::missed`], and the next message it does get
//! says in [`ReceivedMessage::missed_before`] how many were left out.

pub mod limits;

mod archive;
mod decoders;
mod discovery;
mod enr;
mod exchange;
mod filter;
mod framing;
mod lightpush;
mod message;
mod messaging;
mod metadata;
mod metrics;
mod node;
mod peer_exchange;
mod plugin;
mod rate;
mod relay;
mod status;
mod store;
mod streams;
mod sync;
mod topic;

pub use libp2p::{Multiaddr, PeerId};

pub use archive::{
    ARCHIVE_JOB, Archive, ArchiveConfig, ArchiveError, ArchiveStats, Place, Retention, RetentionError,
};
pub use decoders::{Again, Decoder};
pub use discovery::{TreeUrl, TreeUrlError};
pub use enr::{Capabilities, NodeRecord, RecordError, RecordShards};
pub use message::{DecodeError, MessageHash, ParseHashError, WakuMessage};
pub use messaging::{
    Connection, Health, Messaging, MessagingHealth, MessagingNews, Pending, Receipt, SendNews, TakeError,
};
pub use metrics::{MetricFamily, MetricKind, MetricSample, MetricScope, MetricValue};
pub use node::{
    Circuits, ConfigError, ConnectError, Connectedness, Direction, DnsConfig, FilterConfig, FilterError,
    FilterSubscriber, FilterSubscription, Followed, History, HistoryError, KeyError, KnownPeer,
    LightPushError, LightPushReceipt, ListedPeer, MessageReceiver, Muxers, Node, NodeConfig, NodeError,
    NodeInfo, NodeKey, NodeStats, Origin, PeerInfo, PeerOrigin, PublishError, Reachability, ReceivedMessage,
    ResumeError, SendError, ServiceError, ServiceNodes, Services, ShardInfo, Stopped, SubscribeError,
    SyncConfig, SyncError, SyncReport, SyncStats, TlsConfig, TlsError, TlsIdentity,
};
pub use plugin::{
    ConfigFault, ConnectedPeer, FilteredTopics, FollowedTopics, NatError, NodeKeyText, PendingMessage,
    RatioError, ShardGap, Subscriber, Waku, WakuConfig, WakuState,
};
pub use rate::{RateLimit, RateLimitError, RateLimits};
pub use relay::{ProtectedShard, ProtectedShardError};
pub use status::{Refusal, Status};
pub use store::{StorePage, StoreQuery, StoredMessage};
pub use sync::{ItemSet, RangeContent, SyncDecodeError, SyncPayload, SyncRange, TransferredMessage};
pub use topic::{ContentTopic, PubsubTopic, ShardError, Shards, TopicError};
