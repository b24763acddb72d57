//! Whose turn it is to read a wire.
//!
//! One thread at a time reads, and does what it has read itself: so frames are worked off in their order, and no
//! other thread has to be woken. When what it does takes too long, because a plugin waits where it must not, another
//! thread takes over the reading.

use crate::limits;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Whose turn it is.
#[derive(Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Counts takings of the turn; the last one counts.
    turn: u64,
    taken: bool,
    /// Since when the one whose turn it is does something else than reading.
    busy: Option<Instant>,
    /// How many times it was busy: whether there is anything to look after.
    done: u64,
    /// Threads that wait for their turn, and those that are there in all.
    waiting: usize,
    threads: usize,
    /// One of those that wait looks after the one whose turn it is.
    watched: bool,
    over: bool,
}

/// The turn of a thread.
pub(crate) struct Turn(u64);

/// What a thread that asked for its turn got.
pub(crate) enum Taken {
    /// Its turn.
    Turn(Turn),
    /// Its turn; and nobody else waits, so that another thread should.
    Alone(Turn),
    /// Nothing is left to read, or enough threads wait.
    Over,
}

impl Turns {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more thread will ask for its turn; `false` where there are enough.
    pub(crate) fn join(&self) -> bool {
        let mut state = self.lock();
        let allowed = !state.over && state.threads < limits::WIRE_THREADS;
        state.threads += usize::from(allowed);
        allowed
    }

    /// A thread that joined is gone.
    pub(crate) fn leave(&self) {
        self.lock().threads -= 1;
    }

    /// Waits for the thread's turn.
    pub(crate) fn take(&self) -> Taken {
        let mut state = self.lock();
        state.waiting += 1;
        while !state.over && state.taken && !state.is_stuck() {
            state = self.wait(state);
        }
        state.waiting -= 1;
        if state.over {
            return Taken::Over;
        }
        state.turn += 1;
        (state.taken, state.busy) = (true, None);
        let turn = Turn(state.turn);
        match state.waiting {
            0 => Taken::Alone(turn),
            _ => Taken::Turn(turn),
        }
    }

    /// Waits for a change: without a limit while there is nothing to look after, or somebody else does so.
    fn wait<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.watched || state.busy.is_none() {
            return self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // As long as something is done it goes on looking, so that nobody need wake it for each frame.
        state.watched = true;
        loop {
            let done = state.done;
            let waited = self.changed.wait_timeout(state, limits::WIRE_STUCK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.over || !state.taken || state.is_stuck() || (state.busy.is_none() && state.done == done)
            {
                state.watched = false;
                return state;
            }
        }
    }

    /// The thread whose turn it is begins to do what it has read.
    pub(crate) fn begin(&self) {
        let mut state = self.lock();
        state.busy = Some(Instant::now());
        state.done += 1;
        let wake = !state.watched && state.waiting > 0;
        drop(state);
        if wake {
            self.changed.notify_one();
        }
    }

    /// It is done; `false` when it is no longer its turn.
    pub(crate) fn end(&self, turn: &Turn) -> bool {
        let mut state = self.lock();
        let still = state.turn == turn.0 && !state.over;
        if still {
            state.busy = None;
        }
        still
    }

    /// Nobody reads any more.
    pub(crate) fn close(&self) {
        self.lock().over = true;
        self.changed.notify_all();
    }
}

impl State {
    fn is_stuck(&self) -> bool {
        self.busy
            .is_some_and(|since| since.elapsed() >= limits::WIRE_STUCK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(turns: &Turns) -> Turn {
        match turns.take() {
            Taken::Turn(turn) | Taken::Alone(turn) => turn,
            Taken::Over => panic!("it goes on"),
        }
    }

    #[test]
    fn another_thread_takes_over_from_one_that_does_not_come_back() {
        let turns = Turns::default();
        let first = taken(&turns);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| taken(&turns));
            turns.begin();
            let second = second.join().expect("it gets its turn");
            assert!(!turns.end(&first), "it is the other's turn");
            assert!(turns.end(&second));
        });
    }

    #[test]
    fn whoever_waits_is_sent_away_at_the_end() {
        let turns = Turns::default();
        let _first = taken(&turns);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| matches!(turns.take(), Taken::Over));
            turns.close();
            assert!(second.join().expect("it does not panic"));
        });
    }

    #[test]
    fn there_are_no_more_threads_than_allowed() {
        let turns = Turns::default();
        let joined = (0..100).filter(|_| turns.join()).count();
        assert_eq!(joined, limits::WIRE_THREADS);
        turns.leave();
        assert!(turns.join());
    }
}
