//! Watching: what changes in a range of keys, told as it is committed.
//!
//! A watch has a bounded queue of its own. The writer never waits for it: what finds no room is counted, and told as
//! [`Change::Lost`] as soon as the watcher has taken what came before. It can then read what it watches anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::batch::Op;
use crate::error::{Error, Result};
use crate::key::{Key, KeyRange};
use crate::limits;

/// Something that happened to the keys of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A payload was stored.
    Put {
        /// The number of the write.
        sequence: u64,
        /// The key.
        key: Key,
    },
    /// A key was removed, if it was there.
    Deleted {
        /// The number of the write.
        sequence: u64,
        /// The key.
        key: Key,
    },
    /// A range was removed; parts of it may lie outside of what is watched.
    RangeDeleted {
        /// The number of the write.
        sequence: u64,
        /// The range.
        range: KeyRange,
    },
    /// The time to live of a key has ended, up to about a second before.
    Expired {
        /// The key.
        key: Key,
    },
    /// Changes found no room in the queue of the watch.
    Lost {
        /// How many.
        changes: u64,
    },
}

impl Change {
    fn bytes(&self) -> usize {
        let key = |key: &Key| key.as_bytes().len();
        size_of::<Self>()
            + match self {
                Change::Put { key: at, .. }
                | Change::Deleted { key: at, .. }
                | Change::Expired { key: at } => key(at),
                Change::RangeDeleted { range, .. } => key(&range.start) + key(&range.stop),
                Change::Lost { .. } => 0,
            }
    }
}

#[derive(Default)]
struct State {
    changes: VecDeque<Change>,
    bytes: usize,
    lost: u64,
    ended: bool,
}

/// The queue between the writer and one watch.
struct Inbox {
    category: String,
    range: KeyRange,
    state: Mutex<State>,
    filled: Notify,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inbox {
    fn sees(&self, category: &str, key: &Key) -> bool {
        self.category == category && self.range.contains(key)
    }

    fn push(&self, change: Change) {
        let mut state = locked(&self.state);
        let bytes = state.bytes + change.bytes();
        let full = state.changes.len() >= limits::WATCH_CHANGES
            || (bytes > limits::WATCH_BYTES && !state.changes.is_empty());
        // Nothing is told behind a gap before the gap itself is.
        if full || state.lost > 0 {
            state.lost += 1;
        } else {
            state.bytes = bytes;
            state.changes.push_back(change);
        }
        drop(state);
        self.filled.notify_one();
    }

    #[cfg(feature = "postgres")]
    fn lose(&self, changes: u64) {
        locked(&self.state).lost += changes;
        self.filled.notify_one();
    }

    /// `None` while nothing is there.
    fn take(&self) -> Option<Option<Change>> {
        let mut state = locked(&self.state);
        if let Some(change) = state.changes.pop_front() {
            state.bytes -= change.bytes();
            return Some(Some(change));
        }
        match std::mem::take(&mut state.lost) {
            0 if state.ended => Some(None),
            0 => None,
            changes => Some(Some(Change::Lost { changes })),
        }
    }

    fn end(&self) {
        locked(&self.state).ended = true;
        self.filled.notify_one();
    }
}

/// A watch over a range of keys. Dropping it ends it.
pub struct Watch(Arc<Inbox>);

impl Watch {
    /// The next change, in the order in which changes were committed; `None` once the job is closed. Cancel safe, and
    /// needs no runtime.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(answer) = self.0.take() {
                return answer;
            }
            self.0.filled.notified().await;
        }
    }

    /// The next change, if one is there.
    pub fn try_next(&mut self) -> Option<Change> {
        self.0.take().flatten()
    }
}

#[derive(Default)]
struct List {
    inboxes: Vec<Weak<Inbox>>,
    ended: bool,
}

/// The watches of one job.
#[derive(Default)]
pub(crate) struct Watches(Mutex<List>);

impl Watches {
    pub(crate) fn add(&self, category: &str, range: KeyRange) -> Result<Watch> {
        let inbox = Arc::new(Inbox {
            category: category.to_owned(),
            range,
            state: Mutex::default(),
            filled: Notify::new(),
        });
        let mut list = locked(&self.0);
        if list.ended {
            return Err(Error::Closed);
        }
        list.inboxes.retain(|inbox| inbox.strong_count() > 0);
        if list.inboxes.len() >= limits::MAX_WATCHES {
            return Err(Error::Busy {
                what: "watches of the job",
                limit: limits::MAX_WATCHES,
            });
        }
        list.inboxes.push(Arc::downgrade(&inbox));
        Ok(Watch(inbox))
    }

    fn each(&self, tell: impl Fn(&Inbox)) {
        locked(&self.0)
            .inboxes
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|inbox| tell(&inbox));
    }

    /// Tells what a committed batch has changed.
    pub(crate) fn committed(&self, sequence: u64, ops: &[Op]) {
        self.each(|inbox| {
            let changes = ops.iter().filter_map(|op| change(inbox, sequence, op));
            changes.for_each(|change| inbox.push(change));
        });
    }

    /// Tells that a key has expired.
    pub(crate) fn expired(&self, category: &str, key: &Key) {
        self.each(|inbox| {
            if inbox.sees(category, key) {
                inbox.push(Change::Expired { key: key.clone() });
            }
        });
    }

    /// Tells all that changes were missed.
    #[cfg(feature = "postgres")]
    pub(crate) fn lost(&self, changes: u64) {
        self.each(|inbox| inbox.lose(changes));
    }

    /// There will be no more changes.
    pub(crate) fn end(&self) {
        locked(&self.0).ended = true;
        self.each(Inbox::end);
    }
}

fn change(inbox: &Inbox, sequence: u64, op: &Op) -> Option<Change> {
    match op {
        Op::Put { category, key, .. } if inbox.sees(category, key) => Some(Change::Put {
            sequence,
            key: key.clone(),
        }),
        Op::Delete { category, key } if inbox.sees(category, key) => Some(Change::Deleted {
            sequence,
            key: key.clone(),
        }),
        Op::DeleteRange { category, range }
            if inbox.category == *category && inbox.range.intersects(range) =>
        {
            Some(Change::RangeDeleted {
                sequence,
                range: range.clone(),
            })
        }
        _ => None,
    }
}
