//! Events into a module: one thread a module takes them from its queues and hands them over.
//!
//! Events of one subscription go in one at a time and in order. The thread is the module's own, so that a
//! handler that does not return harms nobody else.

use super::taken::Taken;
use super::{Item, Origin, Reader};
use crate::host::Core;
use crate::limits;
use crate::permissions::Heard;
use crate::registry::{Entry, Generation, Slot};
use crate::router::{Asker, deliver, door, pending::Done};
use backplane_descriptor::Subscription;
use backplane_plugin_api::{Args, Reply, Slice, kind, status};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The subscriptions of one slot, and the thread that serves them. They outlive generations.
pub(crate) struct Delivery {
    core: Arc<Core>,
    slot: Arc<Slot>,
    state: Mutex<State>,
    signal: Condvar,
}

#[derive(Default)]
struct State {
    /// In the order of the subscriptions of the generation that is let in.
    lanes: Vec<Lane>,
    /// How many lanes there have been.
    numbered: u64,
    /// Something may be to do.
    stirred: bool,
    stopped: bool,
}

/// One subscription.
struct Lane {
    /// Its number, which stays the same wherever the lane stands.
    number: u64,
    /// The place of the subscription in the manifest of the generation that is let in.
    index: u32,
    subscription: Subscription,
    reader: Reader,
    taken: Taken,
    /// An event is with the module, which has not answered yet.
    busy: bool,
}

/// What one subscription looks like from outside.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SubscriptionStatus {
    /// `interface.event`.
    pub event: String,
    /// What happens when the queue is full.
    pub overflow: backplane_descriptor::Overflow,
    /// How many events the queue holds.
    pub depth: u32,
    /// How many wait in it now.
    pub waiting: usize,
    /// How many were lost.
    pub dropped: u64,
}

fn same_event(one: &Subscription, other: &Subscription) -> bool {
    one.interface == other.interface && one.event == other.event
}

impl Delivery {
    /// Subscribes to nothing yet, and starts the thread.
    pub(crate) fn start(core: &Arc<Core>, slot: &Arc<Slot>) -> std::io::Result<Arc<Self>> {
        let this = Arc::new(Self {
            core: Arc::clone(core),
            slot: Arc::clone(slot),
            state: Mutex::default(),
            signal: Condvar::new(),
        });
        let delivery = Arc::clone(&this);
        std::thread::Builder::new()
            .name(format!("{}-events", slot.name))
            .spawn(move || delivery.run())?;
        Ok(this)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something may be to do: events, an answer, or an open slot.
    pub(crate) fn stir(&self) {
        self.lock().stirred = true;
        self.signal.notify_one();
    }

    /// Takes over the subscriptions of a generation. Those to the same event keep their queue and what waits
    /// in it; the others begin and end here. Only while the slot is paused and nobody is inside.
    pub(crate) fn resubscribe(&self, heard: &[Heard]) {
        let mut there: Vec<Subscription> = self
            .lock()
            .lanes
            .iter()
            .map(|lane| lane.subscription.clone())
            .collect();
        let mut missing = heard.to_vec();
        missing.retain(|it| {
            let found = there.iter().position(|other| same_event(&it.subscription, other));
            found.map(|index| there.swap_remove(index)).is_none()
        });
        let mut new: Vec<Lane> = missing.iter().map(|it| self.lane(it)).collect();
        // In one step: an answer that comes late must find its lane.
        let mut state = self.lock();
        let mut old = std::mem::take(&mut state.lanes);
        for Heard { index, subscription } in heard {
            let from = [&mut old, &mut new].into_iter().find_map(|lanes| {
                let at = lanes
                    .iter()
                    .position(|lane| same_event(&lane.subscription, subscription))?;
                Some(lanes.swap_remove(at))
            });
            state.lanes.extend(from.map(|lane| Lane {
                index: *index,
                ..lane
            }));
        }
        drop(state);
        drop(old);
        self.stir();
    }

    fn lane(&self, Heard { index, subscription }: &Heard) -> Lane {
        let topic = self.core.topics.get(&subscription.interface, &subscription.event);
        let reader = Reader::new(topic, subscription.overflow, subscription.depth);
        let mut state = self.lock();
        state.numbered += 1;
        Lane {
            number: state.numbered,
            index: *index,
            subscription: subscription.clone(),
            reader,
            taken: Taken::default(),
            busy: false,
        }
    }

    /// Ends all subscriptions and the thread.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        let lanes = std::mem::take(&mut state.lanes);
        drop(state);
        self.signal.notify_one();
        drop(lanes);
    }

