//! What state a module is in, and how it got there.

use crate::limits;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The state of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ModuleState {
    /// Its plugin was found.
    Discovered,
    /// Its plugin was opened and checked.
    Verified,
    /// It is becoming ready.
    Starting,
    /// It answers.
    Ready,
    /// It ends the calls under way; new ones wait.
    Draining,
    /// It has ended.
    Stopped,
    /// It does not run because something went wrong.
    Failed,
}

impl ModuleState {
    /// The name as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discovered => "discovered",
            Self::Verified => "verified",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// A change of state.
#[derive(Debug, Clone, Serialize)]
pub struct StateChange {
    /// Counted from 1.
    pub number: u64,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// The module.
    pub module: String,
    /// The version of its plugin.
    pub version: String,
    /// The state it came to.
    pub state: ModuleState,
    /// Why.
    pub reason: String,
}

/// A change of state that is about to be told.
pub(crate) struct Transition<'a> {
    pub(crate) module: &'a str,
    pub(crate) version: &'a str,
    pub(crate) state: ModuleState,
    pub(crate) reason: &'a str,
}

/// The last changes of all modules.
#[derive(Default)]
pub(crate) struct History(Mutex<(u64, VecDeque<StateChange>)>);

impl History {
    /// Remembers a change, and gives it with its number and time.
    pub(crate) fn add(&self, transition: &Transition<'_>) -> StateChange {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (last, changes) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        let change = StateChange {
            number: *last,
            time_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            module: transition.module.to_owned(),
            version: transition.version.to_owned(),
            state: transition.state,
            reason: transition.reason.to_owned(),
        };
        if changes.len() >= limits::STATE_CHANGES {
            changes.pop_front();
        }
        changes.push_back(change.clone());
        change
    }

    /// The changes, the oldest first.
    pub(crate) fn all(&self) -> Vec<StateChange> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .iter()
            .cloned()
            .collect()
    }
}
