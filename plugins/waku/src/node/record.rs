//! The node's own record, signed anew whenever what it says has changed.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{NodeConfig, NodeError, driver::Driver};
use crate::{
    Capabilities, NodeRecord, PubsubTopic, RecordError, RecordShards,
    enr::{Content, RecordKey},
};

pub(super) struct OwnRecord {
    key: RecordKey,
    capabilities: Capabilities,
    content: Content,
    current: NodeRecord,
}

impl OwnRecord {
    pub(super) fn new(config: &NodeConfig) -> Result<Self, NodeError> {
        let failed = |reason: String| NodeError::Setup {
            part: "node record",
            reason,
        };
        let key = config
            .key
            .record_key()
            .ok_or_else(|| failed("the node key signs no records".to_owned()))?;
        let capabilities = Capabilities::default()
            .with_if(config.relay, Capabilities::RELAY)
            .with_if(config.store.is_some(), Capabilities::STORE)
            .with_if(config.store_sync.is_some(), Capabilities::SYNC)
            .with_if(config.filter.is_some(), Capabilities::FILTER)
            .with_if(config.relay && config.lightpush, Capabilities::LIGHTPUSH);
        let content = Content::new(capabilities, None, None);
        let current = content
            .sign(first_seq(), &key)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            key,
            capabilities,
            content,
            current,
        })
    }

    pub(super) fn current(&self) -> &NodeRecord {
        &self.current
    }

    /// Signs a record of this content, if it is another one than before.
    fn renew(&mut self, content: Content) -> Result<(), RecordError> {
        if content != self.content {
            let next = first_seq().max(self.current.seq().saturating_add(1));
            self.current = content.sign(next, &self.key)?;
            self.content = content;
        }
        Ok(())
    }
}

impl Driver {
    /// Brings the record up to date with the addresses and shards.
    pub(super) fn renew_record(&mut self) {
        let addresses = self.announced().into_iter().chain(self.announced_by_ip());
        let shards = (!self.joined.is_empty()).then(|| RecordShards {
            cluster: self.shared.sharding.cluster(),
            shards: self.joined.iter().map(PubsubTopic::shard).collect(),
        });
        let content =
            Content::new(self.record.capabilities, shards, self.discv5_address).with_addresses(addresses);
        if let Err(error) = self.record.renew(content) {
            tracing::warn!(%error, "the node record is not up to date");
        }
        if let Some(discv5) = &self.discovery.discv5 {
            discv5.renew(&self.record.current);
        }
    }
}

/// Milliseconds since 1970: so a node that starts again replaces the record that others have kept, without keeping
/// the number itself.
fn first_seq() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
