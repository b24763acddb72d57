//! Getting the missing blocks of one dataset from all peers that have some.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use libp2p::PeerId;
use tokio::time::{Instant, sleep_until};

use super::wire::{Answer, Request};
use super::{Shared, blocking};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::limits::exchange::{BATCH_BYTES, IN_FLIGHT_OF_PEER, MAX_ABSENT, MAX_BATCH, PAUSE};

/// Time after which a dataset that nobody has is looked at again, although nothing has happened.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What became of a request.
enum Outcome {
    /// The blocks were kept but for those that the peer does not have, or left out.
    Kept { blocks: u64, absent: Vec<u64> },
    /// The peer gave no answer.
    Silent,
    /// The peer sent something else than was asked for.
    Wrong,
}

struct Asked {
    peer: PeerId,
    blocks: Vec<u64>,
    outcome: Result<Outcome>,
}

/// One peer, for one dataset.
#[derive(Default)]
struct Source {
    in_flight: usize,
    /// Blocks that it did not have when it was last asked.
    absent: BTreeSet<u64>,
    /// Until when it is not asked.
    paused: Option<Instant>,
    /// When it is asked again for what it did not have.
    forget: Option<Instant>,
}

struct Fetch<'a> {
    shared: &'a Arc<Shared>,
    dataset: Arc<Dataset>,
    sources: HashMap<PeerId, Source>,
    /// Blocks that were asked for.
    asked: BTreeSet<u64>,
    requests: FuturesUnordered<BoxFuture<'static, Asked>>,
    /// All blocks before this one are here or asked for.
    from: u64,
}

/// Returns when the dataset is complete, nobody wants it any more, or the node is stopped.
///
/// # Errors
/// A failure of the disk.
pub(super) async fn run(shared: &Arc<Shared>, dataset: Arc<Dataset>) -> Result<()> {
    let fetch = Fetch {
        shared,
        dataset,
        sources: HashMap::new(),
        asked: BTreeSet::new(),
        requests: FuturesUnordered::new(),
        from: 0,
    };
    fetch.run().await
}

impl Fetch<'_> {
    async fn run(mut self) -> Result<()> {
        let mut present = self.shared.present.subscribe();
        let mut wants = self.shared.contents.wants();
        while !self.shared.is_stopping() && self.is_wanted().await? {
            wants.mark_unchanged();
            while !wants.has_changed().unwrap_or(true) {
                if self.dataset.is_complete() {
                    return self.end().await;
                }
                let again = self.ask_all(&present.borrow_and_update().clone());
                tokio::select! {
                    Some(asked) = self.requests.next() => self.hear(asked).await?,
                    changed = present.changed() => changed.map_err(|_| Error::Closed)?,
                    changed = wants.changed() => {
                        changed.map_err(|_| Error::Closed)?;
                        break;
                    }
                    () = sleep_until(again) => {}
                }
            }
        }
        self.end().await
    }

    async fn is_wanted(&mut self) -> Result<bool> {
        let (contents, id) = (self.shared.contents.clone(), self.dataset.id);
        blocking(move || contents.index()?.is_wanted(id)).await
    }

    async fn end(&mut self) -> Result<()> {
        let (contents, dataset) = (self.shared.contents.clone(), Arc::clone(&self.dataset));
        blocking(move || {
            let _open = contents.enter()?;
            contents.note(&dataset, true)
        })
        .await
    }

    /// Asks all peers for as much as they may be asked for; when to look again.
    fn ask_all(&mut self, present: &BTreeSet<PeerId>) -> Instant {
        let now = Instant::now();
        self.sources
            .retain(|peer, source| present.contains(peer) || source.in_flight > 0);
        let mut again = now + LOOK_AGAIN;
        for peer in present {
            let mut source = self.sources.remove(peer).unwrap_or_default();
            source.pass(now);
            while source.may_be_asked() {
                let blocks = self.choose(&source);
                if blocks.is_empty() {
                    break;
                }
                source.in_flight += 1;
                self.ask(*peer, blocks);
            }
            again = [source.paused, source.forget]
                .into_iter()
                .flatten()
                .fold(again, Instant::min);
            self.sources.insert(*peer, source);
        }
        again
    }

    /// The next blocks that are missing, not asked for, and that the peer may have.
    fn choose(&mut self, source: &Source) -> Vec<u64> {
        let dataset = &self.dataset;
        // Blocks before it may have been dropped since.
        self.from = dataset
            .next_missing(self.from)
            .or_else(|| dataset.next_missing(0))
            .unwrap_or(0);
        let batch = (BATCH_BYTES / dataset.shape.block_bytes).clamp(1, MAX_BATCH as u32);
        let missing = std::iter::successors(dataset.next_missing(self.from), |block| {
            dataset.next_missing(block + 1)
        });
        missing
            .filter(|block| !self.asked.contains(block) && !source.absent.contains(block))
            .take(batch as usize)
            .collect()
    }

    fn ask(&mut self, peer: PeerId, blocks: Vec<u64>) {
        self.asked.extend(&blocks);
        let request = Request::Blocks {
            root: self.dataset.root,
            shape: self.dataset.shape,
            blocks: blocks.clone(),
        };
        let (shared, dataset) = (Arc::clone(self.shared), Arc::clone(&self.dataset));
        self.requests.push(Box::pin(async move {
            let outcome = request_blocks(&shared, dataset, peer, request, blocks.clone()).await;
            Asked {
                peer,
                blocks,
                outcome,
            }
        }));
    }

    async fn hear(&mut self, asked: Asked) -> Result<()> {
        let Asked {
            peer,
            blocks,
            outcome,
        } = asked;
        for block in &blocks {
            self.asked.remove(block);
        }
        let now = Instant::now();
        let source = self.sources.entry(peer).or_default();
        source.in_flight = source.in_flight.saturating_sub(1);
        match outcome? {
            Outcome::Kept { blocks: 0, .. } | Outcome::Silent => source.paused = Some(now + PAUSE),
            Outcome::Kept { absent, .. } => source.has_not(absent, now),
            Outcome::Wrong => {
                source.paused = Some(now + PAUSE);
                self.shared.banish(peer).await;
            }
        }
        Ok(())
    }
}

