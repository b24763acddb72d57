//! What an operator asks, in the types of the contract.

use waku_api as api;

use crate::{
    Connectedness, FilterSubscriber, ListedPeer, MetricFamily, MetricKind, MetricSample, MetricScope,
    MetricValue, Multiaddr, PeerOrigin,
};

impl From<ListedPeer> for api::KnownPeer {
    fn from(peer: ListedPeer) -> Self {
        Self {
            peer_id: peer.peer_id.to_string(),
            addresses: peer.addresses.iter().map(Multiaddr::to_string).collect(),
            protocols: peer.protocols,
            shards: peer.shards,
            connectedness: match peer.connectedness {
                Connectedness::NotConnected => api::Connectedness::NotConnected,
                Connectedness::CannotConnect => api::Connectedness::CannotConnect,
                Connectedness::CanConnect => api::Connectedness::CanConnect,
                Connectedness::Connected => api::Connectedness::Connected,
            },
            agent: peer.agent,
            origin: match peer.origin {
                PeerOrigin::Unknown => api::PeerOrigin::Unknown,
                PeerOrigin::Static => api::PeerOrigin::Static,
                PeerOrigin::Discv5 => api::PeerOrigin::Discv5,
                PeerOrigin::PeerExchange => api::PeerOrigin::PeerExchange,
                PeerOrigin::Dns => api::PeerOrigin::Dns,
            },
            mesh: peer.mesh,
            relays: peer.relays,
            score: peer.score,
        }
    }
}

impl From<FilterSubscriber> for api::FilterSubscriber {
    fn from(subscriber: FilterSubscriber) -> Self {
        let criteria = subscriber.criteria.into_iter();
        Self {
            peer_id: subscriber.peer.to_string(),
            criteria: criteria
                .map(|(shard, content_topic)| api::FilterCriterion {
                    pubsub_topic: shard.to_string(),
                    content_topic,
                })
                .collect(),
        }
    }
}

impl From<MetricFamily> for api::MetricFamily {
    fn from(family: MetricFamily) -> Self {
        Self {
            scope: match family.scope {
                MetricScope::Waku => api::MetricScope::Waku,
                MetricScope::Libp2p => api::MetricScope::Libp2p,
            },
            name: family.name.to_owned(),
            help: family.help.to_owned(),
            kind: match family.kind {
                MetricKind::Counter => api::MetricKind::Counter,
                MetricKind::Gauge => api::MetricKind::Gauge,
                MetricKind::Histogram => api::MetricKind::Histogram,
            },
            samples: family.samples.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<MetricSample> for api::MetricSample {
    fn from(sample: MetricSample) -> Self {
        let labels = sample.labels.into_iter();
        Self {
            labels: labels
                .map(|(name, value)| api::MetricLabel {
                    name: name.to_owned(),
                    value: value.into_owned(),
                })
                .collect(),
            value: match sample.value {
                MetricValue::Number(number) => api::MetricValue::Number(number),
                MetricValue::Histogram { bounds, counts, sum } => {
                    api::MetricValue::Histogram(api::MetricHistogram {
                        bounds: bounds.to_vec(),
                        counts,
                        sum,
                    })
                }
            },
        }
    }
}
