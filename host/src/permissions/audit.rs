//! The audit log: what was granted, what was refused, and who used what is sensitive. Never with arguments.

use crate::limits;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// What an entry of the audit log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditKind {
    /// Something was granted.
    Grant,
    /// Something was refused.
    Refusal,
    /// A method that is marked as sensitive in its interface was called.
    Use,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Counted from 1.
    pub number: u64,
    /// When it was first so, in milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// When it was last so.
    pub last_ms: u64,
    /// How often: the same within [`AUDIT_REPEAT`](limits::AUDIT_REPEAT) is one entry.
    pub count: u64,
    /// What it is about.
    pub kind: AuditKind,
    /// The module or front end that was granted or refused something, or that called.
    pub caller: String,
    /// The interface, or the method or event of one.
    pub target: String,
    /// Of a grant where it stands, of a refusal the rule.
    pub why: String,
}

/// The last entries of each kind: many of one kind do not push out those of another.
#[derive(Default)]
pub(crate) struct Audit(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    grants: VecDeque<AuditEntry>,
    refusals: VecDeque<AuditEntry>,
    uses: VecDeque<AuditEntry>,
}

impl Audit {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something.
    pub(crate) fn note(&self, kind: AuditKind, caller: &str, target: &str, why: &str) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        if self.lock().note(kind, caller, target, why, now) {
            tell(kind, caller, target, why);
        }
    }

    /// All entries, the oldest first; of one caller or of all.
    pub(crate) fn entries(&self, caller: Option<&str>) -> Vec<AuditEntry> {
        let state = self.lock();
        let all = [&state.grants, &state.refusals, &state.uses]
            .into_iter()
            .flatten();
        let mut entries: Vec<_> = all
            .filter(|it| caller.is_none_or(|caller| it.caller == caller))
            .cloned()
            .collect();
        entries.sort_by_key(|it| it.number);
        entries
    }
}

impl State {
    /// Whether it is an entry of its own.
    fn note(&mut self, kind: AuditKind, caller: &str, target: &str, why: &str, now: u64) -> bool {
        let number = self.last + 1;
        let entries = match kind {
            AuditKind::Grant => &mut self.grants,
            AuditKind::Refusal => &mut self.refusals,
            AuditKind::Use => &mut self.uses,
        };
        let repeat = u64::try_from(limits::AUDIT_REPEAT.as_millis()).unwrap_or(u64::MAX);
        let recent = |it: &&mut AuditEntry| now < it.time_ms.saturating_add(repeat);
        let mut lately = entries.iter_mut().rev().take_while(recent);
        if let Some(same) = lately.find(|it| it.caller == caller && it.target == target && it.why == why) {
            (same.count, same.last_ms) = (same.count + 1, now);
            return false;
        }
        if entries.len() >= limits::AUDIT_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(AuditEntry {
            number,
            time_ms: now,
            last_ms: now,
            count: 1,
            kind,
            caller: caller.to_owned(),
            target: target.to_owned(),
            why: why.to_owned(),
        });
        self.last = number;
        true
    }
}

/// Into the program's own log, whose targets must be known when it is compiled.
fn tell(kind: AuditKind, caller: &str, of: &str, why: &str) {
    match kind {
        AuditKind::Grant => tracing::info!(target: "audit", caller, of, why, "granted"),
        AuditKind::Refusal => tracing::warn!(target: "audit", caller, of, why, "refused"),
        AuditKind::Use => tracing::info!(target: "audit", caller, of, "used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_again_and_again_is_one_entry_a_second() {
        let mut state = State::default();
        let mut note = |target: &str, now| state.note(AuditKind::Refusal, "chat", target, "rule", now);
        assert!(note("a.b", 1000));
        assert!(note("a.c", 1000));
        assert!(!note("a.b", 1999));
        assert!(note("a.b", 2000));
        let counts: Vec<u64> = state.refusals.iter().map(|it| it.count).collect();
        assert_eq!(counts, [2, 1, 1]);
        assert_eq!(state.refusals[0].last_ms, 1999);
    }

    #[test]
    fn the_oldest_of_a_kind_gives_way_and_those_of_another_stay() {
        let audit = Audit::default();
        audit.note(AuditKind::Refusal, "chat", "a.b", "rule");
        for number in 0..=limits::AUDIT_ENTRIES {
            audit.note(AuditKind::Use, "chat", &format!("a.m{number}"), "");
        }
        let entries = audit.entries(Some("chat"));
        assert_eq!(entries.len(), limits::AUDIT_ENTRIES + 1);
        assert_eq!(
            (entries[0].kind, &*entries[1].target),
            (AuditKind::Refusal, "a.m1")
        );
        assert_eq!(audit.entries(Some("waku")), []);
    }
}
