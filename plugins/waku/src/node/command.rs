//! What the handle asks of the driver.

use libp2p::{Multiaddr, PeerId};
use tokio::sync::oneshot;

use super::{
    ConnectError, FilterSubscriber, FilterSubscription, LightPushError, LightPushReceipt, ListedPeer,
    NodeInfo, Origin, PublishError, ShardInfo,
    book::{KnownPeer, Source},
    driver::{Driver, Flow},
    filter_client::{FilterAsk, FilterReply},
    peer_exchange::RecordsReply,
    peers::PeerInfo,
    publish::Prepared,
    store_client::StoreReply,
    sync::SyncReply,
};
use crate::{MessageHash, MetricFamily, NodeRecord, PubsubTopic, StoreQuery, relay};

pub(super) type Reply<T> = oneshot::Sender<T>;

pub(super) enum Command {
    Publish(Prepared, Reply<Result<MessageHash, PublishError>>),
    LightPush(PeerId, Prepared, Reply<Result<LightPushReceipt, LightPushError>>),
    Filter(PeerId, FilterAsk, FilterReply),
    FilterSubscriptions(Reply<Vec<FilterSubscription>>),
    RestoreFilters(Vec<FilterSubscription>, Reply<()>),
    ExchangePeers(PeerId, u64, RecordsReply),
    Learn(Vec<NodeRecord>, Reply<()>),
    KnownPeers(Reply<Vec<KnownPeer>>),
    ListedPeers(Reply<Vec<ListedPeer>>),
    FilterSubscribers(Reply<Option<Vec<FilterSubscriber>>>),
    Measure(Reply<Vec<MetricFamily>>),
    RestorePeers(Vec<KnownPeer>, Reply<()>),
    QueryStore(PeerId, StoreQuery, StoreReply),
    Synchronize(Option<PeerId>, SyncReply),
    SyncShards(Reply<()>),
    Connect(Multiaddr, Reply<Result<PeerId, ConnectError>>),
    Disconnect(Multiaddr, Reply<Result<(), ConnectError>>),
    Peers(Reply<Vec<PeerInfo>>),
    Info(Reply<NodeInfo>),
    Shutdown(Reply<()>),
}

/// Answers; that the caller has gone away meanwhile is its own affair.
pub(super) fn answer<T>(reply: Reply<T>, value: T) {
    let _caller_is_gone = reply.send(value);
}

impl Driver {
    pub(super) fn obey(&mut self, command: Command) -> Flow {
        match command {
            Command::Publish(prepared, reply) => answer(reply, self.publish(prepared, Origin::Local)),
            Command::LightPush(peer, prepared, reply) => self.lightpush(peer, prepared, reply),
            Command::Filter(peer, ask, reply) => self.filter(peer, ask, reply),
            Command::FilterSubscriptions(reply) => answer(reply, self.filter_subscriptions()),
            Command::RestoreFilters(subscriptions, reply) => {
                self.restore_filters(subscriptions);
                answer(reply, ());
            }
            Command::ExchangePeers(peer, count, reply) => self.exchange_peers(peer, count, reply),
            Command::Learn(records, reply) => {
                self.learn(records, Source::User);
                answer(reply, ());
            }
            Command::KnownPeers(reply) => answer(reply, self.book.proven()),
            Command::ListedPeers(reply) => answer(reply, self.listed_peers()),
            Command::FilterSubscribers(reply) => answer(reply, self.filter_server.subscribers()),
            Command::Measure(reply) => answer(reply, self.measure()),
            Command::RestorePeers(peers, reply) => {
                peers.into_iter().for_each(|peer| self.book.restore(peer));
                self.seek_peers();
                answer(reply, ());
            }
            Command::QueryStore(peer, query, reply) => self.query_store(peer, query, reply),
            Command::Synchronize(peer, reply) => self.begin_sync(peer, Some(reply)),
            Command::SyncShards(reply) => {
                self.sync_shards();
                answer(reply, ());
            }
            Command::Connect(address, reply) => self.connect(address, reply),
            Command::Disconnect(address, reply) => self.disconnect(address, reply),
            Command::Peers(reply) => answer(reply, self.peer_infos()),
            Command::Info(reply) => answer(reply, self.info()),
            Command::Shutdown(reply) => return Flow::Stop(Some(reply)),
        }
        Flow::Continue
    }

