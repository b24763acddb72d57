//! Calls that are answered later.

use super::{CALLS, lock};
use backplane_plugin_api::{DoneFn, Reply, status};
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::Mutex;
use tokio::task::AbortHandle;

#[derive(Default)]
pub(super) struct Tickets(Mutex<Open>);

#[derive(Default)]
struct Open {
    last: u64,
    calls: HashMap<u64, Ticket>,
}

/// Who owes the answer.
pub(super) enum Callee {
    Module,
    Fake(AbortHandle),
    /// The other end of a stream.
    Stream,
}

struct Ticket {
    stage: Stage,
    /// Ends the wait at the deadline.
    timer: AbortHandle,
}

enum Stage {
    Waiting { callee: Callee, done: Option<Done> },
    Answered(Reply),
}

/// Whom to tell.
pub(super) struct Done {
    user: *mut c_void,
    function: DoneFn,
}

// SAFETY: the function may be called on any thread (rule of the ABI), with `user`, which is its own.
unsafe impl Send for Done {}

impl Done {
    /// # Safety
    /// `function` must be callable once with `user`.
    pub(super) const unsafe fn new(user: *mut c_void, function: DoneFn) -> Self {
        Self { user, function }
    }

    fn tell(self, mut reply: Reply) {
        // SAFETY: `new` vouches for it, and `self` is used up.
        unsafe { (self.function.0)(self.user, &raw mut reply) }
    }
}

impl Tickets {
    /// Whether one more call may wait.
    pub(super) fn room(&self) -> bool {
        lock(&self.0).calls.len() < CALLS
    }

    /// A ticket for a call. `make` gets it and says who owes the answer and what ends the wait.
    pub(super) fn open(&self, make: impl FnOnce(u64) -> (Callee, AbortHandle)) -> u64 {
        // Held while the callee is made, so that an early answer finds the ticket.
        let mut open = lock(&self.0);
        open.last += 1;
        let ticket = open.last;
        let (callee, timer) = make(ticket);
        let stage = Stage::Waiting { callee, done: None };
        open.calls.insert(ticket, Ticket { stage, timer });
        ticket
    }

    pub(super) fn when_done(&self, ticket: u64, done: Done) {
        let mut open = lock(&self.0);
        if let Some(entry) = open.calls.get_mut(&ticket)
            && let Stage::Waiting { done: waiting, .. } = &mut entry.stage
        {
            *waiting = Some(done);
            return;
        }
        let reply = match open.calls.remove(&ticket).map(|entry| entry.stage) {
            Some(Stage::Answered(reply)) => reply,
            _ => Reply::error(status::NOT_FOUND, format!("there is no call {ticket}")),
        };
        drop(open);
        done.tell(reply);
    }

    /// The callee answers. An answer that nobody waits for any more is dropped.
    pub(super) fn complete(&self, ticket: u64, reply: Reply) {
        self.end(ticket, reply);
    }

    /// Whether somebody waits for it, or may come to.
    pub(super) fn is_open(&self, ticket: u64) -> bool {
        lock(&self.0).calls.contains_key(&ticket)
    }

    /// The caller gives up.
    pub(super) fn cancel(&self, ticket: u64) -> Option<Callee> {
        let callee = self.end(ticket, Reply::error(status::CANCELLED, "the caller cancelled"));
        // The caller will not ask for it.
        lock(&self.0).calls.remove(&ticket);
        callee
    }

    /// The deadline has passed, or the module is gone.
    pub(super) fn fail(&self, ticket: u64, reply: Reply) -> Option<Callee> {
        self.end(ticket, reply)
    }

    /// Ends every call with `STOPPING`.
    pub(super) fn close(&self) {
        let all: Vec<u64> = lock(&self.0).calls.keys().copied().collect();
        for ticket in all {
            if let Some(Callee::Fake(task)) =
                self.end(ticket, Reply::error(status::STOPPING, "the module has stopped"))
            {
                task.abort();
            }
        }
    }

    /// Whoever owed the answer, when it was still owed.
    fn end(&self, ticket: u64, reply: Reply) -> Option<Callee> {
        let mut open = lock(&self.0);
        let entry = open.calls.get_mut(&ticket)?;
        let Stage::Waiting { done, .. } = &mut entry.stage else {
            return None;
        };
        entry.timer.abort();
        let Some(done) = done.take() else {
            let before = std::mem::replace(&mut entry.stage, Stage::Answered(reply));
            return callee(before);
        };
        let entry = open.calls.remove(&ticket)?;
        drop(open);
        done.tell(reply);
        callee(entry.stage)
    }
}

fn callee(stage: Stage) -> Option<Callee> {
    match stage {
        Stage::Waiting { callee, .. } => Some(callee),
        Stage::Answered(_) => None,
    }
}
