//! From the channel into the chat.

use crate::contract::FilterClient;
use crate::counts::Counts;
use crate::irc::{Said, from_irc};
use crate::ours::Ours;
use backplane_sdk::CallError;
use chat_api::{ChatError, RoomClient};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::mpsc;

/// What the task that hands lines to the chat has.
pub(crate) struct ToChat {
    pub(crate) room: RoomClient,
    /// Not there where nobody provides it, or where the bundle does not grant it.
    pub(crate) filter: Option<FilterClient>,
    pub(crate) incoming: mpsc::Receiver<Said>,
    pub(crate) ours: Arc<Ours>,
    pub(crate) counts: Arc<Counts>,
}

impl ToChat {
    /// Hands over line after line, each when the one before it is in the chat.
    pub(crate) async fn run(mut self) {
        while let Some(said) = self.incoming.recv().await {
            let Some((acts, text)) = from_irc(&said.text) else {
                continue;
            };
            let handed = match self.clean(text).await {
                Some(text) if acts => self.hand(&format!("* {} {text}", said.nick)).await,
                Some(text) => self.hand(&format!("<{}> {text}", said.nick)).await,
                None => false,
            };
            let count = if handed {
                &self.counts.to_chat
            } else {
                &self.counts.dropped
            };
            count.fetch_add(1, Relaxed);
        }
    }

    /// The text as it is fit for everybody. Without an answer of a filter that is there, none: whoever grants one
    /// wants nothing to pass it by.
    async fn clean(&self, text: String) -> Option<String> {
        let Some(filter) = &self.filter else {
            return Some(text);
        };
        match filter.clean(&text).await {
            Ok(cleaned) => Some(cleaned.text),
            Err(error) => {
                tracing::warn!("a line is left out, as the filter does not answer: {error}");
                None
            }
        }
    }

    /// Whether the chat has the text.
    async fn hand(&self, text: &str) -> bool {
        self.ours.add(text);
        let error = match self.room.send(&text.to_owned()).await {
            // It is in the history, and told to everybody here.
            Ok(_) | Err(CallError::Interface(ChatError::NotPublished { .. })) => return true,
            Err(error) => error,
        };
        if matches!(error, CallError::Interface(_)) {
            // It was not told to anybody.
            self.ours.take(text);
        }
        tracing::warn!("the chat does not take a line: {error}");
        false
    }
}
