//! What one version of the plugin hands to the next.

use serde::{Deserialize, Serialize};

use crate::{
    error::{ChatError, check_len},
    limits::MAX_RECENT,
    message::MessageHash,
    nick::Nickname,
};

/// The state of a [`Room`](crate::Room) that is not in the history. Schema 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomState {
    /// Our nickname.
    pub nick: Nickname,
    /// Messages written here since the first start of the chain of versions.
    pub sent: u64,
    /// New messages of others since then.
    pub received: u64,
    /// Repeats that were recognised since then.
    pub duplicates: u64,
    /// The last message hashes, oldest first, at most [`MAX_RECENT`].
    pub recent: Vec<MessageHash>,
}

impl RoomState {
    /// Checks what decoding does not: the length of `recent`.
    ///
    /// # Errors
    /// [`ChatError::TooLong`] for field `recent`.
    pub fn validate(&self) -> Result<(), ChatError> {
        check_len("recent", self.recent.len(), MAX_RECENT, "hashes")
    }
}
