//! The contracts of the waku plugin: [`Relay`], `waku.relay`, carries messages; [`Node`], `waku.node`, tells and
//! steers whom the node is connected to; [`LightPush`], `waku.lightpush`, and [`Filter`], `waku.filter`, publish and
//! receive through peers; [`Store`], `waku.store`, reads the history of topics; [`Messaging`], `waku.messaging`, sends and
//! receives whichever way there is.
//!
//! Timestamps are nanoseconds since the Unix epoch. A pubsub topic names a shard: `/waku/2/rs/CLUSTER/SHARD`. Peer
//! ids and multiaddrs are in their text forms.

mod error;
mod filter;
mod lightpush;
mod messaging;
mod messaging_types;
mod node;
mod node_types;
mod relay;
mod store;
mod store_types;
mod types;

pub use error::{
    ConnectError, FilterError, LightPushError, NodeError, PublishError, SendError, ServiceError, StoreError,
    SubscribeError, TopicError,
};
pub use filter::{Filter, FilterClient, FilterInterface};
pub use lightpush::{LightPush, LightPushClient, LightPushInterface};
pub use messaging::{Messaging, MessagingClient, MessagingEvents, MessagingInterface, messaging_events};
pub use messaging_types::{
    ConnectionStatus, FailureReason, Health, MessageFailure, MessageReceipt, MessagingError, MessagingHealth,
    TopicHealth,
};
pub use node::{Node, NodeClient, NodeEvents, NodeInterface, node_events};
pub use node_types::{
    Connectedness, FilterCriterion, FilterSubscriber, HealthState, KnownPeer, MetricFamily, MetricHistogram,
    MetricKind, MetricLabel, MetricSample, MetricScope, MetricValue, NodeHealth, PeerOrigin, ProtocolHealth,
};
pub use relay::{Relay, RelayClient, RelayEvents, RelayInterface, relay_events};
pub use store::{Store, StoreClient, StoreInterface};
pub use store_types::{ArchiveFigures, StorePage, StoreQuery, StoredMessage};
pub use types::{
    Direction, LightPushReceipt, MessageHash, NodeInfo, NodeStats, Origin, PeerCount, PeerInfo, Reachability,
    ReceivedMessage, RelayStarted, ShardInfo, SyncFigures, WakuMessage,
};
