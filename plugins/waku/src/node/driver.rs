//! The one task that owns the swarm: it obeys the handle, hears the network and keeps the time.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, StreamExt};
use libp2p::{Multiaddr, Swarm, relay as circuit_relay, swarm, websocket::tls};
use tokio::{
    sync::{mpsc, watch},
    time::{Interval, MissedTickBehavior, interval, sleep_until},
};

use super::{
    NodeConfig, NodeError, Shared,
    announce::Announce,
    behaviour::Behaviour,
    book::Book,
    circuits::Reservations,
    command::{Command, Reply, answer},
    connect::Waiting,
    filter_client::FilterClient,
    filter_server::FilterServer,
    lightpush::Pushes,
    peer_exchange::Exchanges,
    peers::Peers,
    reachability::Probes,
    record::OwnRecord,
    redial::StaticPeers,
    share::Share,
    store_client::StoreClient,
    store_server::StoreServer,
    sync_work::Sync,
    transport,
};
use crate::{
    PubsubTopic, RateLimits,
    discovery::Discovery,
    limits::{FILTER_SWEEP, IDLE_TIMEOUT, MAX_NEGOTIATING_STREAMS, SCORE_SWEEP, SEEK_PERIOD},
    rate::Limiter,
    relay,
};

pub(super) struct Driver {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) shared: Arc<Shared>,
    pub(super) peers: Peers,
    pub(super) static_peers: StaticPeers,
    pub(super) book: Book,
    pub(super) discovery: Discovery,
    pub(super) discv5_address: Option<SocketAddr>,
    pub(super) exchanges: Exchanges,
    pub(super) exchanges_peers: bool,
    pub(super) shard_peers: usize,
    pub(super) ip_limit: usize,
    pub(super) share: Share,
    pub(super) max_connections: usize,
    pub(super) waiting: Waiting,
    pub(super) pushes: Pushes,
    pub(super) filter_client: FilterClient,
    pub(super) filter_server: FilterServer,
    pub(super) store_client: StoreClient,
    pub(super) store_server: StoreServer,
    pub(super) sync: Sync,
    pub(super) rates: Rates,
    /// The shards that the node takes part in at present.
    pub(super) joined: BTreeSet<PubsubTopic>,
    pub(super) agent: String,
    pub(super) record: OwnRecord,
    pub(super) announce: Announce,
    pub(super) reservations: Reservations,
    pub(super) probes: Probes,
    /// When something was last handed to peers.
    pub(super) last_publish: Option<Instant>,
    configured: BTreeSet<PubsubTopic>,
    /// The addresses to listen on; with their ports as soon as these are known.
    pub(super) listen: Vec<Multiaddr>,
    /// The number of connected peers.
    pub(super) connected: watch::Sender<usize>,
    pub(super) commands: mpsc::Receiver<Command>,
    score_sweep: Interval,
    seek: Interval,
    filter_sweep: Interval,
    filter_keep_alive: Interval,
}

/// How often peers may ask for what is answered at once.
pub(super) struct Rates {
    pub(super) lightpush: Limiter,
    pub(super) lightpush_legacy: Limiter,
    pub(super) filter: Limiter,
    pub(super) peer_exchange: Limiter,
}

impl Rates {
    fn new(limits: &RateLimits) -> Self {
        Self {
            lightpush: Limiter::new(limits.lightpush),
            lightpush_legacy: Limiter::new(limits.lightpush),
            filter: Limiter::new(limits.filter),
            peer_exchange: Limiter::new(limits.peer_exchange),
        }
    }
}

/// Whether the driver goes on.
pub(super) enum Flow {
    Continue,
    /// Stops; somebody may wait for it.
    Stop(Option<Reply<()>>),
}

