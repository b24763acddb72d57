//! What this node has subscribed to at the filter services of peers. Knows no network.

use std::collections::HashMap;

use libp2p::PeerId;
use tokio::task::AbortHandle;

use super::{FilterError, SubscribeError, delivery::Criteria, filter_client::FilterAsk};
use crate::{
    PubsubTopic,
    limits::{MAX_FILTER_CRITERIA, MAX_FILTER_SERVICES},
};

/// What this node has subscribed to at one service, on one pubsub topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterSubscription {
    /// The service.
    pub peer: PeerId,
    /// The shard.
    pub pubsub_topic: PubsubTopic,
    /// The content topics.
    pub content_topics: Vec<String>,
}

/// The services.
#[derive(Default)]
pub(super) struct Services(HashMap<PeerId, Service>);

/// One of them.
#[derive(Default)]
pub(super) struct Service {
    pub(super) criteria: Criteria,
    /// The tasks that read what it pushes.
    pub(super) streams: Vec<AbortHandle>,
    /// What is still to be subscribed to again, one request after the other.
    pub(super) renewals: Vec<FilterAsk>,
    /// Whether that has failed.
    pub(super) stale: bool,
}

impl Services {
    /// Notes criteria and gives those that are new.
    pub(super) fn add(
        &mut self,
        peer: PeerId,
        topic: PubsubTopic,
        content_topics: &[String],
    ) -> Result<Vec<String>, FilterError> {
        if !self.0.contains_key(&peer) && self.0.len() >= MAX_FILTER_SERVICES {
            return Err(FilterError::TooManyServices(MAX_FILTER_SERVICES));
        }
        let criteria = &mut self.0.entry(peer).or_default().criteria;
        let total: usize = criteria.values().map(|topics| topics.len()).sum();
        let known = criteria.entry(topic).or_default();
        let mut fresh = content_topics.to_vec();
        fresh.retain(|content_topic| !known.contains(content_topic));
        if total + fresh.len() > MAX_FILTER_CRITERIA {
            return Err(SubscribeError::TooManyTopics(MAX_FILTER_CRITERIA).into());
        }
        known.extend(fresh.iter().cloned());
        Ok(fresh)
    }

    pub(super) fn remove(&mut self, peer: &PeerId, topic: PubsubTopic, content_topics: &[String]) {
        let Some(service) = self.0.get_mut(peer) else {
            return;
        };
        if let Some(known) = service.criteria.get_mut(&topic) {
            content_topics.iter().for_each(|gone| {
                known.remove(gone);
            });
        }
        self.prune(peer);
    }

    /// Leaves out what has become empty.
    pub(super) fn prune(&mut self, peer: &PeerId) {
        let Some(service) = self.0.get_mut(peer) else {
            return;
        };
        service.criteria.retain(|_, topics| !topics.is_empty());
        if service.criteria.is_empty() {
            self.forget(peer);
        }
    }

    pub(super) fn forget(&mut self, peer: &PeerId) {
        let streams = self.0.remove(peer).map(|service| service.streams);
        streams.iter().flatten().for_each(AbortHandle::abort);
    }

    /// What is subscribed to, wherever.
    pub(super) fn all(&self) -> Criteria {
        let mut all = Criteria::new();
        for (topic, topics) in self.0.values().flat_map(|service| &service.criteria) {
            all.entry(*topic).or_default().extend(topics.iter().cloned());
        }
        all
    }

    /// The same, service by service.
    pub(super) fn subscriptions(&self) -> Vec<FilterSubscription> {
        let mut all = Vec::new();
        for (peer, service) in &self.0 {
            for (pubsub_topic, topics) in &service.criteria {
                all.push(FilterSubscription {
                    peer: *peer,
                    pubsub_topic: *pubsub_topic,
                    content_topics: topics.iter().cloned().collect(),
                });
            }
        }
        all
    }

    pub(super) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Service> {
        self.0.get_mut(peer)
    }

    /// The services, and whether what is subscribed to there has to be renewed.
    pub(super) fn stale(&self) -> Vec<(PeerId, bool)> {
        self.0
            .iter()
            .map(|(peer, service)| (*peer, service.stale))
            .collect()
    }
}
