//! The archive of the module: opened as it is configured, kept up to date with what was missed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use backplane_sdk::prelude::*;
use storage_api::KvClient;
use tokio::{
    task::AbortHandle,
    time::{MissedTickBehavior, interval, sleep},
};

use super::WakuConfig;
use crate::{
    Archive, ArchiveConfig, Node, Retention,
    archive::now_nanos,
    limits::{ONLINE_MARK, RESUME_LOOK, RESUME_PAUSE},
};

/// Opens the archive, if the node is to keep one.
pub(super) async fn open(context: &Context, config: &WakuConfig) -> Result<Option<Archive>, Error> {
    if !config.store {
        return Ok(None);
    }
    let kv: KvClient = context
        .client()
        .map_err(|error| format!("store = true needs storage.kv: {error}"))?;
    let config = ArchiveConfig {
        retention: Retention::parse(&config.store_retention)?,
        ..ArchiveConfig::default()
    };
    Ok(Some(Archive::open(kv, config).await?))
}

/// The archive at work, and the task that keeps it up to date.
pub(super) struct Kept {
    pub(super) archive: Archive,
    /// Whether nothing is missing from before now.
    is_current: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Kept {
    /// Fetches what was missed, if the configuration says so, and from then on notes every minute that the node is
    /// online.
    pub(super) fn new(node: Node, archive: Archive, resumes: bool) -> Self {
        let is_current = Arc::new(AtomicBool::new(!resumes));
        let task = tokio::spawn(keep_up(node, archive.clone(), is_current.clone()));
        Self {
            archive,
            is_current,
            task: task.abort_handle(),
        }
    }

    /// Commits what is queued, once the node has stopped.
    pub(super) async fn close(&self) {
        self.task.abort();
        self.archive.close().await;
        if self.is_current.load(Relaxed) {
            mark_online(&self.archive).await;
        }
    }
}

async fn keep_up(node: Node, archive: Archive, is_current: Arc<AtomicBool>) {
    if archive.last_online().await.is_ok_and(|last| last.is_none()) {
        // A new archive has missed nothing.
        is_current.store(true, Relaxed);
    }
    while !is_current.load(Relaxed) {
        wait_for_store(&node).await;
        match node.resume(&archive).await {
            Ok(fresh) => {
                tracing::info!(fresh, "the archive has what it missed");
                is_current.store(true, Relaxed);
            }
            Err(error) => {
                tracing::info!(%error, "the archive does not get what it missed yet");
                sleep(RESUME_PAUSE).await;
            }
        }
    }
    let mut ticks = interval(ONLINE_MARK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        mark_online(&archive).await;
    }
}

async fn wait_for_store(node: &Node) {
    while node.store_peers().await.is_ok_and(|peers| peers.is_empty()) {
        sleep(RESUME_LOOK).await;
    }
}

async fn mark_online(archive: &Archive) {
    if let Err(error) = archive.mark_online(now_nanos()).await {
        tracing::warn!(%error, "the archive does not note that the node is online");
    }
}