    /// What the subscriptions look like now.
    pub(crate) fn status(&self) -> Vec<SubscriptionStatus> {
        let state = self.lock();
        let status = |lane: &Lane| SubscriptionStatus {
            event: format!("{}.{}", lane.subscription.interface, lane.subscription.event),
            overflow: lane.subscription.overflow,
            depth: lane.subscription.depth,
            waiting: lane.reader.waiting() + lane.taken.len(),
            dropped: lane.reader.dropped(),
        };
        state.lanes.iter().map(status).collect()
    }

    fn run(self: Arc<Self>) {
        let mut state = self.lock();
        loop {
            while !state.stirred && !state.stopped {
                state = self.signal.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.stopped {
                return;
            }
            state.stirred = false;
            drop(state);
            let full = self.serve();
            state = self.lock();
            if full {
                // Nobody tells when there is room again.
                state.stirred = true;
                state = self
                    .signal
                    .wait_timeout(state, limits::DELIVERY_RETRY)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
        }
    }

    /// Hands over events until there is nothing left that can go in. An event is taken only inside the slot, so
    /// that it goes to the subscription of the generation that took it. Whether the module had no room.
    fn serve(self: &Arc<Self>) -> bool {
        loop {
            let inside = match self.slot.enter() {
                Entry::Inside(inside) => inside,
                // Whoever opens the slot stirs.
                Entry::Wait => return false,
                Entry::Busy => return true,
            };
            let Some((index, lane, item)) = self.next() else {
                return false;
            };
            let mut reply = Reply::EMPTY;
            let code = self.hand_over(index, &item, &inside, &mut reply);
            drop(inside);
            if code == status::PENDING {
                let delivery = Arc::clone(self);
                let event = Arc::clone(&item.event);
                let done = move |reply: Reply| delivery.settled(lane, &event.origin, &reply);
                self.core
                    .calls
                    .when_done(Asker::HOST, reply.ticket, Done::Own(Box::new(done)));
            } else {
                self.settled(lane, &item.event.origin, &reply);
            }
        }
    }

    /// The next event that can go in, with its place in the manifest and the number of its lane, which is busy from now on.
    fn next(self: &Arc<Self>) -> Option<(u32, u64, Item)> {
        let sleeper = Waker::from(Arc::clone(self));
        // Publishers go on after the lock is gone.
        let mut released = Vec::new();
        let mut state = self.lock();
        for lane in &mut state.lanes {
            if lane.busy {
                continue;
            }
            if lane.taken.is_empty() {
                released.push(lane.reader.take(&mut lane.taken, &sleeper));
            }
            if let Some(item) = lane.taken.next() {
                lane.busy = true;
                return Some((lane.index, lane.number, item));
            }
        }
        None
    }

    fn hand_over(
        &self,
        index: u32,
        item: &Item,
        inside: &crate::registry::Inside<'_>,
        reply: &mut Reply,
    ) -> i32 {
        let event = &item.event;
        let attachments: Vec<Slice> = event.attachments.iter().map(|it| Slice::new(it)).collect();
        let args = Args {
            payload: Slice::new(&event.payload),
            attachments: attachments.as_ptr(),
            attachment_count: attachments.len(),
        };
        // The publisher's deadline is not the handler's, and its chain does not wait for it.
        let context = backplane_plugin_api::CallContext {
            deadline_ns: 0,
            depth: 0,
            ..event.context
        };
        let mut call = Generation::describe(kind::EVENT, index, 0, context, &event.origin.publisher, args);
        call.sequence = event.sequence;
        call.lost = item.lost;
        door::heard(inside, event, call, reply, |call, reply| {
            deliver(&self.core, &self.slot, inside, call, reply)
        })
    }

    fn settled(&self, lane: u64, origin: &Origin, reply: &Reply) {
        if reply.status != status::OK {
            let name = &self.slot.name;
            let why = status::name(reply.status);
            let Origin { interface, event, .. } = origin;
            tracing::warn!(module = %name, "the handler of {interface}.{event} failed: {why}: {}", reply.message());
        }
        if let Some(lane) = self.lock().lanes.iter_mut().find(|it| it.number == lane) {
            lane.busy = false;
        }
        self.stir();
    }
}

impl Wake for Delivery {
    fn wake(self: Arc<Self>) {
        self.stir();
    }
}
