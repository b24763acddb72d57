//! The contract of the chat plugin: the interface [`Room`], `chat.room`.

mod error;
mod room;
mod types;

pub use error::{ChatError, PortFault};
pub use room::{Room, RoomClient, RoomEvents, RoomInterface, room_events};
pub use types::{Cursor, Direction, MessageHash, Page, RoomInfo, StoredMessage};
