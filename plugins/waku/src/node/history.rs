//! A query to its end, page by page, from one store or another.

use std::collections::{HashSet, VecDeque};

use libp2p::PeerId;

use super::{HistoryError, Node};
use crate::{
    MessageHash, StorePage, StoreQuery, StoredMessage, WakuMessage,
    limits::{STORE_PAGE_CEILING, STORE_PEERS},
};

/// Reads all that a query asks for, in its direction, from the first store that answers. When one fails on the way,
/// the next goes on where it stood; no message comes twice.
#[derive(Debug)]
pub struct History {
    node: Node,
    query: StoreQuery,
    peers: VecDeque<PeerId>,
    is_started: bool,
    is_over: bool,
    /// Whether the store that is asked gave the cursor.
    is_own_cursor: bool,
    last: Option<Last>,
}

/// Where the history stands: the timestamp, and the messages that have it.
#[derive(Debug)]
struct Last {
    timestamp: i64,
    hashes: HashSet<MessageHash>,
}

impl History {
    pub(super) fn new(node: Node, query: StoreQuery, peers: Vec<PeerId>) -> Self {
        Self {
            node,
            is_started: !peers.is_empty(),
            query: StoreQuery {
                include_data: true,
                limit: Some(STORE_PAGE_CEILING as u64),
                ..query
            },
            peers: peers.into(),
            is_over: false,
            is_own_cursor: true,
            last: None,
        }
    }

    /// The next messages, the oldest first; `None` at the end. After an error there is no more. Cancelling loses
    /// nothing.
    ///
    /// # Errors
    /// [`HistoryError`] of the last store that was asked.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredMessage>>, HistoryError> {
        if !self.is_started {
            self.peers = self
                .node
                .store_peers()
                .await?
                .into_iter()
                .take(STORE_PEERS)
                .collect();
            self.is_started = true;
        }
        let mut failure = HistoryError::NoStore;
        while !self.is_over {
            let Some(&peer) = self.peers.front() else {
                self.is_over = true;
                return Err(failure);
            };
            let query = self.query_of_now();
            match self.node.query_store(peer, query).await {
                Ok(page) => {
                    let messages = self.take(page);
                    if !messages.is_empty() {
                        return Ok(Some(messages));
                    }
                }
                Err(error) => {
                    tracing::debug!(peer_id = %peer, %error, "a store failed");
                    failure = error.into();
                    self.peers.pop_front();
                    self.is_own_cursor = false;
                }
            }
        }
        Ok(None)
    }

    /// The store that is asked, once one is.
    pub(super) fn peer(&self) -> Option<PeerId> {
        self.peers.front().copied()
    }

    /// Another store need not know the cursor of the first: it is asked from the time on at which that one stood.
    fn query_of_now(&self) -> StoreQuery {
        let mut query = self.query.clone();
        if let (false, Some(last)) = (self.is_own_cursor, &self.last) {
            query.cursor = None;
            match query.forward {
                true => query.time_start = Some(last.timestamp),
                false => query.time_end = Some(last.timestamp),
            }
        }
        query
    }

    /// What is new of a page.
    fn take(&mut self, page: StorePage) -> Vec<StoredMessage> {
        let is_another_store = !self.is_own_cursor;
        if is_another_store {
            // What follows is that store's: its cursor goes with the time it was asked from.
            self.query = self.query_of_now();
            self.is_own_cursor = true;
        }
        let mut messages = page.messages;
        if let Some(last) = &self.last {
            messages.retain(|it| !last.hashes.contains(&it.hash));
        }
        let far_end = match self.query.forward {
            true => messages.last(),
            false => messages.first(),
        };
        if let Some(timestamp) = far_end.and_then(timestamp) {
            let of_then = messages
                .iter()
                .filter(|it| self::timestamp(it) == Some(timestamp));
            let hashes = of_then.map(|it| it.hash);
            match &mut self.last {
                Some(last) if last.timestamp == timestamp => last.hashes.extend(hashes),
                last => {
                    *last = Some(Last {
                        timestamp,
                        hashes: hashes.collect(),
                    });
                }
            }
        }
        // A store that repeats itself has nothing more to say; one that goes on for another has to, at first.
        self.is_over = page.cursor.is_none() || (messages.is_empty() && !is_another_store);
        self.query.cursor = page.cursor;
        messages
    }
}

fn timestamp(stored: &StoredMessage) -> Option<i64> {
    stored
        .message
        .as_ref()
        .map(|message: &WakuMessage| message.timestamp)
}
