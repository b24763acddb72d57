//! `waku.store`: the archive, and the stores of peers.

use backplane_sdk::{Sender, Stream};
use waku_api::{ArchiveFigures, MessageHash, StoreError, StorePage, StoreQuery, StoredMessage};

use super::{Waku, services::peer};
use crate::{Archive, ArchiveError, HistoryError, Node, PeerId, limits::STORE_PAGE_CEILING};

impl waku_api::Store for Waku {
    async fn query(&self, query: StoreQuery, peer_id: Option<String>) -> Result<StorePage, StoreError> {
        let query = query.into();
        let peer = match (peer_id, &self.archive) {
            (Some(id), _) => peer(id).map_err(StoreError::Service)?,
            (None, Some(own)) => return Ok(own.archive.query(&query).await?.into()),
            (None, None) => self.any_store().await?,
        };
        let page = self.node.query_store(peer, query).await;
        Ok(page.map_err(service)?.into())
    }

    async fn history(
        &self,
        query: StoreQuery,
        peer_ids: Vec<String>,
    ) -> Result<Stream<StoredMessage>, StoreError> {
        let peers: Result<Vec<_>, _> = peer_ids.into_iter().map(peer).collect();
        let peers = peers.map_err(StoreError::Service)?;
        Ok(match &self.archive {
            Some(own) if peers.is_empty() => own_history(own.archive.clone(), query.into()),
            _ => history(&self.node, query.into(), peers),
        })
    }

    async fn archive(&self) -> Result<Option<ArchiveFigures>, StoreError> {
        Ok(self.archive.as_ref().map(|own| own.archive.stats().into()))
    }
}

impl Waku {
    /// Always the same one while it stays, so that its cursors count.
    async fn any_store(&self) -> Result<PeerId, StoreError> {
        let peers = self
            .node
            .store_peers()
            .await
            .map_err(|stopped| service(stopped.into()))?;
        peers.into_iter().min().ok_or(StoreError::NoStore)
    }
}

fn service(error: crate::ServiceError) -> StoreError {
    StoreError::Service(error.into())
}

/// Reads the archive to its end, page by page.
fn own_history(archive: Archive, query: crate::StoreQuery) -> Stream<StoredMessage> {
    let mut query = crate::StoreQuery {
        include_data: true,
        limit: Some(STORE_PAGE_CEILING as u64),
        ..query
    };
    Stream::produce(async move |mut messages: Sender<StoredMessage>| {
        loop {
            let page = match archive.query(&query).await {
                Ok(page) => page,
                Err(error) => return messages.fail(&error.to_string()),
            };
            query.cursor = page.cursor;
            if !send(&mut messages, page.messages, query.forward).await || query.cursor.is_none() {
                return;
            }
        }
    })
}

/// Reads the stores of peers to the end.
fn history(node: &Node, query: crate::StoreQuery, peers: Vec<PeerId>) -> Stream<StoredMessage> {
    let forward = query.forward;
    let mut history = node.history(query, peers);
    Stream::produce(async move |mut messages: Sender<StoredMessage>| {
        loop {
            match history.next().await {
                Ok(Some(page)) => {
                    if !send(&mut messages, page, forward).await {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => return messages.fail(&StoreError::from(error).to_string()),
            }
        }
    })
}

/// Sends the messages of a page in the direction of the query; whether the reader is still there.
async fn send(
    messages: &mut Sender<StoredMessage>,
    mut page: Vec<crate::StoredMessage>,
    forward: bool,
) -> bool {
    if !forward {
        page.reverse();
    }
    for message in page {
        if messages.send(&message.into()).await.is_err() {
            return false;
        }
    }
    true
}

fn hash(hash: MessageHash) -> crate::MessageHash {
    hash.0.0.into()
}

impl From<StoreQuery> for crate::StoreQuery {
    fn from(query: StoreQuery) -> Self {
        Self {
            include_data: query.include_data,
            pubsub_topic: query.pubsub_topic,
            content_topics: query.content_topics,
            time_start: query.time_start,
            time_end: query.time_end,
            hashes: query.hashes.into_iter().map(hash).collect(),
            cursor: query.cursor.map(hash),
            forward: query.forward,
            limit: query.limit.map(Into::into),
        }
    }
}

impl From<crate::StoredMessage> for StoredMessage {
    fn from(stored: crate::StoredMessage) -> Self {
        Self {
            hash: stored.hash.into(),
            message: stored.message.map(Into::into),
            pubsub_topic: stored.pubsub_topic,
        }
    }
}

impl From<crate::StorePage> for StorePage {
    fn from(page: crate::StorePage) -> Self {
        Self {
            messages: page.messages.into_iter().map(Into::into).collect(),
            cursor: page.cursor.map(Into::into),
        }
    }
}

impl From<ArchiveError> for StoreError {
    fn from(error: ArchiveError) -> Self {
        Self::Archive {
            reason: error.to_string(),
        }
    }
}

impl From<HistoryError> for StoreError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::NoStore => Self::NoStore,
            HistoryError::Service(error) => service(error),
        }
    }
}

impl From<crate::ArchiveStats> for ArchiveFigures {
    fn from(stats: crate::ArchiveStats) -> Self {
        Self {
            messages: stats.messages,
            stored: stats.stored,
            duplicates: stats.duplicates,
            refused: stats.refused,
            missed: stats.missed,
            failed: stats.failed,
            removed: stats.removed,
            queries: stats.queries,
        }
    }
}