impl Driver {
    pub(super) fn new(
        config: NodeConfig,
        commands: mpsc::Receiver<Command>,
        shared: Arc<Shared>,
        tls: watch::Receiver<tls::Config>,
        announce: Announce,
    ) -> Result<Self, NodeError> {
        let (circuits, circuit_client) = circuit_relay::client::new(shared.peer_id);
        let transport = transport::build(config.key.keypair(), config.muxers, tls, circuits)?;
        let behaviour = Behaviour::new(&config, circuit_client)?;
        let record = OwnRecord::new(&config)?;
        let limits = swarm::Config::with_tokio_executor()
            .with_idle_connection_timeout(IDLE_TIMEOUT)
            .with_max_negotiating_inbound_streams(MAX_NEGOTIATING_STREAMS);
        // The check of the configuration has bounded the shards, so that none is left out here.
        let configured = config
            .relayed()
            .into_iter()
            .filter_map(|shard| PubsubTopic::new(config.cluster, shard).ok())
            .collect();
        let mut driver = Self {
            discovery: Discovery::default(),
            discv5_address: None,
            book: Book::new(shared.peer_id, config.cluster, config.max_known_peers),
            exchanges: Exchanges::default(),
            exchanges_peers: config.peer_exchange,
            shard_peers: config.shard_peers,
            ip_limit: config.max_peers_per_ip,
            share: Share::new(config.relay_peers()),
            max_connections: config.max_connections as usize,
            swarm: Swarm::new(transport, behaviour, shared.peer_id, limits),
            shared,
            peers: Peers::default(),
            static_peers: StaticPeers::new(config.kept_peers(), Instant::now()),
            waiting: Waiting::default(),
            pushes: Pushes::default(),
            filter_client: FilterClient::default(),
            filter_server: FilterServer::new(config.filter),
            store_client: StoreClient::default(),
            store_server: StoreServer::new(config.store, config.rate_limits.store),
            sync: Sync::new(config.store_sync),
            rates: Rates::new(&config.rate_limits),
            joined: BTreeSet::new(),
            record,
            agent: config.agent,
            announce,
            reservations: Reservations::new(config.circuits),
            probes: Probes::default(),
            last_publish: None,
            configured,
            listen: config.listen,
            connected: watch::Sender::new(0),
            commands,
            score_sweep: every(SCORE_SWEEP),
            seek: every(SEEK_PERIOD),
            filter_sweep: every(FILTER_SWEEP),
            filter_keep_alive: every(config.filter_keep_alive),
        };
        driver.sync_shards();
        Ok(driver)
    }

    pub(super) async fn run(mut self) {
        let waiter = loop {
            let redial = match self.static_peers.next() {
                Some(due) => sleep_until(due.into()).left_future(),
                None => std::future::pending().right_future(),
            };
            let flow = tokio::select! {
                event = self.swarm.select_next_some() => {
                    self.hear(event);
                    Flow::Continue
                }
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => Flow::Stop(None),
                },
                found = self.discovery.next() => {
                    self.discovered(found);
                    Flow::Continue
                }
                Some(answer) = self.store_server.answers.recv() => {
                    self.send_answer(answer);
                    Flow::Continue
                }
                event = self.sync.next() => {
                    self.synced(event);
                    Flow::Continue
                }
                () = redial => {
                    self.redial();
                    Flow::Continue
                }
                _ = self.score_sweep.tick() => {
                    self.drop_graylisted();
                    Flow::Continue
                }
                _ = self.seek.tick() => {
                    self.seek_peers();
                    self.reserve_circuits();
                    Flow::Continue
                }
                _ = self.filter_sweep.tick() => {
                    self.filter_server.sweep(Instant::now());
                    Flow::Continue
                }
                _ = self.filter_keep_alive.tick() => {
                    self.keep_filters();
                    Flow::Continue
                }
            };
            if let Flow::Stop(waiter) = flow {
                break waiter;
            }
        };
        self.stop().await;
        if let Some(waiter) = waiter {
            answer(waiter, ());
        }
    }

    /// Joins and leaves shards so that the wanted ones are joined.
    pub(super) fn sync_shards(&mut self) {
        let wanted = self.shared.wanted_shards(&self.configured);
        let gossip = &mut self.swarm.behaviour_mut().relay;
        for shard in self.joined.difference(&wanted) {
            gossip.unsubscribe(&relay::gossip_topic(*shard));
            self.shared.meters.leaves.add();
        }
        for shard in wanted.difference(&self.joined) {
            let topic = relay::gossip_topic(*shard);
            if let Err(error) = gossip.set_topic_params(topic.clone(), relay::topic_params()) {
                tracing::error!(%topic, error, "score parameters were refused");
            }
            match gossip.subscribe(&topic) {
                Ok(_) => self.shared.meters.joins.add(),
                Err(error) => tracing::error!(%topic, %error, "cannot join the shard"),
            }
        }
        self.joined = wanted;
        self.renew_record();
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
