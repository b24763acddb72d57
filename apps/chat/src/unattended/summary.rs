//! The conversation in numbers.

use std::fmt;

use serde::Serialize;

use crate::session::Swap;

/// The conversation in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Messages that were sent, both ways together.
    pub messages: u32,
    /// Messages that are missing somewhere.
    pub lost: usize,
    /// Messages that are somewhere more than once.
    pub duplicates: usize,
    /// The swaps in the middle of it.
    pub swaps: Vec<SwapSummary>,
    /// Messages in the two histories.
    pub history: [usize; 2],
    /// Messages in the history of the second host after its restart.
    pub history_after_restart: usize,
    /// From the start until both were connected, in seconds.
    pub connect_seconds: f64,
    /// From the first message until all had come, in seconds.
    pub conversation_seconds: f64,
    /// All of it, in seconds.
    pub seconds: f64,
    /// What does not hold; empty when all is well.
    pub problems: Vec<String>,
}

/// A swap in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SwapSummary {
    /// On which host.
    pub host: &'static str,
    /// The version before.
    pub from: String,
    /// The version after.
    pub to: String,
    /// The generation after.
    pub generation: u32,
    /// How long callers waited, in milliseconds.
    pub pause_ms: f64,
}

impl SwapSummary {
    pub(super) fn new(host: &'static str, swap: &Swap) -> Self {
        Self {
            host,
            from: swap.from.clone(),
            to: swap.module.version.clone(),
            generation: swap.generation,
            pause_ms: swap.pause_us as f64 / 1000.0,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "messages   {} sent, {} lost, {} twice",
            self.messages, self.lost, self.duplicates
        )?;
        for swap in &self.swaps {
            writeln!(
                f,
                "swap       chat on {}: {} to {} (another build), generation {}, callers waited {:.2} ms",
                swap.host, swap.from, swap.to, swap.generation, swap.pause_ms
            )?;
        }
        let [alice, bob] = self.history;
        writeln!(
            f,
            "history    {alice} on alice, {bob} on bob, {} on bob after a restart",
            self.history_after_restart
        )?;
        writeln!(
            f,
            "time       {:.1} s until connected, {:.1} s of conversation, {:.1} s in all",
            self.connect_seconds, self.conversation_seconds, self.seconds
        )?;
        for problem in &self.problems {
            writeln!(f, "problem    {problem}")?;
        }
        write!(
            f,
            "{}",
            if self.problems.is_empty() {
                "all is well\n"
            } else {
                "NOT WELL\n"
            }
        )
    }
}