impl Source {
    fn may_be_asked(&self) -> bool {
        self.in_flight < IN_FLIGHT_OF_PEER && self.paused.is_none()
    }

    fn pass(&mut self, now: Instant) {
        self.paused = self.paused.filter(|until| *until > now);
        if self.forget.is_some_and(|at| at <= now) {
            self.forget = None;
            self.absent.clear();
        }
    }

    fn has_not(&mut self, absent: Vec<u64>, now: Instant) {
        if absent.is_empty() {
            return;
        }
        self.absent.extend(absent);
        self.forget.get_or_insert(now + PAUSE);
        if self.absent.len() > MAX_ABSENT {
            self.paused = Some(now + PAUSE);
            self.absent.clear();
        }
    }
}

/// Asks a peer for blocks, and keeps those that are proved.
async fn request_blocks(
    shared: &Arc<Shared>,
    dataset: Arc<Dataset>,
    peer: PeerId,
    request: Request,
    blocks: Vec<u64>,
) -> Result<Outcome> {
    // Held until the answer is out of the memory.
    let _place = shared.in_flight.acquire().await.map_err(|_| Error::Closed)?;
    let Some(frame) = shared.ask(peer, request.encode()).await else {
        return Ok(Outcome::Silent);
    };
    let shared = Arc::clone(shared);
    blocking(move || {
        let _open = shared.contents.enter()?;
        let outcome = keep(&dataset, &blocks, &frame)?;
        if let Outcome::Kept { blocks, .. } = outcome {
            shared.count(peer, blocks);
            shared.contents.note(&dataset, false)?;
        }
        Ok(outcome)
    })
    .await
}

fn keep(dataset: &Dataset, blocks: &[u64], frame: &[u8]) -> Result<Outcome> {
    let Ok(Answer::Blocks(entries)) = Answer::decode(frame) else {
        return Ok(Outcome::Wrong);
    };
    let (mut kept, mut absent) = (0, Vec::new());
    for entry in entries {
        if !blocks.contains(&entry.block) {
            return Ok(Outcome::Wrong);
        }
        let Some((content, proof)) = entry.found else {
            absent.push(entry.block);
            continue;
        };
        match dataset.keep(entry.block, content, &proof) {
            Ok(()) => kept += 1,
            Err(Error::Forged { block }) => {
                tracing::warn!(block, "a peer sent a block that is not the one asked for");
                return Ok(Outcome::Wrong);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Outcome::Kept { blocks: kept, absent })
}
