//! What the module logs.

use super::{LINES, lock};
use backplane_plugin_api::{LogRecord, Slice};
use std::collections::VecDeque;
use std::sync::Mutex;

/// A line that the module logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// One of [`level`](backplane_plugin_api::level).
    pub level: u32,
    /// Where it comes from, for example a module path. A panic says `panic`.
    pub target: String,
    /// What happened.
    pub message: String,
    /// Further fields as one JSON object, or empty.
    pub fields: String,
}

#[derive(Default)]
pub(super) struct Logs(Mutex<VecDeque<Line>>);

impl Logs {
    /// # Safety
    /// The slices of `record` must be valid.
    pub(super) unsafe fn add(&self, record: &LogRecord) {
        // SAFETY: the caller vouches for it.
        let text = |slice: Slice| String::from_utf8_lossy(unsafe { slice.as_bytes() }).into_owned();
        let line = Line {
            level: record.level,
            target: text(record.target),
            message: text(record.message),
            fields: text(record.fields),
        };
        let mut lines = lock(&self.0);
        if lines.len() >= LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    pub(super) fn all(&self) -> Vec<Line> {
        lock(&self.0).iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        lock(&self.0).clear();
    }
}