    pub(super) fn peer_infos(&self) -> Vec<PeerInfo> {
        let relay = &self.swarm.behaviour().relay;
        let mut infos: Vec<PeerInfo> = self
            .peers
            .iter()
            .map(|(peer_id, peer)| PeerInfo {
                peer_id: Some(*peer_id),
                address: peer.address.clone(),
                direction: Some(peer.direction),
                is_static: self.static_peers.contains(peer_id),
                dial: self.peers.dial(*peer_id),
                is_held: self.static_peers.is_held(peer_id),
                agent: peer.agent.clone(),
                protocols: peer.protocols.clone(),
                shards: peer.shards.clone(),
                relays: false,
                mesh: self.mesh_shards(peer_id),
                score: relay.peer_score(peer_id),
                last_error: None,
            })
            .collect();
        for (peer_id, topics) in relay.all_peers().filter(|(_, topics)| !topics.is_empty()) {
            if let Some(info) = infos
                .iter_mut()
                .find(|info| info.peer_id.as_ref() == Some(peer_id))
            {
                info.shards = topics.iter().filter_map(|topic| shard_of(topic)).collect();
                info.relays = true;
            }
        }
        let unconnected = self.static_peers.iter().filter(|known| {
            known
                .peer
                .is_none_or(|peer| self.peers.iter().all(|(connected, _)| *connected != peer))
        });
        infos.extend(unconnected.map(|known| PeerInfo {
            peer_id: known.peer,
            address: known.address.clone(),
            direction: None,
            is_static: true,
            dial: vec![known.address.clone()],
            is_held: known.is_held(),
            agent: None,
            protocols: Vec::new(),
            shards: Vec::new(),
            relays: false,
            mesh: Vec::new(),
            score: None,
            last_error: known.last_error.clone(),
        }));
        infos
    }

    fn mesh_shards(&self, peer: &PeerId) -> Vec<u16> {
        let relay = &self.swarm.behaviour().relay;
        let in_mesh = |topic: &&PubsubTopic| {
            relay
                .mesh_peers(&relay::gossip_topic(**topic).hash())
                .any(|neighbour| neighbour == peer)
        };
        self.joined
            .iter()
            .filter(in_mesh)
            .map(PubsubTopic::shard)
            .collect()
    }

    fn info(&self) -> NodeInfo {
        NodeInfo {
            peer_id: self.shared.peer_id,
            listen_addresses: self.listen_addresses(),
            announced: self.announced(),
            reachability: self.reachability(),
            agent: self.agent.clone(),
            record: self.record.current().clone(),
            cluster: self.shared.sharding.cluster(),
            shards: self.joined.iter().map(|topic| self.shard_info(*topic)).collect(),
            connected_peers: self.peers.len(),
            services: self.services(),
            stats: self.shared.counters.snapshot(),
        }
    }

    pub(super) fn shard_info(&self, topic: PubsubTopic) -> ShardInfo {
        let relay = &self.swarm.behaviour().relay;
        let hash = relay::gossip_topic(topic).hash();
        ShardInfo {
            topic,
            peers: relay
                .all_peers()
                .filter(|(_, topics)| topics.contains(&&hash))
                .count(),
            mesh: relay.mesh_peers(&hash).count(),
        }
    }
}

fn shard_of(topic: &relay::TopicHash) -> Option<u16> {
    topic
        .as_str()
        .parse::<PubsubTopic>()
        .ok()
        .map(|topic| topic.shard())
}
