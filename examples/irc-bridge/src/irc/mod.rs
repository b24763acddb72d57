//! As much of IRC as a bridge needs (RFC 2812).

mod connection;
mod message;
mod names;
mod text;

pub(crate) use connection::{Connection, Heard, IrcError, Said};
use message::Message;
pub(crate) use names::{check_channel, check_nick, check_server};
pub(crate) use text::{from_irc, to_irc};
