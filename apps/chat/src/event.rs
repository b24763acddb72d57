//! What goes into the state machine, and what comes out.

use crossterm::event::KeyEvent;

use crate::session::{ChatLine, Module, Page, Peer, SessionError, SessionEvent, Swap, SwapTarget};

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The session tells something.
    Session(SessionEvent),
    /// An effect is done.
    Done(Outcome),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a text.
    Send(String),
    /// Ask for our nickname.
    LoadNick,
    /// Change our nickname.
    SetNick(String),
    /// Connect to a peer.
    Connect(String),
    /// Ask for messages before a cursor, or the newest.
    LoadHistory {
        /// The cursor.
        before: Option<String>,
        /// How many.
        limit: usize,
    },
    /// Ask for the peers, and list them if `show`.
    Peers {
        /// A person asked.
        show: bool,
    },
    /// Ask for the modules, and list them if `show`.
    Modules {
        /// A person asked.
        show: bool,
    },
    /// Replace a module.
    Swap {
        /// Which.
        module: String,
        /// By what.
        target: SwapTarget,
    },
}

/// How an effect ended.
#[derive(Debug)]
pub enum Outcome {
    /// [`Effect::Send`].
    Sent(Result<ChatLine, SessionError>),
    /// [`Effect::LoadNick`].
    NickLoaded(Result<String, SessionError>),
    /// [`Effect::SetNick`].
    NickSet(Result<String, SessionError>),
    /// [`Effect::Connect`], with its address.
    Connected(String, Result<(), SessionError>),
    /// [`Effect::LoadHistory`].
    History(Result<Page, SessionError>),
    /// [`Effect::Peers`], with its `show`.
    Peers(bool, Result<Vec<Peer>, SessionError>),
    /// [`Effect::Modules`], with its `show`.
    Modules(bool, Result<Vec<Module>, SessionError>),
    /// [`Effect::Swap`], with its module.
    Swapped(String, Result<Swap, SessionError>),
}
