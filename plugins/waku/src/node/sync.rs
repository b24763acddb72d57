//! Store sync: when the archive is compared with that of which peer, and from whom messages are taken for it.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use libp2p::{PeerId, Stream};

use super::{
    Node, ServiceError, SyncError,
    command::{Command, Reply, answer},
    driver::Driver,
    seek,
    sync_session::Session,
    sync_transfer,
    sync_work::{Side, SyncEvent, Talked},
};
use crate::{
    Capabilities,
    limits::{MAX_SYNC_SESSIONS, SYNC_INTERVAL, SYNC_JITTER, SYNC_RANGE, SYNC_WELCOME},
    streams,
};

/// How an archive is synchronised with those of peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncConfig {
    /// Pause between two times, each with a connected peer chosen at random; up to a day.
    pub interval: Duration,
    /// How far back, up to a day. Nothing older is sent or asked for.
    pub range: Duration,
    /// Messages of so recent a time are left to the relay when this node begins; up to a day.
    pub relay_jitter: Duration,
}

impl Default for SyncConfig {
    fn default() -> Self {
        Self {
            interval: SYNC_INTERVAL,
            range: SYNC_RANGE,
            relay_jitter: SYNC_JITTER,
        }
    }
}

/// What came of comparing the archive with that of a peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Payloads that the peer sent.
    pub roundtrips: u64,
    /// Messages that were found on one side only, as far as they were listed.
    pub differences: u64,
    /// Messages that the peer lacks; they are sent to it now. What is lacking here the peer sends.
    pub to_send: u64,
}

pub(super) type SyncReply = Reply<Result<SyncReport, SyncError>>;

impl Driver {
    pub(super) fn synced(&mut self, event: SyncEvent) {
        match event {
            SyncEvent::Due => self.begin_sync(None, None),
            SyncEvent::Ended(Ok(Some(talked))) => self.talked(*talked),
            SyncEvent::Ended(Ok(None)) => {}
            SyncEvent::Ended(Err(error)) => tracing::error!(%error, "store sync"),
        }
    }

