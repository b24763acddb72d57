//! Filling the gap in an archive that a pause of the node has left.

use std::ops::RangeInclusive;

use super::{HistoryError, Node};
use crate::{
    Archive, ArchiveError, PubsubTopic, StoreQuery, StoredMessage, WakuMessage,
    archive::now_nanos,
    limits::{ARCHIVE_DRIFT, RESUME_RANGE},
};

/// Why a gap was not filled, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// No store could be asked.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The archive does not take messages.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl Node {
    /// Fetches what other stores have from when the node was last online until now, six hours at most, into the
    /// archive, and says how many messages were new. An archive that never was online has missed nothing. What was
    /// fetched before an error stays, and is not fetched again.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub async fn resume(&self, archive: &Archive) -> Result<u64, ResumeError> {
        let now = now_nanos();
        let range = i64::try_from(RESUME_RANGE.as_nanos()).unwrap_or(i64::MAX);
        let Some(since) = archive.last_online().await? else {
            archive.mark_online(now).await?;
            return Ok(0);
        };
        // Messages may be older or younger than the moment at which they came in.
        let drift = i64::try_from(ARCHIVE_DRIFT.as_nanos()).unwrap_or(i64::MAX);
        let start = since.max(now.saturating_sub(range)).saturating_sub(drift);
        let gap = start..=now.saturating_add(drift);
        let query = StoreQuery {
            time_start: Some(*gap.start()),
            time_end: Some(*gap.end()),
            ..StoreQuery::default()
        };
        let mut history = self.history(query, Vec::new());
        let mut fresh = 0;
        while let Some(page) = history.next().await? {
            let ours = page.into_iter().filter_map(|stored| self.of_gap(stored, &gap));
            let messages: Vec<_> = ours.collect();
            let last = messages.iter().map(|(_, message)| message.timestamp).max();
            fresh += archive.take_in(messages).await?;
            if let Some(last) = last {
                archive.mark_online(last.min(now)).await?;
            }
        }
        archive.mark_online(now).await?;
        Ok(fresh)
    }

    /// Takes nothing but what was asked for: the store need not be honest.
    fn of_gap(&self, stored: StoredMessage, gap: &RangeInclusive<i64>) -> Option<(PubsubTopic, WakuMessage)> {
        let topic: PubsubTopic = stored.pubsub_topic?.parse().ok()?;
        let message = stored.message?;
        let is_ours = topic.cluster() == self.sharding().cluster();
        (is_ours && gap.contains(&message.timestamp)).then_some((topic, message))
    }
}
