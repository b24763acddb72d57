//! The exchange of blocks between nodes, over a swarm of its own.
//!
//! A [`Node`] serves what its store has to whoever asks for it by identifier, and gets what its store wants from all
//! peers that have it, several at once. Each block is proved against the root of its tree before it is kept. A peer that
//! sends anything else is banned.
//!
//! `driver` is the task that has the swarm, `fetcher` one that starts a `fetch` for each dataset that is wanted.

mod codec;
mod dial;
mod driver;
mod fetch;
mod fetcher;
mod find;
mod key;
mod peers;
mod serve;
mod swarm;
mod wire;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use libp2p::{Multiaddr, PeerId};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::cid::Cid;
use crate::error::{Error, Result};
use crate::index::FileInfo;
use crate::limits::exchange as limits;
use crate::store::{Contents, locked};
use driver::{Command, Driver};
pub use peers::PeerInfo;
use peers::Peers;

/// How a node behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOptions {
    /// Where it listens.
    pub listen: Vec<Multiaddr>,
    /// Whom it dials, until they are there and again when they are gone.
    pub peers: Vec<Multiaddr>,
    /// Longest time for one request, its answer included.
    pub request_timeout: Duration,
    /// How long a peer that sent something wrong is banned.
    pub ban: Duration,
    /// How long peers are asked for a manifest.
    pub find_timeout: Duration,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            peers: Vec::new(),
            request_timeout: limits::REQUEST_TIMEOUT,
            ban: limits::BAN,
            find_timeout: limits::FIND_TIMEOUT,
        }
    }
}

/// Reads an address, such as `/ip4/127.0.0.1/tcp/4001`.
///
/// # Errors
/// [`Error::InvalidArgument`] that names `field`.
pub fn parse_address(field: &'static str, text: &str) -> Result<Multiaddr> {
    text.parse()
        .map_err(|error| Error::argument(field, format!("{text:?} is no multiaddress: {error}")))
}

/// What the parts of a node share.
struct Shared {
    contents: Contents,
    commands: mpsc::Sender<Command>,
    peers: Mutex<Peers>,
    /// Who is connected.
    present: watch::Sender<BTreeSet<PeerId>>,
    addresses: Mutex<Vec<Multiaddr>>,
    /// Bounds what requests for blocks take in memory.
    in_flight: Arc<Semaphore>,
    finds: Semaphore,
    stopping: AtomicBool,
}

/// A node that exchanges blocks for a store. Dropping it ends it; [`Node::stop`] also waits for that.
pub struct Node {
    shared: Arc<Shared>,
    peer: PeerId,
    find_timeout: Duration,
    tasks: Mutex<Option<Tasks>>,
}

struct Tasks {
    driver: JoinHandle<()>,
    fetcher: JoinHandle<()>,
}

/// What a node knows of itself and its peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Its peer id.
    pub peer: PeerId,
    /// Where it can be dialled, with its peer id.
    pub addresses: Vec<Multiaddr>,
    /// Peers that are connected or banned.
    pub peers: Vec<PeerInfo>,
}

impl Node {
    /// Starts a node for a store: binds its addresses, dials its peers, and goes on with what is wanted. Needs a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`Error::Network`] for an address that cannot be bound; [`Error::Busy`] for too many addresses; a failure
    /// of the disk.
    pub async fn start(contents: Contents, options: NodeOptions) -> Result<Self> {
        if options.peers.len().max(options.listen.len()) > limits::MAX_ADDRESSES {
            return Err(Error::Busy {
                what: "addresses",
                limit: limits::MAX_ADDRESSES as u64,
            });
        }
        let key = key::load(contents.root())?;
        let swarm = swarm::build(&key, options.request_timeout)?;
        let peer = *swarm.local_peer_id();
        let (commands, queue) = mpsc::channel(limits::COMMANDS);
        let shared = Arc::new(Shared {
            contents,
            commands,
            peers: Mutex::default(),
            present: watch::Sender::default(),
            addresses: Mutex::default(),
            in_flight: Arc::new(Semaphore::new(limits::IN_FLIGHT)),
            finds: Semaphore::new(limits::FINDS),
            stopping: AtomicBool::new(false),
        });
        let find_timeout = options.find_timeout;
        let mut driver = Driver::new(swarm, Arc::clone(&shared), options);
        driver.listen().await?;
        Ok(Self {
            peer,
            find_timeout,
            tasks: Mutex::new(Some(Tasks {
                driver: tokio::spawn(driver.run(queue)),
                fetcher: tokio::spawn(fetcher::run(Arc::clone(&shared))),
            })),
            shared,
        })
    }

    /// Who it is, where, and whom it knows.
    pub fn info(&self) -> NodeInfo {
        NodeInfo {
            peer: self.peer,
            addresses: locked(&self.shared.addresses).clone(),
            peers: locked(&self.shared.peers).info(&self.shared.present.borrow()),
        }
    }

    /// Dials an address from now on, until the node is stopped.
    ///
    /// # Errors
    /// [`Error::Busy`] for too many of them.
    pub async fn dial(&self, address: Multiaddr) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Dial(address, answer);
        self.shared
            .commands
            .send(command)
            .await
            .map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Gives an owner a file: what is not here is got from peers, from now on and after a restart, until it is complete.
    ///
    /// Answers as soon as the file's manifest is here.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no peer has the manifest in time; [`Error::QuotaExceeded`]; [`Error::Manifest`].
    pub async fn fetch(&self, owner: &str, cid: Cid, pinned: bool) -> Result<FileInfo> {
        let known = {
            let contents = self.shared.contents.clone();
            blocking(move || contents.manifest(cid)).await?
        };
        let content = match known {
            Some(content) => content,
            None => find::manifest(&self.shared, cid, self.find_timeout).await?,
        };
        let (contents, owner) = (self.shared.contents.clone(), owner.to_owned());
        blocking(move || contents.add(&owner, &content, pinned)).await
    }

    /// Ends the node: what came is noted and its connections are closed when this returns. Later calls fail.
    pub async fn stop(&self) {
        let tasks = locked(&self.tasks).take();
        let Some(Tasks { driver, fetcher }) = tasks else {
            return;
        };
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.contents.0.wants.send_modify(|changes| *changes += 1);
        if let Err(failed) = fetcher.await {
            tracing::error!(%failed, "the task that gets what is wanted failed");
        }
        let (answer, answered) = oneshot::channel();
        if self.shared.commands.send(Command::Stop(answer)).await.is_ok() {
            let _ = answered.await;
        }
        if let Err(failed) = driver.await {
            tracing::error!(%failed, "the task of the swarm failed");
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(tasks) = locked(&self.tasks).take() {
            tasks.fetcher.abort();
            tasks.driver.abort();
        }
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Sends a frame to a peer; `None` when it gives no answer.
    async fn ask(&self, peer: PeerId, frame: Vec<u8>) -> Option<Vec<u8>> {
        let (answer, answered) = oneshot::channel();
        self.commands
            .send(Command::Ask { peer, frame, answer })
            .await
            .ok()?;
        answered.await.ok()?
    }

    async fn banish(&self, peer: PeerId) {
        // A node that has ended needs to ban nobody.
        let _ = self.commands.send(Command::Ban(peer)).await;
    }
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Closed),
        },
    }
}
