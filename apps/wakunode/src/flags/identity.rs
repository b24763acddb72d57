//! Who the node is, where it listens and what it tells of that.

use super::{Flag, Kind::*, PORT, Role::*, flags};

flags! {
    NODEKEY = "nodekey", (Secret), [],
        Does("is `node-key`; without it the key lies in `modules/waku/nodekey` in the data folder, and is made if need be"),
        "The private key of the node, 64 hexadecimal digits; other users of the machine may see a command line";
    LISTEN_ADDRESS = "listen-address", (Ip), ["0.0.0.0"],
        Does("is the address of all of `listen-addresses` and of `discv5-address`"), "Where peers are listened for";
    TCP_PORT = "tcp-port", (PORT), ["60000"], Does("is a port in `listen-addresses`"), "The port of TCP; 0 for any";
    PORTS_SHIFT = "ports-shift", (Number(0, 65535)), ["0"], Does("is added to every port but 0"),
        "A number that is added to all ports";
    NAT = "nat", (Text), ["any"], Key("nat"), "How the public address is found: any, none or extip:IP";
    EXT_MULTIADDR = "ext-multiaddr", [Text], [], Key("external-addresses"),
        "A multiaddr by which others reach the node";
    EXT_MULTIADDR_ONLY = "ext-multiaddr-only", (Switch), ["false"], Key("external-addresses-only"),
        "Tell peers of no other address than --ext-multiaddr";
    MAX_CONNECTIONS = "max-connections", (Number(1, 10000)), ["150"], Key("max-connections"),
        "Connections in both directions together";
    RELAY_SERVICE_RATIO = "relay-service-ratio", (Text), ["50:50"], Key("relay-service-ratio"),
        "How connections are shared between relay and services";
    IP_COLOCATION_LIMIT = "ip-colocation-limit", (Number(0, 10000)), ["5"], Key("ip-colocation-limit"),
        "Connections to one IP address, but the loopback one; 0 for any number";
    PEER_STORE_CAPACITY = "peer-store-capacity", (Number(1, 1000)), [], Key("peer-store-capacity"),
        "How many peers are known at once";
    PEER_PERSISTENCE = "peer-persistence", (Switch), ["false"],
        Idle("the node keeps its peers in any case, in its storage"), "Whether peers are known after a restart";
    DNS4_DOMAIN_NAME = "dns4-domain-name", (Text), [], Key("dns4-domain-name"),
        "The name in DNS of the node's address";
    DNS_ADDRS_NAME_SERVER = "dns-addrs-name-server", [Ip], ["1.1.1.1", "1.0.0.1"], Key("dns-name-servers"),
        "A name server that is asked for lists of nodes";
    KEEP_ALIVE = "keep-alive", (Switch), ["true"], Idle("connections are always kept alive, as in wakunode2"),
        "Keep connections alive (deprecated)";
    RELAY_CLIENT = "relay-client", (Switch), ["false"],
        Does("is `relay-client`; without it the node relays connections for others, by `circuit-relay`"),
        "Be reached through circuit relays";
}
