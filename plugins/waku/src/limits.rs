//! Every bound of the node, in one place.

use std::time::Duration;

/// Largest serialized [`WakuMessage`](crate::WakuMessage) in bytes, unless configured otherwise: 150 KiB.
pub const MAX_MESSAGE_SIZE: usize = 150 * 1024;
/// Upper end of the configurable message size: 1 MiB, what the Status network uses.
pub const MAX_MESSAGE_SIZE_CEILING: usize = 1024 * 1024;
/// Longest `meta` field in bytes (14/WAKU2-MESSAGE).
pub const MAX_META: usize = 64;
/// On a protected shard, a message is relayed only if its timestamp differs from the present by less.
pub const SIGNED_DRIFT: Duration = Duration::from_secs(5 * 60);
/// Entries of the configuration of protected shards.
pub const MAX_PROTECTED_SHARDS: usize = 1024;
/// Shards in a cluster; the highest index is one less (51/WAKU2-RELAY-SHARDING).
pub const MAX_SHARDS: u16 = 1024;

/// Content topics the node is subscribed to at once.
pub const MAX_CONTENT_TOPICS: usize = 4096;
/// Receivers that [`Node::messages`](crate::Node::messages) hands out at once.
pub const MAX_RECEIVERS: usize = 16;
/// Messages that wait in one receiver, unless configured otherwise.
pub const RECEIVER_QUEUE: usize = 1024;
/// Upper end of the configurable receiver queue.
pub const RECEIVER_QUEUE_CEILING: usize = 65_536;
/// Requests that wait for the node; a caller beyond it waits for a place.
pub const COMMAND_QUEUE: usize = 256;
/// Message hashes remembered so that nothing is delivered twice; the oldest go first.
pub const DELIVERED_CAPACITY: usize = 32_768;
/// How long a delivered message hash is remembered.
pub const DELIVERED_TTL: Duration = Duration::from_secs(7 * 60);

/// Addresses to listen on.
pub const MAX_LISTEN_ADDRS: usize = 16;
/// How long [`Node::start`](crate::Node::start) waits until every listen address is bound.
pub const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long [`Node::shutdown`](crate::Node::shutdown) waits for connections to close.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long [`Node::shutdown`](crate::Node::shutdown) waits for messages that are still queued to peers,
/// before it closes connections.
pub const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// Only messages published this late before the shutdown can still be queued: gossipsub drops what waits
/// longer.
pub const FLUSH_WINDOW: Duration = Duration::from_secs(5);

/// Static peers.
pub const MAX_STATIC_PEERS: usize = 256;
/// Connections, unless configured otherwise.
pub const MAX_CONNECTIONS: u32 = 150;
/// Upper end of the configurable number of connections.
pub const MAX_CONNECTIONS_CEILING: u32 = 10_000;
/// Connections to one peer: two, so that a dial in both directions at once settles without an error, and one by which
/// it is found out whether the peer can be reached.
pub const MAX_CONNECTIONS_PER_PEER: u32 = 3;
/// Connections being set up, in each direction.
pub const MAX_PENDING_CONNECTIONS: u32 = 64;
/// Calls of connect and disconnect that wait at once.
pub const MAX_WAITING: usize = 64;
/// Streams being negotiated by the remote on one connection.
pub const MAX_NEGOTIATING_STREAMS: usize = 128;
/// A connection must be usable this soon after the dial.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection without any stream is closed after this time. Waku peers keep silent connections, so it is
/// long; dead ones are found by ping.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// First pause before a static peer is dialled again; each failure doubles it.
pub const REDIAL_FIRST: Duration = Duration::from_secs(1);
/// Longest pause before a static peer is dialled again.
pub const REDIAL_LAST: Duration = Duration::from_secs(60);
/// A connection that lasted this long ends a row of failures.
pub const REDIAL_STABLE: Duration = Duration::from_secs(10);
/// Peers that are dialled at once after a swap.
pub const REDIAL_AT_ONCE: usize = 16;
/// Rounds of dialling the peers of a predecessor.
pub const REDIAL_ROUNDS: u32 = 3;
/// How long a stopping module waits for subscribers that have no room for the last messages.
pub const FORWARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Pause between two pings on a connection.
pub const PING_INTERVAL: Duration = Duration::from_secs(15);
/// A ping must be answered within this time.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Pings in a row that may fail before the connection is given up.
pub const PING_FAILURES: u32 = 3;
/// Bytes of a peer's agent string that are kept.
pub const MAX_AGENT: usize = 256;
/// Listen addresses of a peer that are kept.
pub const MAX_PEER_ADDRS: usize = 16;
/// Protocols of a peer that are kept.
pub const MAX_PEER_PROTOCOLS: usize = 128;

