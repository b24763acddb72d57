//! Calls that have no answer yet, by ticket.
//!
//! A pending call has two sides. The caller's side ends with an answer, once: from the module, from the
//! deadline or from a cancellation, whichever comes first. The module's side ends when the module completes
//! the call; until then the call counts as deferred in its generation. What comes for a side that has ended
//! is freed and counted.

use super::deadlines::Deadlines;
use super::door::Asked;
use super::{Asker, Caller};
use crate::library::Plugin;
use crate::limits;
use crate::registry::{Generation, Job, Slot};
use backplane_plugin_api::{DoneFn, Reply, status};
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The table is cut into so many parts, so that callers seldom meet at a lock.
const SHARDS: usize = 16;

/// All calls that have no answer yet.
pub(crate) struct Calls {
    shards: [Mutex<HashMap<u64, Pending>>; SHARDS],
    next: AtomicU64,
    deadlines: Deadlines,
    /// Answers that came for a side that had ended.
    pub(crate) late: AtomicU64,
}

struct Pending {
    asker: Asker,
    caller: CallerSide,
    module: Option<ModuleSide>,
    deadline: Instant,
    /// Runs when the caller's side ends without an answer.
    on_expiry: Option<Box<dyn FnOnce() + Send>>,
}

enum CallerSide {
    /// Neither an answer nor anybody who waits for it.
    Open,
    /// Somebody waits.
    Waiting(Done),
    /// The answer is there, and nobody has asked for it yet.
    Answered(Reply),
    /// The answer was given, or nobody wants it.
    Over,
}

struct ModuleSide {
    slot: Arc<Slot>,
    generation: Arc<Generation>,
    asked: Asked,
}

/// Whom to tell.
pub(crate) enum Done {
    /// A plugin. Where its library will be unmapped, it is kept until then, and told on the thread for that.
    Foreign(*mut c_void, DoneFn, Option<(Arc<Plugin>, SyncSender<Job>)>),
    /// The host itself.
    Own(Box<dyn FnOnce(Reply) + Send>),
}

// SAFETY: the ABI lets `done` run on any thread with its `user`.
unsafe impl Send for Done {}

impl Done {
    /// Tells it. No lock is held.
    pub(crate) fn tell(self, mut reply: Reply) {
        match self {
            Self::Foreign(user, done, None) => {
                // SAFETY: `user` and `done` came together from the caller, and this runs once, because it takes
                // `self`; the reply is valid and the receiver's to take.
                unsafe { done.0(user, &mut reply) };
            }
            Self::Foreign(user, done, Some((plugin, thread))) => {
                let told = Self::Foreign(user, done, None);
                let job: Job = Box::new(move || {
                    told.tell(reply);
                    drop(plugin);
                });
                // Better told here, and unmapped when this thread ends, than never.
                if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = thread.try_send(job) {
                    job();
                }
            }
            Self::Own(done) => done(reply),
        }
    }
}

