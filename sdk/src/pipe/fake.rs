//! Tickets for tests: what was opened, and what was answered.

use super::{Limits, Tickets, Wait};
use backplane_plugin_api::Reply;
use std::collections::BTreeSet;
use std::sync::Mutex;

pub(super) const LIMITS: Limits = Limits {
    window: 100,
    items: 8,
    item: 150,
    open: 3,
};

pub(super) const WAIT: Wait = Wait {
    who: 0,
    deadline_ns: 0,
};

#[derive(Default)]
pub(super) struct Fake(Mutex<(u64, BTreeSet<u64>)>);

impl Fake {
    /// Whether the ticket has been answered or given up.
    pub(super) fn is_over(&self, ticket: u64) -> bool {
        !self.is_wanted(ticket)
    }

    /// Whoever waits gives up.
    pub(super) fn cancel(&self, ticket: u64) {
        self.0.lock().unwrap().1.remove(&ticket);
    }
}

impl Tickets for Fake {
    fn open(&self, _: Wait) -> u64 {
        let (last, open) = &mut *self.0.lock().unwrap();
        *last += 1;
        open.insert(*last);
        *last
    }

    fn answer(&self, ticket: u64, _: Reply) {
        self.cancel(ticket);
    }

    fn is_wanted(&self, ticket: u64) -> bool {
        self.0.lock().unwrap().1.contains(&ticket)
    }
}
