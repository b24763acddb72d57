//! The process of a module, from the outside.

use super::super::proxy::Far;
use crate::limits;
use crate::router::Caller;
use backplane_plugin_api::{CallContext, LogRecord, Slice, level};
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child as Process, ExitStatus};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often it is looked whether a process has ended.
const LOOK: Duration = Duration::from_millis(2);

/// The process of a module. Dropped, it is killed.
pub(super) struct Child {
    process: Process,
    ended: Option<ExitStatus>,
}

impl Child {
    /// What it writes to its error output goes to the log of the host, under the name of the module.
    pub(super) fn new(mut process: Process, caller: &Arc<Caller>) -> Self {
        if let Some(output) = process.stderr.take() {
            let (caller, name) = (Arc::clone(caller), format!("{}-stderr", caller.slot.name));
            let read = move || say(&caller, output);
            // Without the thread it goes unread; the process then finds the pipe closed.
            std::thread::Builder::new().name(name).spawn(read).ok();
        }
        Self { process, ended: None }
    }

    fn wait(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.ended.is_none() {
            self.ended = self.process.try_wait().ok().flatten();
            if self.ended.is_some() || Instant::now() >= deadline {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Far for Child {
    fn end(&mut self, patience: Duration) -> Option<String> {
        self.wait(patience);
        if self.ended.is_none() {
            // It may have ended by itself just now.
            self.process.kill().ok();
            self.wait(limits::PROCESS_END);
        }
        Some(match self.ended {
            Some(status) => format!("its process ended with {status}"),
            None => format!("its process {} does not end", self.process.id()),
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

fn say(caller: &Arc<Caller>, output: impl Read) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = limits::PROCESS_LINE as u64;
        match output.by_ref().take(limit).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => (),
        }
        let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        let record = LogRecord {
            level: level::WARN,
            target: Slice::new(b"stderr"),
            message: Slice::new(text.as_bytes()),
            fields: Slice::EMPTY,
            context: CallContext::ROOT,
        };
        caller.core.log.take(&caller.slot.name, &caller.meter, &record);
    }
}
