//! The task that sends, confirms and catches up.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{
    Condition, MessagingNews, Missing, Over, SendNews, Shared, locked,
    outbox::{Attempt, Failure},
};
use crate::{
    MessageHash, Node, PublishError, PubsubTopic, SendError, StoreQuery,
    archive::now_nanos,
    limits::{CATCH_UP_MARGIN, CONFIRM_PERIOD, MESSAGING_TICK, STORE_PAGE_CEILING, STORE_PEERS},
};

/// Hashes of what was delivered so long before a gap are kept until it is filled.
const KNOWN: Duration = Duration::from_secs(6 * CATCH_UP_MARGIN.as_secs());

pub(super) struct Service {
    node: Node,
    shared: Arc<Shared>,
    news: mpsc::Sender<MessagingNews>,
    work: JoinSet<Done>,
    /// Whether stores are being asked for what was sent, and when they were last.
    is_confirming: bool,
    confirmed: Option<Instant>,
    is_catching_up: bool,
    told: Option<Condition>,
}

/// What a task of the service has done.
enum Done {
    Sent(u64, Result<(), Failure>),
    Confirmed(Vec<MessageHash>, Option<HashSet<MessageHash>>),
    CaughtUp(PubsubTopic, bool),
}

impl Service {
    pub(super) fn new(node: Node, shared: Arc<Shared>, news: mpsc::Sender<MessagingNews>) -> Self {
        Self {
            node,
            shared,
            news,
            work: JoinSet::new(),
            is_confirming: false,
            confirmed: None,
            is_catching_up: false,
            told: None,
        }
    }