/// Pause between two lookups of random nodes (33/WAKU2-DISCV5).
pub const LOOKUP_PERIOD: Duration = Duration::from_secs(5);
/// How long the end of discv5 waits until its port is free.
pub const UNBIND_TIMEOUT: Duration = Duration::from_secs(1);
/// Trees of nodes in DNS.
pub const MAX_DNS_TREES: usize = 8;
/// Name servers for these.
pub const MAX_NAME_SERVERS: usize = 8;
/// Lookups below the root of one tree.
pub const MAX_TREE_LOOKUPS: usize = 100;
/// Branches above a record of a tree.
pub const MAX_TREE_DEPTH: usize = 8;
/// Trees that are read for one of the configuration: itself, and those that are linked to.
pub const MAX_TREES: usize = 8;
/// Links that are followed one after the other.
pub const MAX_LINK_DEPTH: usize = 2;
/// Longest text in DNS that is read, in bytes.
pub const MAX_TXT: usize = 4096;
/// A lookup in DNS is given up after this time.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(20);
/// The reading of a tree ends after this time, with what there is.
pub const TREE_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause before a tree is read again.
pub const TREE_PERIOD: Duration = Duration::from_secs(30 * 60);
/// Pause before a tree is tried again that could not be read.
pub const TREE_RETRY: Duration = Duration::from_secs(60);
/// Records of bootstrap nodes.
pub const MAX_BOOTSTRAP: usize = 64;
/// Largest node record in bytes (EIP-778).
pub const MAX_RECORD: usize = 300;
/// Addresses of this node that peers are told in place of those it listens on.
pub const MAX_EXTERNAL_ADDRS: usize = 16;

/// A name is given up that is not resolved within this time at the start.
pub const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest name of this node in DNS, in bytes.
pub const MAX_DOMAIN: usize = 253;

/// Largest file of a key or of certificates, in bytes.
pub const MAX_TLS_FILE: usize = 256 * 1024;
/// Pause between two looks at the files of a certificate.
pub const TLS_LOOK: Duration = Duration::from_secs(5);

/// Relays at which a node behind a NAT reserves circuits.
pub const RESERVED_RELAYS: usize = 2;
/// Pause before a relay is asked again that has refused or gone.
pub const RESERVATION_PAUSE: Duration = Duration::from_secs(30);
/// Reservations that a relay of circuits holds.
pub const MAX_RESERVATIONS: usize = 128;
/// Reservations that a relay of circuits holds for one peer.
pub const MAX_RESERVATIONS_PER_PEER: usize = 4;
/// How long a reservation holds, unless it is renewed.
pub const RESERVATION_TIME: Duration = Duration::from_secs(60 * 60);
/// Circuits that are relayed at once.
pub const MAX_CIRCUITS: usize = 16;
/// Circuits that are relayed for one peer at once.
pub const MAX_CIRCUITS_PER_PEER: usize = 4;
/// A circuit ends after this time.
pub const CIRCUIT_TIME: Duration = Duration::from_secs(2 * 60);
/// A circuit ends after so many bytes in one direction.
pub const CIRCUIT_BYTES: u64 = 128 * 1024;

/// Pause before peers are first asked to dial this node back.
pub const PROBE_DELAY: Duration = Duration::from_secs(5);
/// Pause before they are asked again while it is not sure whether they can, and before the same peer is.
pub const PROBE_RETRY: Duration = Duration::from_secs(30);
/// Pause before they are asked again when it is sure.
pub const PROBE_REFRESH: Duration = Duration::from_secs(15 * 60);
/// Span in which the requests of peers to be dialled back are counted.
pub const PROBE_SPAN: Duration = Duration::from_secs(60);
/// Peers that are dialled back in [`PROBE_SPAN`].
pub const MAX_PROBES: usize = 30;
/// How often one peer is dialled back in [`PROBE_SPAN`].
pub const MAX_PROBES_OF_PEER: usize = 3;

/// Node records in an answer of peer exchange.
pub const MAX_EXCHANGED_RECORDS: usize = 60;
/// Node records that the node asks for at once when it lacks peers.
pub const EXCHANGE_COUNT: u64 = 30;
/// Pause before the same peer is asked for records again.
pub const EXCHANGE_PAUSE: Duration = Duration::from_secs(60);

