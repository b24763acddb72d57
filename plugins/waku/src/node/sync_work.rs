//! The work of store sync that is in hand.

use std::{collections::HashMap, time::Instant};

use libp2p::PeerId;
use tokio::{
    task::{AbortHandle, JoinError, JoinSet},
    time::{Interval, MissedTickBehavior, interval_at},
};

use super::{SyncConfig, sync::SyncReply, sync_session::Outcome};
use crate::{
    MessageHash, RateLimit,
    limits::{MAX_SYNC_SESSIONS, MAX_SYNC_STREAMS, SYNC_RATE, SYNC_RATE_PERIOD},
    rate::Limiter,
};

/// The work in hand.
pub(super) struct Sync {
    pub(super) config: Option<SyncConfig>,
    ticks: Option<Interval>,
    pub(super) limiter: Limiter,
    pub(super) tasks: JoinSet<Option<Box<Talked>>>,
    /// To whom a stream for a conversation is being opened, and who waits for its end.
    pub(super) opening: HashMap<PeerId, Option<SyncReply>>,
    pub(super) sessions: HashMap<(PeerId, Side), AbortHandle>,
    /// What is sent as soon as a stream is open.
    pub(super) outgoing: HashMap<PeerId, Vec<MessageHash>>,
    pub(super) sending: HashMap<PeerId, AbortHandle>,
    pub(super) receiving: Vec<AbortHandle>,
    /// Peers that may send messages, and until when they may begin to.
    pub(super) welcome: HashMap<PeerId, Instant>,
}

/// Who has begun a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Ours,
    Theirs,
}

/// A conversation that is over.
pub(super) struct Talked {
    pub(super) peer: PeerId,
    pub(super) outcome: Outcome,
    pub(super) reply: Option<SyncReply>,
}

impl Sync {
    pub(super) fn new(config: Option<SyncConfig>) -> Self {
        let limit = RateLimit {
            volume: SYNC_RATE,
            period: SYNC_RATE_PERIOD,
        };
        Self {
            config,
            ticks: config.map(|config| {
                let first = tokio::time::Instant::now() + config.interval;
                let mut ticks = interval_at(first, config.interval);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                ticks
            }),
            limiter: Limiter::new(limit),
            tasks: JoinSet::new(),
            opening: HashMap::new(),
            sessions: HashMap::new(),
            outgoing: HashMap::new(),
            sending: HashMap::new(),
            receiving: Vec::new(),
            welcome: HashMap::new(),
        }
    }

    /// What happens next; nothing ever without a configuration. Cancelling loses nothing.
    pub(super) async fn next(&mut self) -> SyncEvent {
        let Some(ticks) = &mut self.ticks else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = ticks.tick() => SyncEvent::Due,
            Some(ended) = self.tasks.join_next() => SyncEvent::Ended(ended),
        }
    }

    /// Whether there may be another conversation with the peer.
    pub(super) fn has_room(&mut self, peer: PeerId, side: Side) -> bool {
        self.sessions.retain(|_, task| !task.is_finished());
        let count = self.sessions.len() + self.opening.len();
        count < MAX_SYNC_SESSIONS && !self.sessions.contains_key(&(peer, side))
    }

    /// Whether the peer may send messages on another stream.
    pub(super) fn welcomes(&mut self, peer: &PeerId, now: Instant) -> bool {
        self.receiving.retain(|task| !task.is_finished());
        let is_welcome = self.welcome.get(peer).is_some_and(|until| *until > now);
        is_welcome && self.receiving.len() < MAX_SYNC_STREAMS
    }

    /// What it sends it has to begin with again.
    pub(super) fn disconnected(&mut self, peer: &PeerId) {
        self.welcome.remove(peer);
    }
}

/// Something to do.
pub(super) enum SyncEvent {
    /// It is time to synchronise.
    Due,
    Ended(Result<Option<Box<Talked>>, JoinError>),
}
