//! How other nodes are found.

use super::{Flag, Kind::*, PORT, Role::*, U32, flags};

flags! {
    DNS_DISCOVERY = "dns-discovery", (Switch), ["false"],
        Idle("wakunode2 reads it and goes on as before; --dns-discovery-url names a list"), "Find nodes in DNS (deprecated)";
    DNS_DISCOVERY_URL = "dns-discovery-url", (Text), [], Does("is added to `dns-discovery`"),
        "A list of nodes in DNS, enrtree://KEY@DOMAIN";
    DISCV5_DISCOVERY = "discv5-discovery", (Switch), ["true"], Does("without it there is no `discv5-address`"),
        "Find nodes by discv5";
    DISCV5_UDP_PORT = "discv5-udp-port", (PORT), ["9000"], Does("is the port of `discv5-address`"),
        "The port of discv5; 0 for any";
    DISCV5_BOOTSTRAP_NODE = "discv5-bootstrap-node", [Text], [], Does("is added to `bootstrap-nodes`"),
        "The record of a node to begin with, enr:…";
    DISCV5_ENR_AUTO_UPDATE = "discv5-enr-auto-update", (Switch), ["false"],
        Lacks("the node's record says what the configuration says; leave the flag out, and name the address with --nat=extip:IP"),
        "Let others say what the address of the node is";
    DISCV5_TABLE_IP_LIMIT = "discv5-table-ip-limit", (U32), ["10"],
        Lacks("the limit is 10 nodes of one network; leave the flag out"), "Nodes of one IP address in the table";
    DISCV5_BUCKET_IP_LIMIT = "discv5-bucket-ip-limit", (U32), ["2"],
        Lacks("the limit is 2 nodes of one network; leave the flag out"), "Nodes of one IP address in a bucket";
    DISCV5_BITS_PER_HOP = "discv5-bits-per-hop", (U32), ["1"], Lacks("it is 1; leave the flag out"),
        "The parameter b of Kademlia";
    PEER_EXCHANGE = "peer-exchange", (Switch), ["true"], Key("peer-exchange"), "Tell peers of others on request";
    PEER_EXCHANGE_NODE = "peer-exchange-node", (Text), [], Key("peer-exchange-node"), "The multiaddr of a peer to ask for others";
    RENDEZVOUS = "rendezvous", (Switch), ["true"], Idle("it is for mix alone, which this node lacks"),
        "Serve rendezvous";
    ENABLE_KAD_DISCOVERY = "enable-kad-discovery", (Switch), [],
        Lacks("there is no Kademlia; leave the flag out, discv5 and DNS find nodes"), "Find nodes by Kademlia";
    KAD_BOOTSTRAP_NODE = "kad-bootstrap-node", [Text], [],
        Lacks("there is no Kademlia; leave the flag out, and name the node with --staticnode"),
        "The multiaddr of a node of Kademlia to begin with";
    KAD_RANDOM_LOOKUP_INTERVAL = "kad-random-lookup-interval", (U32), ["60"],
        Lacks("there is no Kademlia; leave the flag out"), "Seconds between two lookups of Kademlia";
    KAD_SERVICE_LOOKUP_INTERVAL = "kad-service-lookup-interval", (U32), ["60"],
        Lacks("there is no Kademlia; leave the flag out"), "Seconds between two lookups of a service";
}
