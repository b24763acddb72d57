//! One conversation about what two archives lack.

use std::{collections::HashSet, io, ops::Range, sync::Arc};

use futures::{AsyncRead, AsyncWrite, AsyncWriteExt};
use libp2p::PeerId;
use tokio::time::timeout;

use super::{ServiceError, Shared, SyncConfig, SyncError, SyncReport};
use crate::{
    Archive, ArchiveError, MessageHash, PubsubTopic, SyncDecodeError, SyncPayload,
    archive::{Scope, now_nanos},
    framing,
    limits::{
        ARCHIVE_DRIFT, MAX_SYNC_FRAME, MAX_SYNC_MESSAGES, MAX_SYNC_ROUNDTRIPS, MAX_SYNC_TOPICS,
        SYNC_SESSION_TIMEOUT, SYNC_SLACK, SYNC_TIMEOUT,
    },
    sync::{Answer, TooMuch, Window},
};

/// A conversation with a peer, about the shards that the node takes part in; about all if it takes part in none.
pub(super) struct Session {
    shared: Arc<Shared>,
    archive: Archive,
    peer: PeerId,
    shards: Vec<PubsubTopic>,
    times: Times,
    window: Option<(Scope, Window)>,
    report: SyncReport,
    to_send: HashSet<MessageHash>,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) report: SyncReport,
    pub(super) to_send: Vec<MessageHash>,
    pub(super) ended: Result<(), SyncError>,
}

/// The times of which the archive speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Times {
    /// What is sent, and taken from others.
    pub(super) all: Range<i64>,
    /// What it asks about when it begins.
    opening: Range<i64>,
}

/// Why a conversation broke off.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Stream(#[from] io::Error),
    #[error(transparent)]
    Decode(#[from] SyncDecodeError),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("it names more than {MAX_SYNC_TOPICS} content topics")]
    Topics,
    #[error("it did not come to an end within {MAX_SYNC_ROUNDTRIPS} roundtrips")]
    Rounds,
    #[error("it did not come to an end within {} s", SYNC_SESSION_TIMEOUT.as_secs())]
    Time,
}

impl Times {
    pub(super) fn new(config: SyncConfig, now: i64) -> Self {
        let nanos = |time: std::time::Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let end = now.saturating_sub(nanos(config.relay_jitter)).max(0);
        let start = end.saturating_sub(nanos(config.range)).max(0);
        Self {
            all: start.saturating_sub(nanos(SYNC_SLACK)).max(0)..now.saturating_add(nanos(ARCHIVE_DRIFT)),
            opening: start..end,
        }
    }
}

impl Session {
    pub(super) fn new(
        shared: Arc<Shared>,
        archive: Archive,
        config: SyncConfig,
        peer: PeerId,
        shards: Vec<PubsubTopic>,
    ) -> Self {
        Self {
            shared,
            archive,
            peer,
            shards,
            times: Times::new(config, now_nanos()),
            window: None,
            report: SyncReport::default(),
            to_send: HashSet::new(),
        }
    }

    /// Begins it.
    pub(super) async fn begin(mut self, mut io: impl AsyncRead + AsyncWrite + Unpin) -> Outcome {
        let talk = async {
            let opening = self.opening().await?;
            self.say(&mut io, &opening).await?;
            self.converse(&mut io).await
        };
        let ended = timeout(SYNC_SESSION_TIMEOUT, talk).await;
        self.end(io, ended.unwrap_or(Err(Fault::Time))).await
    }

    /// Answers a peer that begins it.
    pub(super) async fn answer(mut self, mut io: impl AsyncRead + AsyncWrite + Unpin) -> Outcome {
        let ended = timeout(SYNC_SESSION_TIMEOUT, self.converse(&mut io)).await;
        self.end(io, ended.unwrap_or(Err(Fault::Time))).await
    }

    async fn end(mut self, mut io: impl AsyncWrite + Unpin, ended: Result<(), Fault>) -> Outcome {
        // The peer has closed it, or hears from this that nothing comes any more.
        let _closed = timeout(SYNC_TIMEOUT, io.close()).await;
        let counters = &self.shared.counters.sync;
        self.report.to_send = self.to_send.len() as u64;
        counters.sessions.add();
        counters.roundtrips.count(self.report.roundtrips);
        counters.differences.count(self.report.differences);
        let meters = &self.shared.meters;
        meters.sync_roundtrips.observe(self.report.roundtrips as f64);
        meters.sync_differences.observe(self.report.differences as f64);
        Outcome {
            report: self.report,
            to_send: self.to_send.into_iter().collect(),
            ended: ended.map_err(|fault| match fault {
                Fault::Archive(error) => SyncError::Archive(error),
                fault => SyncError::Service(ServiceError::Failed {
                    peer: self.peer,
                    reason: fault.to_string(),
                }),
            }),
        }
    }

