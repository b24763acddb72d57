//! What the bridge offers, and what it may ask of a filter.

use backplane_sdk::prelude::*;

/// Brings a chat and a channel of IRC together.
#[interface(id = "irc.bridge", version = "1.0.0")]
pub trait Bridge {
    /// How it stands.
    fn status(&self) -> Status;
    /// The bridge is in its channel, or no longer.
    #[event(retained)]
    fn linked(link: Link);
}

/// How the bridge stands. It counts on when it is exchanged.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The connection.
    pub link: Link,
    /// Lines of the channel that the chat has.
    pub to_chat: u64,
    /// Lines that the channel has.
    pub to_irc: u64,
    /// What was left out, because a queue was full or the other side refused it.
    pub dropped: u64,
}

/// The connection.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The server.
    pub server: String,
    /// The channel.
    pub channel: String,
    /// Our nickname there; null while there is no connection.
    pub nick: Option<String>,
    /// Why there is no connection; null if there is one.
    pub reason: Option<String>,
}

/// Makes texts fit for everybody. Whoever provides this may be written in any language.
#[interface(id = "text.filter", version = "1.0.0")]
pub trait Filter {
    /// The text with what is not fit for everybody covered by asterisks.
    fn clean(&self, text: String) -> Cleaned;
}

/// A text that is fit for everybody.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The text.
    pub text: String,
    /// How many words are covered.
    pub covered: u32,
}
