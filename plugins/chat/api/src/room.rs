//! The interface.

use backplane_sdk::prelude::*;

use crate::{ChatError, Cursor, Page, RoomInfo, StoredMessage};

/// One conversation of toy chat (22/TOY-CHAT), and its history, which holds each message exactly once.
#[interface(id = "chat.room", version = "1.0.0")]
pub trait Room {
    /// Stores a text, publishes it, and answers the message as it stands in the history. 1 byte to 32 KiB of UTF-8,
    /// not only white space.
    ///
    /// Toy chat counts time in seconds, and the same text twice in a second is one message to everybody. So a repeat
    /// is stamped with the next free second, up to 10 s ahead.
    async fn send(&self, text: String) -> Result<StoredMessage, ChatError>;

    /// Up to `limit` messages before a place, or the newest ones; `next` leads to older ones. `limit` is 1 to 200; a
    /// page also ends at 1 MiB.
    async fn history(&self, before: Option<Cursor>, #[default(50)] limit: u32) -> Result<Page, ChatError>;

    /// Up to `limit` messages after a place, or the oldest ones; `next` leads to newer ones. Otherwise as `history`.
    async fn history_after(
        &self,
        after: Option<Cursor>,
        #[default(50)] limit: u32,
    ) -> Result<Page, ChatError>;

    /// Our nickname.
    fn nick(&self) -> String;

    /// Changes our nickname for good, and answers it as it is now. 1 to 32 characters without control characters;
    /// white space around it is removed.
    async fn set_nick(&self, nick: String) -> Result<String, ChatError>;

    /// What the room is, and what it has counted.
    fn info(&self) -> RoomInfo;

    /// A message is new in the history: one that came in, or one that was written here.
    #[event]
    fn message(message: StoredMessage);
}