/// Peers that are known, connected or not, unless configured to be fewer; whom nothing speaks for goes first.
pub const MAX_KNOWN_PEERS: usize = 1000;
/// Pause between two times that the known peers are kept.
pub const PEERS_KEPT_PERIOD: Duration = Duration::from_secs(5 * 60);
/// Pause between two looks for peers that are lacking.
pub const SEEK_PERIOD: Duration = Duration::from_secs(5);
/// Known peers that are dialled at once.
pub const MAX_SEEK_DIALS: usize = 10;
/// Pause before a known peer is dialled again after the first failure; each further one multiplies it by
/// [`BACK_OFF_FACTOR`].
pub const BACK_OFF: Duration = Duration::from_secs(120);
/// See [`BACK_OFF`].
pub const BACK_OFF_FACTOR: u32 = 4;
/// A known peer that could not be reached so often in a row is forgotten.
pub const MAX_DIAL_FAILURES: u32 = 5;
/// A known peer that hung up is not dialled again before this time.
pub const HUNG_UP_PAUSE: Duration = Duration::from_secs(10);
/// Peers in each shard that the node looks for, unless configured otherwise.
pub const SHARD_PEERS: usize = 8;
/// Upper end of the configurable number of peers in each shard.
pub const SHARD_PEERS_CEILING: usize = 100;
/// Peers with each service that a light node looks for.
pub const SERVICE_PEERS: usize = 2;
/// Services that are asked to publish one message.
pub const PUSH_TRIES: usize = 3;
/// How long a filter service that has failed is not asked to push what is followed.
pub const SERVICE_PAUSE: Duration = Duration::from_secs(60);
/// How long a filter service may be away before what is followed there is followed elsewhere.
pub const SERVICE_GRACE: Duration = Duration::from_secs(10);
/// Connections to one IP address, unless configured otherwise. The loopback interface is exempt.
pub const MAX_PEERS_PER_IP: usize = 5;

/// Largest metadata message in bytes (66/WAKU2-METADATA as deployed).
pub const MAX_METADATA: usize = 1024;
/// A request must be complete this soon after its first byte, and a response this soon after the request.
pub const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a stream may stay open before the first byte of a request: js-waku opens streams long before it
/// uses them.
pub const IDLE_STREAM_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// Streams of one request protocol on one connection.
pub const MAX_EXCHANGE_STREAMS: usize = 16;
/// Largest request or response that carries no message, in bytes.
pub const MAX_SERVICE_FRAME: usize = 64 * 1024;
/// Largest frame that carries one message, in bytes: the largest message and what is around it.
pub const MAX_MESSAGE_FRAME: usize = MAX_MESSAGE_SIZE_CEILING + MAX_SERVICE_FRAME;
/// Requests to the services of peers that wait for their answers at once.
pub const MAX_SERVICE_CALLS: usize = 256;

/// Subscribers that a filter service has at once, unless configured otherwise.
pub const MAX_FILTER_PEERS: usize = 1000;
/// Upper end of the configurable number of filter subscribers.
pub const MAX_FILTER_PEERS_CEILING: usize = 10_000;
/// Pairs of pubsub topic and content topic that one peer subscribes to at a filter service, unless configured
/// otherwise; also the most that this node subscribes to at one service.
pub const MAX_FILTER_CRITERIA: usize = 1000;
/// Upper end of the configurable number of filter criteria.
pub const MAX_FILTER_CRITERIA_CEILING: usize = 10_000;
/// Content topics in one filter request.
pub const MAX_FILTER_TOPICS: usize = 100;
/// Bytes that the filter criteria of all subscribers take together. Their content topics are shared by nobody, and may
/// be long.
pub const MAX_FILTER_BYTES: usize = 64 * 1024 * 1024;
/// What a filter criterion takes beside its content topic, in bytes.
pub const FILTER_CRITERION_BYTES: usize = 256;
/// Longest content topic of a filter request, in bytes.
pub const MAX_FILTER_CONTENT_TOPIC: usize = 1024;
/// A filter subscription ends when nothing was heard of its peer for this time, unless configured otherwise.
pub const FILTER_TIMEOUT: Duration = Duration::from_secs(300);
/// Pause between two looks for filter subscriptions that have ended.
pub const FILTER_SWEEP: Duration = Duration::from_secs(60);
/// Pause between two pings to a filter service, unless configured otherwise.
pub const FILTER_KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Upper end of the configurable times.
pub const TIME_CEILING: Duration = Duration::from_secs(24 * 60 * 60);
/// Filter services that this node has subscriptions at.
pub const MAX_FILTER_SERVICES: usize = 64;
/// Streams on which one filter service pushes messages to this node.
pub const MAX_PUSH_STREAMS: usize = 4;
/// Messages that wait for one filter subscriber; further ones are not pushed to it.
pub const PUSH_QUEUE: usize = 256;
/// Bytes that wait for one filter subscriber.
pub const PUSH_QUEUE_BYTES: usize = 2 * MAX_MESSAGE_FRAME;
/// A filter subscriber must take a message within this time, or its stream is reset.
pub const PUSH_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the hash of a pushed message is remembered, so that nothing is pushed twice.
pub const PUSHED_TTL: Duration = Duration::from_secs(2 * 60);

