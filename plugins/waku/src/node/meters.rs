//! What is measured where it happens. What a look at the node tells is measured when somebody asks, in `measure`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::{ReceivedMessage, stats::Counter};
use crate::{
    PubsubTopic, Refusal, Status,
    lightpush::Version,
    metrics::{DIFFERENCES, Histogram, KILOBYTES, LONG_SECONDS, Labelled, ROUNDTRIPS, SECONDS},
};

/// The live measurements of a node. The labels are constants, or shards of the cluster: at most 1024.
pub(super) struct Meters {
    pub(super) messages: Counter,
    pub(super) message_sizes: Histogram,
    shards: Mutex<BTreeMap<PubsubTopic, ShardTraffic>>,
    pub(super) dials_done: Counter,
    pub(super) dials_failed: Counter,
    pub(super) joins: Counter,
    pub(super) leaves: Counter,
    pub(super) requests: Labelled<2, u64>,
    pub(super) request_bytes: Labelled<2, u64>,
    pub(super) request_times: Labelled<1, Histogram>,
    pub(super) filter_requests: Labelled<1, u64>,
    pub(super) filter_request_times: Labelled<1, Histogram>,
    pub(super) filter_push_times: Histogram,
    pub(super) lightpush_messages: Labelled<1, u64>,
    pub(super) lightpush_errors: Labelled<1, u64>,
    pub(super) lightpush_v3_messages: Labelled<1, u64>,
    pub(super) lightpush_v3_errors: Labelled<1, u64>,
    pub(super) store_queries: Counter,
    pub(super) store_errors: Labelled<1, u64>,
    pub(super) records_sent: Counter,
    pub(super) records_received: Counter,
    pub(super) records_new: Counter,
    pub(super) sync_roundtrips: Histogram,
    pub(super) sync_differences: Histogram,
}

/// The messages of a shard, none counted twice.
#[derive(Default)]
pub(super) struct ShardTraffic {
    pub(super) messages: u64,
    /// Bytes of their payloads.
    pub(super) payloads: u64,
    pub(super) largest: u64,
    /// Bytes of those that peers have sent, as they travel, with the topic.
    pub(super) received: u64,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            messages: Counter::default(),
            message_sizes: Histogram::new(KILOBYTES),
            shards: Mutex::default(),
            dials_done: Counter::default(),
            dials_failed: Counter::default(),
            joins: Counter::default(),
            leaves: Counter::default(),
            requests: Labelled::new(["service", "state"]),
            request_bytes: Labelled::new(["service", "direction"]),
            request_times: Labelled::new(["service"]),
            filter_requests: Labelled::new(["type"]),
            filter_request_times: Labelled::new(["type"]),
            filter_push_times: Histogram::new(LONG_SECONDS),
            lightpush_messages: Labelled::new(["type"]),
            lightpush_errors: Labelled::new(["type"]),
            lightpush_v3_messages: Labelled::new(["type"]),
            lightpush_v3_errors: Labelled::new(["type"]),
            store_queries: Counter::default(),
            store_errors: Labelled::new(["type"]),
            records_sent: Counter::default(),
            records_received: Counter::default(),
            records_new: Counter::default(),
            sync_roundtrips: Histogram::new(ROUNDTRIPS),
            sync_differences: Histogram::new(DIFFERENCES),
        }
    }
}

impl Meters {
    /// A message is handed over, whoever sent it.
    pub(super) fn message(&self, received: &ReceivedMessage) {
        let size = received.message.payload.len();
        self.messages.add();
        self.message_sizes.observe(size as f64 / 1000.0);
        let mut shards = self.shards();
        let shard = shards.entry(received.pubsub_topic).or_default();
        shard.messages += 1;
        shard.payloads += size as u64;
        shard.largest = shard.largest.max(size as u64);
    }

    /// A peer has relayed a message of so many bytes.
    pub(super) fn relayed(&self, topic: PubsubTopic, bytes: usize) {
        self.shards().entry(topic).or_default().received += bytes as u64;
    }

    /// A peer asks a service, within its rate limit or not.
    pub(super) fn asked(&self, service: &'static str, bytes: usize, is_admitted: bool) {
        let state = if is_admitted { "served" } else { "rejected" };
        self.requests.add([service, state], 1);
        if is_admitted {
            self.request_bytes.add([service, "in"], bytes as u64);
        }
    }

    /// A service answers with so many bytes what it was asked then.
    pub(super) fn answered(&self, service: &'static str, bytes: usize, since: Instant) {
        self.request_bytes.add([service, "out"], bytes as u64);
        self.request_times.took([service], LONG_SECONDS, since.elapsed());
    }

    /// A light node has asked to publish, with this outcome.
    pub(super) fn pushed(&self, version: Version, outcome: &Result<Option<u32>, Refusal>) {
        let (messages, errors) = match version {
            Version::V3 => (&self.lightpush_v3_messages, &self.lightpush_v3_errors),
            Version::Legacy => (&self.lightpush_messages, &self.lightpush_errors),
        };
        if !matches!(outcome, Err(refusal) if refusal.status == Status::BAD_REQUEST) {
            messages.add(["PushRequest"], 1);
        }
        if let Err(refusal) = outcome {
            errors.add([refusal.status.name()], 1);
        }
    }

    /// A filter subscriber was served what it asked then.
    pub(super) fn filtered(&self, kind: &'static str, since: Instant) {
        self.filter_requests.add([kind], 1);
        self.filter_request_times.took([kind], SECONDS, since.elapsed());
    }

    pub(super) fn shards(&self) -> MutexGuard<'_, BTreeMap<PubsubTopic, ShardTraffic>> {
        // Counts are never left half changed.
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
