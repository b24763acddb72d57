//! Looking for a manifest among the peers.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use libp2p::PeerId;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Shared;
use super::wire::{Answer, Request};
use crate::cid::Cid;
use crate::error::{Error, Result};
use crate::limits::exchange::PAUSE;
use crate::manifest::Manifest;

/// What a peer said.
enum Said {
    This(Vec<u8>),
    Nothing,
    Lie,
}

/// The manifest, from the first peer that has it. All that are connected, or come, are asked, now and then again.
pub(super) async fn manifest(shared: &Arc<Shared>, cid: Cid, patience: Duration) -> Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    let mut all = BTreeSet::new();
    let looked = async {
        let _place = shared.finds.acquire().await.map_err(|_| Error::Closed)?;
        look(shared, cid, &mut all).await
    };
    let found = timeout_at(deadline, looked).await;
    found.unwrap_or(Err(Error::Unavailable { asked: all.len() }))
}

async fn look(shared: &Arc<Shared>, cid: Cid, all: &mut BTreeSet<PeerId>) -> Result<Vec<u8>> {
    let frame = Request::Manifest(cid.digest).encode();
    let mut present = shared.present.subscribe();
    let mut asked = HashMap::<PeerId, Instant>::new();
    let mut asking = FuturesUnordered::new();
    loop {
        let peers = present.borrow_and_update().clone();
        let now = Instant::now();
        asked.retain(|peer, at| peers.contains(peer) && now < *at + PAUSE);
        for peer in peers {
            // One that was asked lately keeps the time of that.
            if let Entry::Vacant(new) = asked.entry(peer) {
                new.insert(now);
                all.insert(peer);
                let (shared, frame) = (Arc::clone(shared), frame.clone());
                asking.push(async move { (peer, judge(cid, shared.ask(peer, frame).await)) });
            }
        }
        tokio::select! {
            Some((peer, said)) = asking.next() => match said {
                Said::This(content) => return Ok(content),
                Said::Nothing => {}
                Said::Lie => shared.banish(peer).await,
            },
            changed = present.changed() => changed.map_err(|_| Error::Closed)?,
            () = sleep_until(now + PAUSE) => {}
        }
    }
}

fn judge(cid: Cid, answer: Option<Vec<u8>>) -> Said {
    let Some(frame) = answer else { return Said::Nothing };
    match Answer::decode(&frame) {
        Ok(Answer::Absent) => Said::Nothing,
        Ok(Answer::Manifest(content)) if Manifest::cid(content) == cid => Said::This(content.to_vec()),
        _ => Said::Lie,
    }
}