/// Messages of a store page, unless asked for otherwise.
pub const STORE_PAGE: usize = 20;
/// Most messages of a store page.
pub const STORE_PAGE_CEILING: usize = 100;
/// Bytes of messages in a store page; one message always fits. js-waku reads at most 4 MiB.
pub const STORE_PAGE_BYTES: usize = 3 * 1024 * 1024 + 512 * 1024;
/// Content topics in a store query with a cursor, as with deployed nodes.
pub const STORE_TOPICS_WITH_CURSOR: usize = 10;
/// Content topics in a store query.
pub const STORE_TOPICS: usize = 256;
/// Largest store request in bytes; about 7700 hashes.
pub const MAX_STORE_REQUEST: usize = 256 * 1024;
/// Largest store response in bytes: 100 messages of 150 KiB.
pub const MAX_STORE_RESPONSE: usize = 16 * 1024 * 1024;
/// A store response must be there, and taken, within this time.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(30);
/// Store queries of peers that are worked on or wait for it; further ones are refused.
pub const STORE_REQUESTS: usize = 64;
/// Store queries that are worked on at once: as many as `storage` reads at once.
pub const STORE_QUERIES: usize = 4;
/// Store services that a query is tried at, one after the other.
pub const STORE_PEERS: usize = 5;

/// A message is archived only if its timestamp differs from the present by no more than this.
pub const ARCHIVE_DRIFT: Duration = Duration::from_secs(20);
/// Messages that wait for the archive; further ones are not archived.
pub const ARCHIVE_QUEUE: usize = 8192;
/// Bytes of messages that wait for the archive.
pub const ARCHIVE_QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Messages that are archived with one write: its operations are committed at once.
pub const ARCHIVE_BATCH: usize = 250;
/// Bytes of messages that are archived with one write.
pub const ARCHIVE_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Attempts to archive the same messages.
pub const ARCHIVE_ATTEMPTS: u32 = 5;
/// Pause before the second attempt; each further one doubles it.
pub const ARCHIVE_PAUSE: Duration = Duration::from_millis(200);
/// Messages that retention removes with one write.
pub const RETENTION_STEP: u32 = 200;
/// Pause between two looks for messages that retention removes, unless configured otherwise.
pub const RETENTION_SWEEP: Duration = Duration::from_secs(60);
/// How long messages are archived, unless configured otherwise: two days.
pub const RETENTION_TIME: Duration = Duration::from_secs(172_800);
/// How often the archive notes that the node is online.
pub const ONLINE_MARK: Duration = Duration::from_secs(60);
/// The longest time that is fetched from other stores after a pause.
pub const RESUME_RANGE: Duration = Duration::from_secs(6 * 60 * 60);
/// Pause between two attempts to fetch what was missed.
pub const RESUME_PAUSE: Duration = Duration::from_secs(30);
/// Pause between two looks for a store to fetch it from.
pub const RESUME_LOOK: Duration = Duration::from_secs(1);

