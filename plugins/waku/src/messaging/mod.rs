//! Messages whichever way there is: what goes out is tried until a peer takes it and looked for in stores, and what was
//! missed while nothing came in is fetched from a store.
//!
//! What is to be done is decided without a network: for messages in [`outbox`], for what was missed in [`gaps`]. The
//! [`service`] does it with a [`Node`], once a second and when something changes; [`health`] says what there is to do it
//! with. The times and the order are those of the deployed nodes.

mod gaps;
mod health;
mod outbox;
mod service;

use std::{
    collections::{BTreeSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, mpsc},
    task::AbortHandle,
};

use crate::{
    Followed, Node, PublishError, PubsubTopic, Stopped, WakuMessage,
    archive::now_nanos,
    limits::{MAX_OUTBOX, MESSAGING_NEWS},
};
use gaps::Gaps;
use health::Condition;
use outbox::Outbox;

pub(crate) use gaps::Missing;
pub use health::{Connection, Health};
pub use outbox::{Pending, Receipt, SendNews};

/// Sends messages, and fetches what was missed. Its task ends when it is dropped, or with the node.
pub struct Messaging {
    node: Node,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    followed: Arc<Followed>,
    outbox: Mutex<Outbox>,
    gaps: Mutex<Gaps>,
    condition: Mutex<Condition>,
    changed: Notify,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessagingNews {
    /// What became of a message.
    Message(SendNews),
    /// The node is connected better or worse than before.
    Connection(Connection),
    /// A shard is.
    Topic(PubsubTopic, Health),
}

/// How well messages come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagingHealth {
    /// How well the node is connected.
    pub connection: Connection,
    /// The shards that something is subscribed to of.
    pub topics: Vec<(PubsubTopic, Health)>,
    /// Messages that wait to be propagated or confirmed.
    pub pending: usize,
    /// Shards of which something may be missing that is not fetched yet.
    pub gaps: usize,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TakeError {
    /// The message will not do.
    #[error(transparent)]
    Message(#[from] PublishError),
    /// Too many messages, or bytes of them, wait; carries the limit of messages.
    #[error("more than {0} messages are waiting, or too large ones")]
    TooMany(usize),
}

impl Messaging {
    /// Begins, on the present runtime. A light node receives by `followed`. What there is to tell waits in the receiver,
    /// which has room for 1024 news; while it is full, nothing is sent.
    pub fn new(node: Node, followed: Arc<Followed>) -> (Self, mpsc::Receiver<MessagingNews>) {
        let shared = Arc::new(Shared {
            followed,
            outbox: Mutex::default(),
            gaps: Mutex::default(),
            condition: Mutex::default(),
            changed: Notify::new(),
        });
        let (news, told) = mpsc::channel(MESSAGING_NEWS);
        let service = service::Service::new(node.clone(), shared.clone(), news);
        let task = tokio::spawn(service.run()).abort_handle();
        (Self { node, shared, task }, told)
    }

    /// Takes a message to send. Topic and timestamp are filled in as by [`Node::publish`].
    ///
    /// # Errors
    /// [`TakeError`].
    pub fn send(
        &self,
        pubsub_topic: Option<PubsubTopic>,
        message: WakuMessage,
    ) -> Result<Receipt, TakeError> {
        let (pubsub_topic, hash, message) = self.node.prepare(pubsub_topic, message)?;
        let receipt = Receipt {
            request_id: request_id(),
            hash,
        };
        let pending = Pending {
            receipt: receipt.clone(),
            pubsub_topic,
            message,
            age: Duration::ZERO,
            is_propagated: false,
        };
        if !locked(&self.shared.outbox).take(pending, Instant::now()) {
            return Err(TakeError::TooMany(MAX_OUTBOX));
        }
        self.shared.changed.notify_one();
        Ok(receipt)
    }

    /// How well messages come and go, as it was a second ago at most.
    pub fn health(&self) -> MessagingHealth {
        let condition = locked(&self.shared.condition).clone();
        MessagingHealth {
            connection: condition.connection,
            topics: condition.topics.into_iter().collect(),
            pending: locked(&self.shared.outbox).len(),
            gaps: locked(&self.shared.gaps).len(),
        }
    }

    /// For a successor: the messages that wait.
    pub fn pending(&self) -> Vec<Pending> {
        locked(&self.shared.outbox).pending(Instant::now())
    }

    /// For a successor: since when something may be missing of each shard that something is subscribed to of, as
    /// nanoseconds since 1970. Nothing is expected to come in after this.
    pub fn gaps(&self) -> Vec<(PubsubTopic, i64)> {
        let wanted = self.shared.wanted(&self.node);
        locked(&self.shared.gaps).export(wanted, now_nanos())
    }

    /// Goes on for a predecessor.
    pub fn restore(&self, pending: Vec<Pending>, gaps: Vec<(PubsubTopic, i64)>) {
        let now = Instant::now();
        {
            let mut outbox = locked(&self.shared.outbox);
            for it in pending {
                if !outbox.take(it, now) {
                    tracing::warn!("there is no room for a message of the predecessor");
                }
            }
        }
        locked(&self.shared.gaps).restore(gaps);
        self.shared.changed.notify_one();
    }
}

impl Shared {
    /// The shards that something is subscribed to of, at a service or not yet at any.
    fn wanted(&self, node: &Node) -> BTreeSet<PubsubTopic> {
        let followed = self.followed.wanted().into_iter().map(|(shard, _)| shard);
        node.wanted_shards().into_iter().chain(followed).collect()
    }
}

impl Drop for Messaging {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// 32 hexadecimal digits; the keys of the hashes are random.
fn request_id() -> String {
    let half = || RandomState::new().hash_one(now_nanos());
    format!("{:016x}{:016x}", half(), half())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under the lock leaves the value half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The node has stopped, or nobody hears the news any more.
struct Over;

impl From<Stopped> for Over {
    fn from(Stopped: Stopped) -> Self {
        Self
    }
}