impl Calls {
    /// Starts the thread that watches deadlines.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new_cyclic(|calls| Self {
            shards: Default::default(),
            next: AtomicU64::new(1),
            deadlines: Deadlines::start(calls.clone()),
            late: AtomicU64::new(0),
        })
    }

    fn shard(&self, ticket: u64) -> MutexGuard<'_, HashMap<u64, Pending>> {
        self.shards[ticket as usize % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A ticket for a call that nobody answers yet.
    pub(crate) fn open(&self, asker: Asker, deadline: Instant) -> u64 {
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        self.shard(ticket).insert(
            ticket,
            Pending {
                asker,
                caller: CallerSide::Open,
                module: None,
                deadline,
                on_expiry: None,
            },
        );
        self.deadlines.add(deadline, ticket);
        ticket
    }

    /// The module of `generation` will complete the call.
    pub(super) fn attach(&self, ticket: u64, slot: &Arc<Slot>, generation: Arc<Generation>, asked: Asked) {
        generation.deferred.fetch_add(1, Ordering::AcqRel);
        let module = ModuleSide {
            slot: Arc::clone(slot),
            generation,
            asked,
        };
        let mut shard = self.shard(ticket);
        // A queued call may have met its deadline before it got to the module: then only this side is left.
        let deadline = Instant::now();
        let over = Pending {
            asker: Asker::HOST,
            caller: CallerSide::Over,
            module: None,
            deadline,
            on_expiry: None,
        };
        let pending = shard.entry(ticket).or_insert(over);
        pending.module = Some(module);
    }

    /// `run` runs when the caller's side ends without an answer.
    pub(crate) fn on_expiry(&self, ticket: u64, run: Box<dyn FnOnce() + Send>) {
        if let Some(pending) = self.shard(ticket).get_mut(&ticket) {
            pending.on_expiry = Some(run);
        }
    }

    /// Whether somebody still waits for the call, or may come to.
    pub(crate) fn is_wanted(&self, ticket: u64) -> bool {
        self.shard(ticket)
            .get(&ticket)
            .is_some_and(|it| !matches!(it.caller, CallerSide::Over))
    }

    /// The module's answer: both sides end. Gives the module and the number of its generation, unless the
    /// answer came too late, or from somebody else than `by`.
    pub(crate) fn complete(&self, by: &Caller, ticket: u64, reply: Reply) -> Option<(Arc<Slot>, u32)> {
        self.complete_with(by, ticket, |_, _| reply)
    }

    /// The same with an answer that depends on what was asked of whom.
    pub(super) fn complete_with(
        &self,
        by: &Caller,
        ticket: u64,
        reply: impl FnOnce(Asked, &Generation) -> Reply,
    ) -> Option<(Arc<Slot>, u32)> {
        let own = |it: &mut ModuleSide| std::ptr::eq(&raw const *it.generation.caller, by);
        let module = self
            .shard(ticket)
            .get_mut(&ticket)
            .and_then(|it| it.module.take_if(own));
        let Some(module) = module else {
            self.late.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let of = (Arc::clone(&module.slot), module.generation.number);
        self.answer(ticket, reply(module.asked, &module.generation));
        self.tidy(ticket);
        self.end_module_side(Some(module));
        Some(of)
    }

    /// An answer for the caller; the module's side goes on.
    pub(crate) fn answer(&self, ticket: u64, reply: Reply) {
        let mut shard = self.shard(ticket);
        let Some(pending) = shard.get_mut(&ticket) else {
            return;
        };
        let done = match std::mem::replace(&mut pending.caller, CallerSide::Over) {
            CallerSide::Open => {
                pending.caller = CallerSide::Answered(reply);
                return;
            }
            CallerSide::Waiting(done) => Some((done, reply)),
            kept @ CallerSide::Answered(_) => {
                pending.caller = kept;
                None
            }
            CallerSide::Over => None,
        };
        drop(shard);
        self.tidy(ticket);
        if let Some((done, reply)) = done {
            done.tell(reply);
        }
    }

    /// Somebody waits for the call: `asker`, or the answer is that there is no such call.
    pub(crate) fn when_done(&self, asker: Asker, ticket: u64, done: Done) {
        let mut shard = self.shard(ticket);
        let reply = match shard.get_mut(&ticket).filter(|it| it.asker == asker) {
            Some(pending) => match std::mem::replace(&mut pending.caller, CallerSide::Over) {
                CallerSide::Open => {
                    pending.caller = CallerSide::Waiting(done);
                    return;
                }
                CallerSide::Answered(reply) => reply,
                CallerSide::Waiting(first) => {
                    pending.caller = CallerSide::Waiting(first);
                    Reply::error(status::BAD_ARGUMENTS, "somebody waits for this call already")
                }
                CallerSide::Over => Reply::error(status::NOT_FOUND, "this call is over"),
            },
            None => Reply::error(status::NOT_FOUND, "there is no such call"),
        };
        drop(shard);
        self.tidy(ticket);
        done.tell(reply);
    }

    /// `asker` does not wait for its call any more.
    pub(crate) fn cancel(&self, asker: Asker, ticket: u64) {
        let own = self
            .shard(ticket)
            .get(&ticket)
            .is_some_and(|it| it.asker == asker);
        if own {
            self.end_caller_side(ticket, status::CANCELLED, "the caller cancelled");
        }
    }

    /// The deadline has passed.
    pub(super) fn expire(&self, ticket: u64) {
        self.end_caller_side(
            ticket,
            status::TIMEOUT,
            "the deadline passed before there was an answer",
        );
    }

    fn end_caller_side(&self, ticket: u64, code: i32, message: &str) {
        let mut shard = self.shard(ticket);
        let Some(pending) = shard.get_mut(&ticket) else {
            return;
        };
        let before = std::mem::replace(&mut pending.caller, CallerSide::Over);
        if matches!(before, CallerSide::Open) && code == status::TIMEOUT {
            // Kept for a while for who asks; what nobody asks for in that time either is thrown away.
            pending.caller = CallerSide::Answered(Reply::error(code, message));
            pending.deadline += limits::UNCLAIMED_ANSWER;
            self.deadlines.add(pending.deadline, ticket);
        }
        let generation = pending.module.as_ref().map(|it| Arc::clone(&it.generation));
        let on_expiry = pending.on_expiry.take();
        drop(shard);
        self.tidy(ticket);
        if let Some(run) = on_expiry {
            run();
        }
        match before {
            CallerSide::Waiting(done) => done.tell(Reply::error(code, message)),
            // Freed here, without the lock: what frees it may close a stream, or be a plugin's.
            CallerSide::Answered(reply) => drop(reply),
            CallerSide::Open | CallerSide::Over => {}
        }
        if let Some(generation) = generation {
            generation.cancel(ticket);
        }
    }

    /// Asks the module to end all its calls.
    pub(crate) fn cancel_all(&self, generation: &Arc<Generation>, message: &str) {
        for ticket in self.tickets_of(generation) {
            self.answer(ticket, Reply::error(status::CANCELLED, message));
            generation.cancel(ticket);
        }
    }

    /// Gives up on the calls that the module has not completed, and counts them.
    pub(crate) fn abandon(&self, generation: &Arc<Generation>) -> usize {
        let tickets = self.tickets_of(generation);
        for &ticket in &tickets {
            self.answer(
                ticket,
                Reply::error(status::UNAVAILABLE, "the module did not end the call in time"),
            );
            let module = self
                .shard(ticket)
                .get_mut(&ticket)
                .and_then(|it| it.module.take());
            self.end_module_side(module);
            self.tidy(ticket);
        }
        tickets.len()
    }

    fn tickets_of(&self, generation: &Arc<Generation>) -> Vec<u64> {
        let mut tickets = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let of = |it: &Pending| {
                it.module
                    .as_ref()
                    .is_some_and(|it| Arc::ptr_eq(&it.generation, generation))
            };
            tickets.extend(shard.iter().filter(|(_, it)| of(it)).map(|(ticket, _)| *ticket));
        }
        tickets
    }

    fn end_module_side(&self, module: Option<ModuleSide>) {
        if let Some(ModuleSide { slot, generation, .. }) = module
            && generation.deferred.fetch_sub(1, Ordering::AcqRel) == 1
        {
            slot.signal();
        }
    }

    /// Forgets the call when both sides have ended.
    fn tidy(&self, ticket: u64) {
        let mut shard = self.shard(ticket);
        let over = |it: &Pending| it.module.is_none() && matches!(it.caller, CallerSide::Over);
        if shard.get(&ticket).is_some_and(over) {
            let gone = shard.remove(&ticket);
            drop(shard);
            if let Some(gone) = gone {
                self.deadlines.remove(gone.deadline, ticket);
            }
        }
    }

    /// How many calls have no answer yet.
    pub(crate) fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|it| it.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::{Asker, Calls, Done};
    use backplane_descriptor::Codec;
    use backplane_plugin_api::{Buf, Reply, status};
    use std::sync::mpsc::{Receiver, channel};
    use std::sync::{Arc, OnceLock};
    use std::time::{Duration, Instant};

    fn answers() -> (Done, Receiver<i32>) {
        let (told, answer) = channel();
        let done = move |reply: Reply| told.send(reply.status).expect("the test waits");
        (Done::Own(Box::new(done)), answer)
    }

    #[test]
    fn an_answer_that_nobody_wants_is_freed_without_a_lock() {
        static CALLS: OnceLock<Arc<Calls>> = OnceLock::new();
        static BYTE: u8 = 0;
        unsafe extern "C" fn free(_: *mut u8, _: usize, _: usize) {
            // Whatever it does with calls, it finds no lock held.
            assert_eq!(CALLS.get().map(|calls| calls.len()), Some(0));
        }
        let calls = CALLS.get_or_init(Calls::new);
        let attachment = Buf {
            ptr: (&raw const BYTE).cast_mut(),
            len: 1,
            cap: 1,
            free: Some(free),
        };
        let (asker, (told, freed)) = (Asker::new(Codec::Cbor), channel());
        let ticket = calls.open(asker, Instant::now() + Duration::from_secs(60));
        let attachments = vec![attachment].into();
        calls.answer(
            ticket,
            Reply {
                attachments,
                ..Reply::EMPTY
            },
        );
        std::thread::spawn(move || {
            calls.cancel(asker, ticket);
            told.send(()).expect("the test waits");
        });
        assert_eq!(freed.recv_timeout(Duration::from_secs(10)), Ok(()));
    }

    #[test]
    fn a_call_is_waited_for_and_cancelled_by_nobody_but_its_asker() {
        let calls = Calls::new();
        let (asker, other) = (Asker::new(Codec::Cbor), Asker::new(Codec::Cbor));
        let ticket = calls.open(asker, Instant::now() + Duration::from_secs(60));
        let (done, answer) = answers();
        calls.when_done(other, ticket, done);
        assert_eq!(answer.recv(), Ok(status::NOT_FOUND));
        calls.cancel(other, ticket);
        let (done, answer) = answers();
        calls.when_done(asker, ticket, done);
        calls.cancel(asker, ticket);
        assert_eq!(answer.recv(), Ok(status::CANCELLED));
        assert_eq!(calls.len(), 0);
    }
}