    /// Runs until the node stops.
    pub(super) async fn run(mut self) {
        let mut ticks = interval(MESSAGING_TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut connected = self.node.connected();
        loop {
            let done = tokio::select! {
                _ = ticks.tick() => None,
                () = self.shared.changed.notified() => None,
                changed = connected.changed() => match changed {
                    Ok(()) => None,
                    Err(_) => return,
                },
                Some(done) = self.work.join_next() => match done {
                    Ok(done) => Some(done),
                    Err(error) => {
                        tracing::error!(%error, "messaging");
                        None
                    }
                },
            };
            let round = async {
                match done {
                    Some(done) => self.finish(done).await?,
                    None => self.look().await?,
                }
                self.begin().await
            };
            if let Err(Over) = round.await {
                return;
            }
        }
    }

    /// Looks at the connections, and gives up what has waited for too long.
    async fn look(&mut self) -> Result<(), Over> {
        let is_followed = !self.node.relays() && self.shared.followed.is_served().await?;
        let condition = Condition::of(&self.node, self.shared.wanted(&self.node), is_followed).await?;
        let now = Instant::now();
        let delivered = || {
            let recent = self.node.delivered().into_iter();
            recent
                .filter(|(_, age)| *age < KNOWN)
                .map(|(hash, _)| hash)
                .collect()
        };
        {
            // What is wanted is asked for under the lock: a predecessor's gaps come after its subscriptions.
            let mut gaps = locked(&self.shared.gaps);
            let wanted = self.shared.wanted(&self.node);
            gaps.observe(&wanted, &condition.comes_in, delivered, now_nanos(), now);
        }
        let over = locked(&self.shared.outbox).expire(now);
        *locked(&self.shared.condition) = condition.clone();
        self.tell_all(over).await?;
        self.tell_condition(condition).await
    }

    async fn tell_condition(&mut self, condition: Condition) -> Result<(), Over> {
        let told = self.told.take();
        if told.as_ref().map(|it| it.connection) != Some(condition.connection) {
            self.tell(MessagingNews::Connection(condition.connection)).await?;
        }
        let told = told.unwrap_or_default().topics;
        for (shard, health) in &condition.topics {
            if told.get(shard) != Some(health) {
                self.tell(MessagingNews::Topic(*shard, *health)).await?;
            }
        }
        self.told = Some(condition);
        Ok(())
    }

    /// Notes what was done, and tells of it.
    async fn finish(&mut self, done: Done) -> Result<(), Over> {
        let now = Instant::now();
        let news = match done {
            Done::Sent(number, outcome) => {
                let news = locked(&self.shared.outbox).attempted(number, outcome, now);
                news.into_iter().collect()
            }
            Done::Confirmed(asked, found) => {
                self.is_confirming = false;
                let found = found.map(|found| locked(&self.shared.outbox).answered(&asked, &found, now));
                found.unwrap_or_default()
            }
            Done::CaughtUp(shard, is_filled) => {
                self.is_catching_up = false;
                locked(&self.shared.gaps).filled(shard, is_filled, now);
                Vec::new()
            }
        };
        self.tell_all(news).await
    }

    /// Begins what is due.
    async fn begin(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        for attempt in locked(&self.shared.outbox).due(now) {
            self.work.spawn(send(self.node.clone(), attempt));
        }
        let is_due = self.confirmed.is_none_or(|last| now - last >= CONFIRM_PERIOD);
        let hashes = match is_due && !self.is_confirming {
            true => locked(&self.shared.outbox).unconfirmed(now),
            false => Vec::new(),
        };
        if !hashes.is_empty() {
            (self.is_confirming, self.confirmed) = (true, Some(now));
            self.work.spawn(confirm(self.node.clone(), hashes));
        }
        let is_due = !self.is_catching_up && locked(&self.shared.gaps).is_due(now);
        if is_due && !self.node.store_peers().await?.is_empty() {
            let due = locked(&self.shared.gaps).due(now_nanos(), now);
            if let Some(missing) = due {
                self.is_catching_up = true;
                self.work.spawn(catch_up(self.node.clone(), missing));
            }
        }
        Ok(())
    }

    async fn tell_all(&self, news: Vec<SendNews>) -> Result<(), Over> {
        for it in news {
            self.tell(MessagingNews::Message(it)).await?;
        }
        Ok(())
    }

    async fn tell(&self, news: MessagingNews) -> Result<(), Over> {
        self.news.send(news).await.map_err(|_| Over)
    }
}

/// By relay, and if that reaches nobody, by a peer that publishes for others.
async fn send(node: Node, attempt: Attempt) -> Done {
    let Attempt {
        number,
        pubsub_topic,
        message,
    } = attempt;
    let mut was_handed_over = false;
    if node.relays() {
        match node.publish(Some(pubsub_topic), message.clone()).await {
            Ok(_) => return Done::Sent(number, Ok(())),
            Err(PublishError::Duplicate(_)) => was_handed_over = true,
            Err(PublishError::NoPeers(_) | PublishError::Busy(_)) => {}
            Err(error) => return Done::Sent(number, Err(Failure::Final(error.to_string()))),
        }
    }
    let outcome = match node.lightpush_anywhere(Some(pubsub_topic), message).await {
        Ok(_) => Ok(()),
        // The peers of the mesh have it, and a service that has it refuses it.
        Err(_) if was_handed_over => Ok(()),
        Err(SendError::Message(error)) => Err(Failure::Final(error.to_string())),
        Err(error) => Err(Failure::Passing(error.to_string())),
    };
    Done::Sent(number, outcome)
}

/// Asks one store for all of them; the next one if it does not answer.
async fn confirm(node: Node, hashes: Vec<MessageHash>) -> Done {
    let peers = node.store_peers().await.unwrap_or_default();
    for peer in peers.into_iter().take(STORE_PEERS) {
        let mut found = HashSet::new();
        let mut is_answered = true;
        for part in hashes.chunks(STORE_PAGE_CEILING) {
            let query = StoreQuery {
                include_data: false,
                hashes: part.to_vec(),
                limit: Some(STORE_PAGE_CEILING as u64),
                ..StoreQuery::default()
            };
            match node.query_store(peer, query).await {
                Ok(page) => found.extend(page.messages.into_iter().map(|it| it.hash)),
                Err(error) => {
                    tracing::debug!(peer_id = %peer, %error, "does not confirm messages");
                    is_answered = false;
                    break;
                }
            }
        }
        if is_answered {
            return Done::Confirmed(hashes, Some(found));
        }
    }
    Done::Confirmed(hashes, None)
}

async fn catch_up(node: Node, missing: Missing) -> Done {
    let shard = missing.pubsub_topic;
    let outcome = node.catch_up(&missing).await;
    match &outcome {
        Ok(fresh) => tracing::info!(%shard, fresh, "what was missed is fetched"),
        Err(error) => tracing::debug!(%shard, %error, "what was missed is not fetched yet"),
    }
    Done::CaughtUp(shard, outcome.is_ok())
}
