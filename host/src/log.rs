//! The log: what modules say, bounded, for operators and for those who ask later.

use crate::limits;
use backplane_plugin_api::{LogRecord, Slice, level};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A line of the log.
#[derive(Debug, Clone, Serialize)]
pub struct LogLine {
    /// Counted from 1; a gap means lines that were pushed out.
    pub number: u64,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// The module.
    pub module: String,
    /// Where in the module, for example a module path.
    pub target: String,
    /// What happened.
    pub message: String,
    /// Further fields as a JSON object, or empty.
    pub fields: String,
}

/// The last lines of all modules.
pub(crate) struct Log {
    level: AtomicU32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: VecDeque<LogLine>,
    next: u64,
}

/// How much one module writes.
#[derive(Default)]
pub(crate) struct Meter {
    second: AtomicU64,
    lines: AtomicU64,
    /// Lines that were dropped, in all.
    pub(crate) dropped: AtomicU64,
}

impl Meter {
    fn allows(&self, second: u64) -> bool {
        if self.second.swap(second, Ordering::Relaxed) != second {
            self.lines.store(0, Ordering::Relaxed);
        }
        let allowed = self.lines.fetch_add(1, Ordering::Relaxed) < limits::LOG_LINES_PER_SECOND;
        if !allowed {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        allowed
    }
}

impl Log {
    pub(crate) fn new(level: u32) -> Self {
        Self {
            level: AtomicU32::new(level),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most verbose level that is kept.
    pub(crate) fn level(&self) -> u32 {
        self.level.load(Ordering::Relaxed)
    }

    pub(crate) fn set_level(&self, level: u32) {
        self.level.store(level, Ordering::Relaxed);
    }

    /// Takes a line of `module`.
    pub(crate) fn take(&self, module: &str, meter: &Meter, record: &LogRecord) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if record.level > self.level() || !meter.allows(now.as_secs()) {
            return;
        }
        // SAFETY: the module keeps the texts of the record alive for the call.
        let text = |slice: Slice| String::from_utf8_lossy(unsafe { slice.as_bytes() }).into_owned();
        let (target, message, fields) = (text(record.target), text(record.message), text(record.fields));
        emit(record.level, module, &target, &message, &fields);
        let time_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let mut state = self.lock();
        state.next += 1;
        let number = state.next;
        let module = module.to_owned();
        if state.lines.len() >= limits::LOG_LINES {
            state.lines.pop_front();
        }
        state.lines.push_back(LogLine {
            number,
            time_ms,
            level: name(record.level),
            module,
            target,
            message,
            fields,
        });
    }

    /// The lines after number `after`, the oldest first, of one module or of all.
    pub(crate) fn lines(&self, after: u64, module: Option<&str>) -> Vec<LogLine> {
        let state = self.lock();
        let wanted =
            |line: &&LogLine| line.number > after && module.is_none_or(|module| line.module == module);
        state.lines.iter().filter(wanted).cloned().collect()
    }
}

fn name(level: u32) -> &'static str {
    match level {
        level::ERROR => "error",
        level::WARN => "warn",
        level::INFO => "info",
        level::DEBUG => "debug",
        _ => "trace",
    }
}

/// Into the program's own log, whose targets must be known when it is compiled.
fn emit(level: u32, module: &str, target: &str, message: &str, fields: &str) {
    match level {
        level::ERROR => tracing::error!(target: "module", module, from = target, fields, "{message}"),
        level::WARN => tracing::warn!(target: "module", module, from = target, fields, "{message}"),
        level::INFO => tracing::info!(target: "module", module, from = target, fields, "{message}"),
        level::DEBUG => tracing::debug!(target: "module", module, from = target, fields, "{message}"),
        _ => tracing::trace!(target: "module", module, from = target, fields, "{message}"),
    }
}
