//! How far a long command is, on the error output where that is a terminal.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

/// Between two lines.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells of rows as they are done.
pub(super) struct Progress {
    what: &'static str,
    rows: u64,
    of: Option<u64>,
    next: Option<Instant>,
}

impl Progress {
    /// Of `of` rows, where that is known.
    pub(super) fn new(what: &'static str, of: Option<u64>) -> Self {
        let next = stderr().is_terminal().then(|| Instant::now() + PAUSE);
        Self {
            what,
            rows: 0,
            of,
            next,
        }
    }

    /// So many more.
    pub(super) fn add(&mut self, rows: usize) {
        self.rows += rows as u64;
        if self.next.is_none_or(|next| Instant::now() < next) {
            return;
        }
        let of = self.of.map_or_else(String::new, |of| format!(" of {of}"));
        eprint!("\r{} {}{of} rows", self.what, self.rows);
        self.next = Some(Instant::now() + PAUSE);
    }

    /// How many there were. What comes next has a line of its own.
    pub(super) fn done(self) -> u64 {
        if self.next.is_some() {
            eprint!("\r\x1b[K");
        }
        self.rows
    }
}
