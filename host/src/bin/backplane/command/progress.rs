//! How far a long command is, on the error output where that is a terminal.

use crate::output::printable;
use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

/// Between two lines.
const PAUSE: Duration = Duration::from_millis(500);

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    Rows,
    KiB,
}

/// Tells of rows or bytes as they are done.
pub(super) struct Progress {
    what: String,
    unit: Unit,
    count: u64,
    of: Option<u64>,
    next: Option<Instant>,
}

impl Progress {
    /// Of `of`, where that is known.
    pub(super) fn new(what: impl Into<String>, unit: Unit, of: Option<u64>) -> Self {
        let next = stderr().is_terminal().then(|| Instant::now() + PAUSE);
        Self {
            what: what.into(),
            unit,
            count: 0,
            of,
            next,
        }
    }

    /// So many more.
    pub(super) fn add(&mut self, more: usize) {
        self.set(self.count + more as u64);
    }

    /// So many in all.
    pub(super) fn set(&mut self, count: u64) {
        self.count = count;
        if self.next.is_none_or(|next| Instant::now() < next) {
            return;
        }
        let of = self.of.map_or_else(String::new, |of| format!(" of {of}"));
        let unit = match self.unit {
            Unit::Rows => "rows",
            Unit::KiB => "KiB",
        };
        eprint!("\r{}", printable(&format!("{} {count}{of} {unit}", self.what)));
        self.next = Some(Instant::now() + PAUSE);
    }

    /// How many there were. What comes next has a line of its own.
    pub(super) fn done(self) -> u64 {
        if self.next.is_some() {
            eprint!("\r\x1b[K");
        }
        self.count
    }
}
