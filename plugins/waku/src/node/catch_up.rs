//! Telling consumers what they missed, from the stores of peers.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use tokio::time::{sleep, timeout};

use super::{HistoryError, Node, Origin, ReceivedMessage, delivery::Wanted};
use crate::{
    PubsubTopic, StoreQuery, StoredMessage,
    limits::{CATCH_UP_LOOK, CATCH_UP_WAIT, STORE_PAGE_CEILING, STORE_TOPICS_WITH_CURSOR},
    messaging::Missing,
};

impl Node {
    /// Delivers what the stores of connected peers have of a shard and a time, as far as it is subscribed to and was not
    /// delivered before. Says how many messages were new.
    pub(crate) async fn catch_up(&self, missing: &Missing) -> Result<u64, HistoryError> {
        let shard = missing.pubsub_topic;
        let wanted = self.shared.delivery.wanted_of(shard, self.shared.sharding);
        let query = StoreQuery {
            pubsub_topic: Some(shard.to_string()),
            time_start: Some(*missing.time.start()),
            time_end: Some(*missing.time.end()),
            ..StoreQuery::default()
        };
        let topics: Vec<Vec<String>> = match wanted {
            Wanted::All => vec![Vec::new()],
            Wanted::Topics(topics) => {
                let topics: Vec<String> = topics.into_iter().collect();
                topics
                    .chunks(STORE_TOPICS_WITH_CURSOR)
                    .map(<[String]>::to_vec)
                    .collect()
            }
        };
        let mut fresh = 0;
        for content_topics in topics {
            let query = StoreQuery {
                content_topics,
                ..query.clone()
            };
            let mut history = self.history(query, Vec::new());
            while let Some(page) = history.next().await? {
                self.wait_for_consumers().await;
                // The store that has given the page is the one that is asked.
                let origin = history.peer().map_or(Origin::Local, Origin::Peer);
                let messages = page.into_iter().filter_map(|it| self.missed(it, origin, missing));
                fresh += messages.map(|it| u64::from(self.tell(it))).sum::<u64>();
            }
        }
        Ok(fresh)
    }

    /// Takes nothing but what was asked for: the store need not be honest.
    fn missed(&self, stored: StoredMessage, origin: Origin, missing: &Missing) -> Option<ReceivedMessage> {
        let topic: PubsubTopic = stored.pubsub_topic?.parse().ok()?;
        let message = stored.message?;
        let hash = message.hash(&topic.to_string());
        let is_missed = topic == missing.pubsub_topic
            && missing.time.contains(&message.timestamp)
            && !message.payload.is_empty()
            && !missing.known.contains(&hash);
        is_missed.then(|| ReceivedMessage {
            hash,
            pubsub_topic: topic,
            message: Arc::new(message),
            origin,
            missed_before: 0,
        })
    }

    fn tell(&self, received: ReceivedMessage) -> bool {
        let shared = &self.shared;
        shared
            .delivery
            .deliver(received, Instant::now(), &shared.counters)
    }

    /// A store gives more at once than the network: consumers get the time to read it, but not any time.
    async fn wait_for_consumers(&self) {
        let room = async {
            while !self.shared.delivery.has_room(STORE_PAGE_CEILING) {
                sleep(CATCH_UP_LOOK).await;
            }
        };
        if timeout(CATCH_UP_WAIT, room).await.is_err() {
            tracing::warn!("consumers are slower than what they missed is fetched");
        }
    }

    /// The shards that somebody has subscribed to something of.
    pub(crate) fn wanted_shards(&self) -> BTreeSet<PubsubTopic> {
        self.shared.delivery.wanted_shards(self.shared.sharding)
    }
}