    async fn opening(&mut self) -> Result<Vec<u8>, Fault> {
        let scope = Scope {
            shards: self.shards.clone(),
            content_topics: Vec::new(),
        };
        let Range { start, end } = self.times.opening;
        let window = self.window(scope).await?;
        let opening = window.opening(start.max(window.floor).min(end), end);
        Ok(self.payload(opening))
    }

    /// Hears and answers until one side has nothing more to say.
    async fn converse(&mut self, io: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), Fault> {
        loop {
            let bytes = framing::read_bytes_within(io, MAX_SYNC_FRAME, SYNC_TIMEOUT).await?;
            self.shared.counters.sync.bytes_received.count(bytes.len() as u64);
            let payload = SyncPayload::decode(&bytes)?;
            self.report.roundtrips += 1;
            if payload.is_settled() {
                break;
            }
            if self.report.roundtrips > MAX_SYNC_ROUNDTRIPS {
                return Err(Fault::Rounds);
            }
            let Some(scope) = self.scope(&payload)? else {
                // What deployed nodes say then.
                return self.say(io, &[]).await;
            };
            let answer = self.window(scope).await?.answer(&payload)?;
            self.report.differences += (answer.to_send.len() + answer.lacking) as u64;
            self.to_send.extend(&answer.to_send);
            let is_over = answer.ranges.is_empty();
            let bytes = self.payload(answer);
            self.say(io, &bytes).await?;
            if is_over {
                break;
            }
        }
        Ok(())
    }

    async fn say(&self, io: &mut (impl AsyncWrite + Unpin), payload: &[u8]) -> Result<(), Fault> {
        framing::write_framed_within(io, &framing::framed(payload), SYNC_TIMEOUT).await?;
        self.shared.counters.sync.bytes_sent.count(payload.len() as u64);
        Ok(())
    }

    fn payload(&self, answer: Answer) -> Vec<u8> {
        let topics = self.shards.iter().map(PubsubTopic::to_string);
        answer.payload(topics.collect()).encode()
    }

    /// What both sides speak about: the topics of the one that are also topics of the other. `None` if there are none.
    fn scope(&self, payload: &SyncPayload) -> Result<Option<Scope>, Fault> {
        let sharding = self.shared.sharding;
        let mut content_topics = payload.content_topics.clone();
        content_topics.sort_unstable();
        content_topics.dedup();
        if content_topics.len() > MAX_SYNC_TOPICS {
            return Err(Fault::Topics);
        }
        let mut shards = self.shards.clone();
        if !payload.pubsub_topics.is_empty() {
            let parsed = payload.pubsub_topics.iter().filter_map(|text| text.parse().ok());
            let mut theirs: Vec<PubsubTopic> = parsed.collect();
            theirs.retain(|it| it.cluster() == sharding.cluster());
            theirs.retain(|it| shards.is_empty() || shards.contains(it));
            theirs.sort_unstable();
            theirs.dedup();
            shards = theirs;
        } else if shards.is_empty() && !content_topics.is_empty() {
            let all = 0..sharding.count().unwrap_or_default();
            shards = all
                .filter_map(|shard| PubsubTopic::new(sharding.cluster(), shard).ok())
                .collect();
        }
        let is_narrowed = !payload.pubsub_topics.is_empty() || !content_topics.is_empty();
        if is_narrowed && shards.is_empty() {
            return Ok(None);
        }
        Ok(Some(Scope {
            shards,
            content_topics,
        }))
    }

    /// What the archive has, as it was when it was first asked for.
    async fn window(&mut self, scope: Scope) -> Result<&Window, Fault> {
        let known = self.window.take().filter(|(known, _)| *known == scope);
        let window = match known {
            Some((_, window)) => window,
            None => {
                let times = self.times.all.clone();
                let (places, floor) = self.archive.places(&scope, times, MAX_SYNC_MESSAGES).await?;
                Window::new(floor, places)
            }
        };
        Ok(&self.window.insert((scope, window)).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn a_node_answers_a_little_more_than_it_asks_for() {
        let now = 1_700_000_000 * S;
        let times = Times::new(SyncConfig::default(), now);
        assert_eq!(times.opening, now - 3620 * S..now - 20 * S);
        assert_eq!(times.all, now - 3680 * S..now + 20 * S);
        let early = Times::new(SyncConfig::default(), S);
        assert_eq!((early.all.start, early.opening), (0, 0..0));
    }
}
