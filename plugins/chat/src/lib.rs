//! The chat plugin: toy chat over a relay, with a history that holds each message exactly once.
//!
//! The engine does no IO of its own. It asks a [`Relay`] to carry messages and a [`History`] to keep them;
//! the caller hands in what the relay delivers through [`Room::receive`]. A message is always stored before
//! anybody hears of it.
//!
//! Where to look: [`wire`] is the toy-chat payload, [`message`] the Waku envelope and its hash, [`key`] the
//! order of the history, [`record`] what one entry holds, [`room`] the engine that ties them together, and
//! [`plugin`] the module that puts it into a host.

pub mod clock;
pub mod config;
pub mod error;
pub mod key;
pub mod limits;
pub mod message;
pub mod nick;
pub mod page;
pub mod plugin;
pub mod ports;
pub mod record;
pub mod room;
pub mod state;
pub mod wire;

mod recent;

#[cfg(test)]
mod fakes;
#[cfg(test)]
mod room_tests;

pub use clock::{Clock, system_clock};
pub use config::RoomConfig;
pub use error::{ChatError, PortError};
pub use key::Cursor;
pub use message::{MessageHash, WakuMessage};
pub use nick::Nickname;
pub use page::Page;
pub use ports::{History, Relay, Row, Scan};
pub use record::{Direction, StoredMessage};
pub use room::{Counts, Room};
pub use state::RoomState;