    /// Begins a conversation with a peer, or with one of those that are connected.
    pub(super) fn begin_sync(&mut self, peer: Option<PeerId>, reply: Option<SyncReply>) {
        match self.sync_peer(peer) {
            Ok(peer) => {
                self.sync.opening.insert(peer, reply);
                if let Some(streams) = self.swarm.behaviour_mut().reconciliation.as_mut() {
                    streams.open(peer);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the archive is not synchronised");
                if let Some(reply) = reply {
                    answer(reply, Err(error));
                }
            }
        }
    }

    fn sync_peer(&mut self, peer: Option<PeerId>) -> Result<PeerId, SyncError> {
        if self.sync.config.is_none() {
            return Err(SyncError::Off);
        }
        let peer = match peer {
            Some(peer) if !self.swarm.is_connected(&peer) => {
                return Err(ServiceError::NotConnected(peer).into());
            }
            Some(peer) => peer,
            None => self.any_sync_peer().ok_or(SyncError::NoPeer)?,
        };
        if !self.sync.has_room(peer, Side::Ours) || self.sync.opening.contains_key(&peer) {
            return Err(ServiceError::TooMany(MAX_SYNC_SESSIONS).into());
        }
        Ok(peer)
    }

    fn any_sync_peer(&self) -> Option<PeerId> {
        let able = self
            .peers
            .iter()
            .filter(|(_, peer)| seek::capabilities(&peer.protocols).contains(Capabilities::SYNC));
        let random = RandomState::new();
        able.map(|(id, _)| *id).min_by_key(|peer| random.hash_one(peer))
    }

    pub(super) fn hear_reconciliation(&mut self, event: streams::Event) {
        match event {
            streams::Event::Inbound { peer, stream } => {
                let is_admitted = self.sync.limiter.admits(peer, Instant::now());
                if !is_admitted {
                    self.shared.counters.rate_limited.add();
                }
                if !is_admitted || !self.sync.has_room(peer, Side::Theirs) {
                    return tracing::debug!(peer_id = %peer, "synchronises too often, or with too many others");
                }
                self.talk(peer, Side::Theirs, stream, None);
            }
            streams::Event::Opened { peer, stream } => {
                let reply = self.sync.opening.remove(&peer).flatten();
                self.talk(peer, Side::Ours, stream, reply);
            }
            streams::Event::Failed { peer, unsupported } => {
                let error = match unsupported {
                    true => ServiceError::Unsupported(peer),
                    false => ServiceError::NotConnected(peer),
                };
                if let Some(reply) = self.sync.opening.remove(&peer).flatten() {
                    answer(reply, Err(error.into()));
                }
            }
        }
    }

    fn talk(&mut self, peer: PeerId, side: Side, stream: Stream, reply: Option<SyncReply>) {
        let (Some(config), Some(archive)) = (self.sync.config, self.shared.archive.clone()) else {
            return;
        };
        self.sync.welcome.insert(peer, Instant::now() + SYNC_WELCOME);
        let shards = self.joined.iter().copied().collect();
        let session = Session::new(self.shared.clone(), archive, config, peer, shards);
        let task = self.sync.tasks.spawn(async move {
            let outcome = match side {
                Side::Ours => session.begin(stream).await,
                Side::Theirs => session.answer(stream).await,
            };
            Some(Box::new(Talked { peer, outcome, reply }))
        });
        self.sync.sessions.insert((peer, side), task);
    }

    /// Sends to the peer what it lacks, also if the conversation broke off.
    fn talked(&mut self, talked: Talked) {
        let Talked { peer, outcome, reply } = talked;
        let (report, to_send) = (outcome.report, outcome.to_send);
        if let Err(error) = &outcome.ended {
            self.shared.counters.sync.failed.add();
            tracing::debug!(peer_id = %peer, %error, "store sync broke off");
        }
        tracing::debug!(peer_id = %peer, ?report, "archives were compared");
        if let Some(reply) = reply {
            answer(reply, outcome.ended.map(|()| report));
        }
        let sync = &mut self.sync;
        sync.welcome.insert(peer, Instant::now() + SYNC_WELCOME);
        sync.sending.retain(|_, task| !task.is_finished());
        if to_send.is_empty() || sync.sending.contains_key(&peer) || sync.outgoing.contains_key(&peer) {
            // What is left over is found again the next time.
            return;
        }
        sync.outgoing.insert(peer, to_send);
        if let Some(streams) = self.swarm.behaviour_mut().transfer.as_mut() {
            streams.open(peer);
        }
    }

    pub(super) fn hear_transfer(&mut self, event: streams::Event) {
        let Some(archive) = self.shared.archive.clone() else {
            return;
        };
        match event {
            streams::Event::Inbound { peer, stream } => {
                if !self.sync.welcomes(&peer, Instant::now()) {
                    self.shared.counters.sync.unwanted.add();
                    return tracing::debug!(peer_id = %peer, "sends messages that nobody has asked for");
                }
                let from = sync_transfer::Receiver::new(self.shared.clone(), archive, peer, self.sync.config);
                let task = self.sync.tasks.spawn(async move {
                    from.receive(stream).await;
                    None
                });
                self.sync.receiving.push(task);
            }
            streams::Event::Opened { peer, stream } => {
                let Some(hashes) = self.sync.outgoing.remove(&peer) else {
                    return;
                };
                let shared = self.shared.clone();
                let task = self.sync.tasks.spawn(async move {
                    sync_transfer::send(&shared, &archive, peer, hashes, stream).await;
                    None
                });
                self.sync.sending.insert(peer, task);
            }
            streams::Event::Failed { peer, unsupported } => {
                tracing::debug!(peer_id = %peer, unsupported, "takes no messages of other archives");
                self.sync.outgoing.remove(&peer);
            }
        }
    }
}

impl Node {
    /// Compares the archive with that of a connected peer, or of one of them chosen at random, and returns when both
    /// know what the other lacks. The messages are sent afterwards. The node does so by itself, too, if it is configured
    /// to.
    ///
    /// # Errors
    /// [`SyncError`], after about two minutes at the latest.
    pub async fn synchronize(&self, peer: Option<PeerId>) -> Result<SyncReport, SyncError> {
        self.ask(|reply| Command::Synchronize(peer, reply)).await?
    }
}
