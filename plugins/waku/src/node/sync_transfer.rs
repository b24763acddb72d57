//! Messages on their way from one archive to another.

use std::{ops::Range, sync::Arc, time::Duration};

use futures::{AsyncRead, AsyncWrite, AsyncWriteExt};
use libp2p::PeerId;
use tokio::{sync::mpsc, time::timeout};

use super::{Shared, SyncConfig, sync_session::Times};
use crate::{
    Archive, MessageHash, PubsubTopic, StoreQuery, StoredMessage, TransferredMessage, WakuMessage,
    archive::now_nanos,
    framing,
    limits::{ARCHIVE_BATCH, IDLE_STREAM_TIMEOUT, MAX_SERVICE_FRAME, STORE_PAGE_CEILING, SYNC_QUEUE},
};

/// Sends the messages of these hashes, as far as the archive still has them, and closes the stream. What a broken
/// connection leaves over is found again the next time.
pub(super) async fn send(
    shared: &Shared,
    archive: &Archive,
    peer: PeerId,
    hashes: Vec<MessageHash>,
    mut stream: impl AsyncWrite + Unpin,
) {
    for part in hashes.chunks(STORE_PAGE_CEILING) {
        let mut query = StoreQuery {
            hashes: part.to_vec(),
            limit: Some(STORE_PAGE_CEILING as u64),
            ..StoreQuery::default()
        };
        loop {
            let page = match archive.query(&query).await {
                Ok(page) => page,
                Err(error) => return tracing::warn!(%error, "messages for another archive cannot be read"),
            };
            for stored in page.messages {
                if let Err(error) = send_one(shared, stored, &mut stream).await {
                    return tracing::debug!(peer_id = %peer, %error, "does not take messages any more");
                }
            }
            query.cursor = page.cursor;
            if query.cursor.is_none() {
                break;
            }
        }
    }
    // The peer may have closed it first.
    let _closed = stream.close().await;
}

async fn send_one(
    shared: &Shared,
    stored: StoredMessage,
    stream: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<()> {
    let (Some(pubsub_topic), Some(message)) = (stored.pubsub_topic, stored.message) else {
        return Ok(());
    };
    let bytes = TransferredMessage {
        pubsub_topic,
        message,
    }
    .encode();
    framing::write_framed(stream, &framing::framed(&bytes)).await?;
    let counters = &shared.counters.sync;
    counters.messages_sent.add();
    counters.transfer_bytes_sent.count(bytes.len() as u64);
    Ok(())
}

/// Takes what a peer sends on one stream.
pub(super) struct Receiver {
    shared: Arc<Shared>,
    archive: Archive,
    peer: PeerId,
    config: SyncConfig,
}

impl Receiver {
    pub(super) fn new(
        shared: Arc<Shared>,
        archive: Archive,
        peer: PeerId,
        config: Option<SyncConfig>,
    ) -> Self {
        Self {
            shared,
            archive,
            peer,
            config: config.unwrap_or_default(),
        }
    }

    /// Archives messages until the stream ends or is idle for long: deployed nodes keep it open for the next time. The
    /// peer sends no faster than the archive takes them.
    pub(super) async fn receive(&self, stream: impl AsyncRead + Unpin) {
        let (queue, inbox) = mpsc::channel(SYNC_QUEUE);
        tokio::join!(self.read(stream, queue), self.keep(inbox));
    }

    async fn read(
        &self,
        mut stream: impl AsyncRead + Unpin,
        queue: mpsc::Sender<(PubsubTopic, WakuMessage)>,
    ) {
        let counters = &self.shared.counters.sync;
        let most = self.shared.rules.max_size + MAX_SERVICE_FRAME;
        while let Some(bytes) = read_frame(&mut stream, most, IDLE_STREAM_TIMEOUT).await {
            counters.messages_received.add();
            counters.transfer_bytes_received.count(bytes.len() as u64);
            let times = Times::new(self.config, now_nanos()).all;
            let Some(message) = self.wanted(&bytes, &times) else {
                counters.messages_refused.add();
                continue;
            };
            if queue.send(message).await.is_err() {
                return;
            }
        }
    }

    /// A message of the cluster, of a time that is synchronised.
    fn wanted(&self, bytes: &[u8], times: &Range<i64>) -> Option<(PubsubTopic, WakuMessage)> {
        let transferred = TransferredMessage::decode(bytes).ok()?;
        let message = transferred.message;
        let topic: PubsubTopic = transferred.pubsub_topic.parse().ok()?;
        let is_wanted = topic.cluster() == self.shared.sharding.cluster()
            && times.contains(&message.timestamp)
            && !message.ephemeral;
        is_wanted.then_some((topic, message))
    }

    async fn keep(&self, mut inbox: mpsc::Receiver<(PubsubTopic, WakuMessage)>) {
        let mut batch = Vec::new();
        while inbox.recv_many(&mut batch, ARCHIVE_BATCH).await > 0 {
            match self.archive.take_in(std::mem::take(&mut batch)).await {
                Ok(fresh) => self.shared.counters.sync.messages_fresh.count(fresh),
                Err(error) => {
                    return tracing::warn!(%error, peer_id = %self.peer, "messages of it did not get into the archive");
                }
            }
        }
    }
}

/// The next frame; `None` at the end, after a fault, or if none begins in time.
async fn read_frame(stream: &mut (impl AsyncRead + Unpin), most: usize, time: Duration) -> Option<Vec<u8>> {
    timeout(time, framing::read_bytes(stream, most)).await.ok()?.ok()
}