/// Pause between two times that the archive is synchronised with that of a peer, unless configured otherwise.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// How far back it is synchronised, unless configured otherwise.
pub const SYNC_RANGE: Duration = Duration::from_secs(60 * 60);
/// Messages of so recent a time are left to the relay, unless configured otherwise.
pub const SYNC_JITTER: Duration = Duration::from_secs(20);
/// By how much more than its range a node answers, as other clocks and settings differ a little.
pub const SYNC_SLACK: Duration = Duration::from_secs(60);
/// Messages that are synchronised at once; of more, the newest.
pub const MAX_SYNC_MESSAGES: usize = 100_000;
/// Messages that are listed and compared for one payload.
pub const MAX_SYNC_ITEMS: usize = 2 * MAX_SYNC_MESSAGES;
/// Ranges of one payload.
pub const MAX_SYNC_RANGES: usize = 65_536;
/// Up to so many messages a range is listed, as with deployed nodes.
pub const SYNC_ITEM_SET: usize = 100;
/// Parts into which a range of more is divided, as with deployed nodes.
pub const SYNC_PARTS: i64 = 8;
/// Content topics that a peer may narrow a conversation to.
pub const MAX_SYNC_TOPICS: usize = 256;
/// Largest payload in bytes: as many items as are compared, and some ranges.
pub const MAX_SYNC_FRAME: usize = 10 * 1024 * 1024;
/// Payloads that one side of a conversation reads.
pub const MAX_SYNC_ROUNDTRIPS: u64 = 64;
/// A payload must be there, and taken, within this time.
pub const SYNC_TIMEOUT: Duration = Duration::from_secs(30);
/// A conversation ends within this time.
pub const SYNC_SESSION_TIMEOUT: Duration = Duration::from_secs(120);
/// Conversations at once, whoever has begun them.
pub const MAX_SYNC_SESSIONS: usize = 4;
/// Conversations that peers may begin in [`SYNC_RATE_PERIOD`], all together.
pub const SYNC_RATE: u32 = 60;
/// See [`SYNC_RATE`].
pub const SYNC_RATE_PERIOD: Duration = Duration::from_secs(60);
/// Streams at once on which peers send messages.
pub const MAX_SYNC_STREAMS: usize = 8;
/// How long after a conversation a peer may begin to send the messages that are lacking here.
pub const SYNC_WELCOME: Duration = Duration::from_secs(10 * 60);
/// Messages of other archives that wait for this one, for each stream.
pub const SYNC_QUEUE: usize = 16;

/// Messages that wait to be propagated or confirmed.
pub const MAX_OUTBOX: usize = 1024;
/// Bytes of them.
pub const MAX_OUTBOX_BYTES: usize = 64 * 1024 * 1024;
/// Messages that are being sent at once.
pub const SEND_AT_ONCE: usize = 16;
/// Pause between two attempts to send a message.
pub const SEND_PAUSE: Duration = Duration::from_secs(1);
/// How long a message is tried until a peer takes it, and then until it is in a store.
pub const SEND_WINDOW: Duration = Duration::from_secs(60);
/// A message is looked for in stores this long after it was sent, and then as often.
pub const CONFIRM_PERIOD: Duration = Duration::from_secs(3);
/// Pause between two looks at what is to be sent, and at the connections.
pub const MESSAGING_TICK: Duration = Duration::from_secs(1);
/// News of messages that wait until their subscribers have room; meanwhile nothing is sent.
pub const MESSAGING_NEWS: usize = 1024;
/// Neighbours in the mesh of a shard that is well connected, and relay peers of a node that is.
pub const GOOD_RELAY_PEERS: usize = 4;
/// Peers with each service of a light node that is well connected.
pub const GOOD_SERVICE_PEERS: usize = 2;
/// By how much more than a gap is fetched from a store: clocks differ a little.
pub const CATCH_UP_MARGIN: Duration = Duration::from_secs(5);
/// How long after peers are back what was missed is fetched, so that stores have it and subscriptions are made.
pub const CATCH_UP_SETTLE: Duration = Duration::from_secs(3);
/// Pause before a store is tried again.
pub const CATCH_UP_PAUSE: Duration = Duration::from_secs(5);
/// How long a page of what was missed waits until consumers have read the one before.
pub const CATCH_UP_WAIT: Duration = Duration::from_secs(5);
/// Pause between two looks whether they have.
pub const CATCH_UP_LOOK: Duration = Duration::from_millis(20);

/// Entries of the configuration of rate limits.
pub const MAX_RATE_LIMITS: usize = 32;
/// Peers whose use of one protocol is counted; the one that was quiet for longest goes first.
pub const MAX_RATED_PEERS: usize = 10_000;

/// Gossipsub messages queued for one connection.
pub const GOSSIP_QUEUE: usize = 1024;
/// Messages in one gossipsub RPC.
pub const GOSSIP_MESSAGES_PER_RPC: usize = 1000;
/// Bytes of control messages and subscriptions in one gossipsub RPC: a full IHAVE of nim-libp2p is about 170
/// KB.
pub const GOSSIP_CONTROL_SIZE: usize = 512 * 1024;
/// Pause between two looks for peers whose score fell below the graylist threshold.
pub const SCORE_SWEEP: Duration = Duration::from_secs(10);
