//! The relay and its shards.

use super::{Flag, Kind::*, Role::*, flags};

flags! {
    RELAY = "relay", (Switch), ["true"], Key("relay"), "Whether to take part in the relay";
    RELAY_PEER_EXCHANGE = "relay-peer-exchange", (Switch), ["false"],
        Lacks("the relay tells no peers when it prunes; leave the flag out, --peer-exchange tells of peers on request"),
        "Tell of peers in the relay protocol";
    RELAY_SHARD_MANAGER = "relay-shard-manager", (Switch), ["false"],
        Idle("the node looks for peers in each of its shards in any case"), "Look for peers in each shard";
    NUM_SHARDS_IN_NETWORK = "num-shards-in-network", (Number(0, 1024)), ["0"],
        Does("is `num-shards-in-network`; 0 stands for static sharding, or for what the preset says"),
        "The number of shards for autosharding, or 0";
    SHARD = "shard", [Number(0, 1023)], [], Key("shards"),
        "A shard to take part in [default: all with autosharding, none with static sharding]";
    CONTENT_TOPIC = "content-topic", [Text], [], Does("is subscribed to by `waku.relay.subscribe` whenever the relay begins"),
        "A content topic to subscribe to";
    PROTECTED_SHARD = "protected-shard", [Text], [], Key("protected-shards"),
        "A shard and the public key of those who may publish there, SHARD:KEY";
    STATICNODE = "staticnode", [Text], [], Does("is added to `static-peers`"), "The multiaddr of a peer to stay connected to";
    ENTRY_NODE = "entry-node", [Text], [],
        Does("is added to `static-peers`, `bootstrap-nodes` or `dns-discovery`, whichever it fits"),
        "A node to begin with: a multiaddr, `enr:…` or `enrtree://…`";
}
