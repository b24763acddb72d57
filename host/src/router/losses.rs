//! The modules that served a caller and are gone for good, until it has heard of them.

use super::Asker;
use super::pending::Calls;
use crate::limits;
use backplane_plugin_api::{Reply, status};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Where what is told goes instead.
type Elsewhere = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// What one caller has not heard of yet, encoded.
#[derive(Default)]
pub(crate) struct Losses(Mutex<State>);

#[derive(Default)]
struct State {
    queue: VecDeque<Vec<u8>>,
    /// The ticket of who waits for the next.
    waiting: Option<u64>,
    elsewhere: Option<Elsewhere>,
}

impl Losses {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on all goes to `elsewhere`, where the module is.
    pub(crate) fn go(&self, elsewhere: Elsewhere) {
        self.lock().elsewhere = Some(elsewhere);
    }

    /// One more. With too many that nobody asks for, the oldest gives way.
    pub(crate) fn push(&self, calls: &Calls, loss: Vec<u8>) {
        let mut state = self.lock();
        if let Some(elsewhere) = state.elsewhere.clone() {
            drop(state);
            return elsewhere(&loss);
        }
        if state.queue.len() >= limits::LOSSES {
            state.queue.pop_front();
        }
        state.queue.push_back(loss);
        let waiting = state.waiting.take();
        drop(state);
        if let Some(ticket) = waiting {
            calls.answer(ticket, Reply::EMPTY);
        }
    }

    /// The next, or a ticket for it.
    pub(crate) fn next(&self, calls: &Calls, asker: Asker) -> Reply {
        let mut state = self.lock();
        if let Some(loss) = state.queue.pop_front() {
            return Reply::new(status::OK, loss);
        }
        if state.waiting.is_some_and(|ticket| calls.is_wanted(ticket)) {
            return Reply::error(status::BUSY, "somebody waits for the next loss already");
        }
        let ticket = calls.open(asker, Instant::now() + limits::LOSS_WAIT);
        state.waiting = Some(ticket);
        Reply {
            status: status::PENDING,
            ticket,
            ..Reply::EMPTY
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use backplane_descriptor::Codec;

    #[test]
    fn nothing_is_lost_when_a_wait_is_given_up_and_the_oldest_gives_way() {
        let (calls, losses, asker) = (Calls::new(), Losses::default(), Asker::new(Codec::Cbor));
        let first = losses.next(&calls, asker);
        assert_eq!(first.status, status::PENDING);
        assert_eq!(losses.next(&calls, asker).status, status::BUSY);
        calls.cancel(asker, first.ticket);
        let second = losses.next(&calls, asker);
        assert_eq!(second.status, status::PENDING);
        for number in 0..=limits::LOSSES {
            losses.push(&calls, number.to_le_bytes().to_vec());
        }
        calls.cancel(asker, second.ticket);
        for number in 1..=limits::LOSSES {
            assert_eq!(
                losses.next(&calls, asker).payload.as_bytes(),
                number.to_le_bytes()
            );
        }
        assert_eq!(losses.next(&calls, asker).status, status::PENDING);
    }
}
