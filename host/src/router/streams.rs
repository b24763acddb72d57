//! Streams in the host: their ends belong to callers, and wait as calls do.

use super::pass::deadline;
use super::pending::Calls;
use super::{Asker, Caller};
use crate::limits;
use backplane_plugin_api::{Reply, StreamTable};
use backplane_sdk::pipe::{self, Ends, Limits, Owner, Streams, Tickets, Wait};
use std::sync::Arc;

/// What modules call.
pub(super) static STREAM_TABLE: StreamTable = pipe::table::<Caller>();

/// The streams of a host.
pub(crate) fn streams(calls: &Arc<Calls>) -> Arc<Streams> {
    let limits = Limits {
        window: limits::STREAM_WINDOW,
        items: limits::STREAM_ITEMS,
        item: limits::STREAM_ITEM,
        open: limits::STREAMS,
    };
    Streams::new(Arc::new(Waits(Arc::clone(calls))), limits)
}

impl Owner for Caller {
    fn ends(&self) -> &Ends {
        &self.ends
    }

    fn check(&self) -> Result<(), Reply> {
        self.check_running()
    }
}

/// The ends that wait.
struct Waits(Arc<Calls>);

impl Tickets for Waits {
    fn open(&self, wait: Wait) -> u64 {
        let deadline = deadline(wait.deadline_ns, limits::STREAM_WAIT);
        self.0.open(Asker::numbered(wait.who), deadline)
    }

    fn answer(&self, ticket: u64, reply: Reply) {
        self.0.answer(ticket, reply);
    }

    fn is_wanted(&self, ticket: u64) -> bool {
        self.0.is_wanted(ticket)
    }
}
