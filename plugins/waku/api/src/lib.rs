//! The contracts of the waku plugin: [`Relay`], `waku.relay`, carries messages; [`Node`], `waku.node`, tells and
//! steers whom the node is connected to.
//!
//! Timestamps are nanoseconds since the Unix epoch. A pubsub topic names a shard: `/waku/2/rs/CLUSTER/SHARD`. Peer
//! ids and multiaddrs are in their text forms.

mod error;
mod node;
mod relay;
mod types;

pub use error::{ConnectError, NodeError, PublishError, SubscribeError, TopicError};
pub use node::{Node, NodeClient, NodeEvents, NodeInterface, node_events};
pub use relay::{Relay, RelayClient, RelayEvents, RelayInterface, relay_events};
pub use types::{
    Direction, MessageHash, NodeInfo, NodeStats, Origin, PeerCount, PeerInfo, ReceivedMessage, RelayStarted,
    ShardInfo, WakuMessage,
};
