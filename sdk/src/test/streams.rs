//! Streams, as a host has them.

use super::board::{Board, nanos};
use super::tickets::{Callee, Tickets};
use super::{STREAM, STREAMS, runtime};
use crate::pipe;
use backplane_plugin_api::{Reply, status};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl pipe::Owner for Board {
    fn ends(&self) -> &pipe::Ends {
        &self.ends
    }

    fn check(&self) -> Result<(), Reply> {
        Ok(())
    }
}

/// The ends that the module `name`, the fakes and the test have: one host stands for all of them.
pub(super) fn ends(name: &str, begun: Instant, tickets: &Arc<Tickets>) -> pipe::Ends {
    let tickets = Arc::clone(tickets);
    pipe::Streams::new(Arc::new(Waits { begun, tickets }), STREAMS).ends(name.into(), 0)
}

/// The ends that wait.
struct Waits {
    begun: Instant,
    tickets: Arc<Tickets>,
}

impl pipe::Tickets for Waits {
    fn open(&self, wait: pipe::Wait) -> u64 {
        let wait = match wait.deadline_ns {
            0 => STREAM,
            at => Duration::from_nanos(at.saturating_sub(nanos(self.begun.elapsed()))),
        };
        let late = |ticket| {
            let tickets = Arc::clone(&self.tickets);
            let timer = runtime().spawn(async move {
                tokio::time::sleep(wait).await;
                tickets.fail(ticket, Reply::error(status::TIMEOUT, "the deadline has passed"));
            });
            timer.abort_handle()
        };
        self.tickets.open(|ticket| (Callee::Stream, late(ticket)))
    }

    fn answer(&self, ticket: u64, reply: Reply) {
        self.tickets.complete(ticket, reply);
    }

    fn is_wanted(&self, ticket: u64) -> bool {
        self.tickets.is_open(ticket)
    }
}
