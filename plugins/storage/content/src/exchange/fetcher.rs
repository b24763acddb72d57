//! Starts getting what is wanted, as many datasets at once as may be.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Shared, blocking, fetch};
use crate::error::Result;
use crate::limits::exchange::{DISK_PAUSE, FETCHES, STOP_TIMEOUT};

/// Runs until the node is stopped or the store is closed; what came is noted then.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut wants = shared.contents.wants();
    let mut jobs = JoinSet::new();
    let mut running = HashSet::new();
    loop {
        wants.mark_unchanged();
        if shared.is_stopping() || shared.contents.is_closed() {
            break;
        }
        for dataset in wanted(&shared).await {
            if running.len() >= FETCHES {
                break;
            }
            if running.insert(dataset) {
                let shared = Arc::clone(&shared);
                jobs.spawn(async move { (dataset, get(&shared, dataset).await) });
            }
        }
        tokio::select! {
            Some(Ok((dataset, ()))) = jobs.join_next() => drop(running.remove(&dataset)),
            changed = wants.changed() => if changed.is_err() { break },
        }
    }
    let ended = async { while jobs.join_next().await.is_some() {} };
    if timeout(STOP_TIMEOUT, ended).await.is_err() {
        tracing::warn!("what came from peers was not all noted in time");
    }
}

async fn wanted(shared: &Shared) -> Vec<i64> {
    let contents = shared.contents.clone();
    let wanted = blocking(move || contents.index()?.wanted()).await;
    wanted.unwrap_or_else(|error| {
        tracing::warn!(%error, "what is wanted cannot be read");
        Vec::new()
    })
}

/// Gets a dataset, whatever happens on the way, until it is complete or not wanted any more.
async fn get(shared: &Arc<Shared>, id: i64) {
    loop {
        match try_get(shared, id).await {
            Ok(()) => return,
            Err(_) if shared.is_stopping() || shared.contents.is_closed() => return,
            Err(error) => {
                tracing::warn!(%error, "blocks that came from peers could not be kept");
                sleep(DISK_PAUSE).await;
            }
        }
    }
}

async fn try_get(shared: &Arc<Shared>, id: i64) -> Result<()> {
    let contents = shared.contents.clone();
    let dataset = blocking(move || contents.dataset(id)).await?;
    match dataset {
        Some(dataset) => fetch::run(shared, dataset).await,
        None => Ok(()),
    }
}
