//! Lists of nodes in DNS (EIP-1459): a tree of TXT records whose root is signed.

mod entry;
mod resolver;
#[cfg(test)]
mod sample;
mod url;
mod walk;

use tokio::{sync::mpsc, task::JoinHandle, time::sleep};

use crate::{
    NodeRecord,
    limits::{TREE_PERIOD, TREE_RETRY},
};
use resolver::Resolver;
use walk::Walk;

use entry::TreeError;
pub(crate) use entry::{Entry, Hash, Root};
pub use url::{TreeUrl, TreeUrlError};

/// Reads trees at the start and again and again.
pub(crate) struct Dns {
    found: mpsc::Receiver<Vec<NodeRecord>>,
    reading: Vec<JoinHandle<()>>,
}

impl Dns {
    /// Begins; on the present runtime. Without name servers, those of the system are asked.
    pub(crate) fn start(trees: Vec<TreeUrl>, servers: &[std::net::SocketAddr]) -> Result<Self, String> {
        let resolver = Resolver::new(servers)?;
        let (sender, found) = mpsc::channel(1);
        let read = |tree| tokio::spawn(read(resolver.clone(), tree, sender.clone()));
        Ok(Self {
            reading: trees.into_iter().map(read).collect(),
            found,
        })
    }

    /// The records of the next tree that was read; `None` if there are no trees. Nothing is lost when it is cancelled.
    pub(crate) async fn next(&mut self) -> Option<Vec<NodeRecord>> {
        self.found.recv().await
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.reading.iter().for_each(JoinHandle::abort);
    }
}

async fn read(resolver: Resolver, tree: TreeUrl, found: mpsc::Sender<Vec<NodeRecord>>) {
    let mut last_seq = 0;
    loop {
        let pause = match Walk::new(&resolver).read(&tree, last_seq).await {
            Ok(read) => {
                tracing::info!(%tree, records = read.records.len(), "read a list of nodes");
                last_seq = read.seq;
                if found.send(read.records).await.is_err() {
                    return;
                }
                TREE_PERIOD
            }
            Err(error) => {
                tracing::warn!(%tree, %error, "cannot read a list of nodes");
                TREE_RETRY
            }
        };
        sleep(pause).await;
    }
}
