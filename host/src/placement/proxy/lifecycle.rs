//! The lifecycle of a module at the other end of a wire.

use super::super::wire::{Ask, Frame, Refused};
use super::{LIFECYCLE, Proxy};
use crate::limits;
use backplane_plugin_api::{ModuleHandle, Reply, status};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How long the other side may take.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Patience {
    /// To become ready, and to take over a state.
    pub(in super::super) start: Duration,
    /// To write its state.
    pub(in super::super) stop: Duration,
}

impl Proxy {
    /// Makes an instance.
    pub(in super::super) fn create(
        self: Arc<Self>,
        name: &str,
        generation: u32,
        data_dir: &str,
        config: &[u8],
    ) -> Result<ModuleHandle, Reply> {
        let create = Ask::Create {
            name,
            generation,
            data_dir,
            config,
        };
        let reply = self.run(create, self.patience.start);
        match reply.status {
            status::OK => Ok(super::table::handle(self)),
            _ => {
                self.leave(Duration::ZERO);
                Err(reply)
            }
        }
    }

    pub(super) fn start_module(&self) -> Reply {
        self.run(Ask::Start, self.patience.start)
    }

    pub(super) fn export_state(&self) -> Reply {
        self.run(Ask::Export, self.patience.stop)
    }

    pub(super) fn import_state(&self, schema: u32, state: &[u8]) -> Reply {
        self.run(Ask::Import(schema, state), self.patience.start)
    }

    /// One that is gone has stopped.
    pub(super) fn stop(&self, deadline_ms: u32) -> Reply {
        self.leaving.store(true, Ordering::Release);
        if self.over.get().is_some() {
            return Reply::EMPTY;
        }
        let patience = Duration::from_millis(deadline_ms.into()).saturating_add(limits::CANCEL_GRACE / 2);
        let reply = self.run(Ask::Stop(deadline_ms), patience);
        if reply.status != status::OK {
            // Whatever goes on there ends with it.
            self.end(&format!("it did not stop: {}", reply.message()));
            tracing::warn!(module = self.name(), "{}", reply.message());
        }
        Reply::EMPTY
    }

    /// Nobody waits for the call any more.
    pub(super) fn cancel(&self, ticket: u64) {
        if self.lock().entered.contains(&ticket) {
            // Where there is no room it ends by itself, or at its deadline.
            self.wire.link.send(&Frame::Cancel(ticket)).ok();
        }
    }

    /// Ends the other side, which is not needed any more.
    pub(super) fn leave(&self, patience: Duration) {
        self.leaving.store(true, Ordering::Release);
        self.wire.link.send(&Frame::Bye).ok();
        self.wire.link.finish(patience);
        let mut far = self.far.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        far.end(patience);
        self.over.get_or_init(|| "it has ended".to_owned());
        drop(far);
        self.fail_all("it has ended");
    }

    /// Asks for a lifecycle function, and waits for its answer.
    fn run(&self, ask: Ask<'_>, patience: Duration) -> Reply {
        let (waiting, answer) = sync_channel(1);
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        debug_assert!(number > LIFECYCLE);
        state.lifecycle.insert(number, waiting);
        drop(state);
        // Looked at after it waits: whoever ends it meanwhile finds it.
        if let Some(reason) = self.over.get() {
            return self.gone(reason);
        }
        let sent = self.wire.link.send_within(&Frame::Ask(number, ask), patience);
        let reply = match sent {
            // Whoever closed it says why.
            Ok(()) | Err(Refused::Closed) => answer.recv_timeout(patience),
            Err(refused) => return self.refuse(&refused),
        };
        match reply {
            Ok(reply) => reply,
            Err(RecvTimeoutError::Disconnected) => self.gone("the connection is gone"),
            Err(RecvTimeoutError::Timeout) => {
                self.lock().lifecycle.remove(&number);
                let message = format!("no answer within {} ms", patience.as_millis());
                Reply::error(status::TIMEOUT, message)
            }
        }
    }
}
