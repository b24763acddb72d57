//! The terminal chat: what a person sees of the host and its four modules.
//!
//! [`App`] is a pure state machine: [`Event`]s go in, its state changes, [`Effect`]s come out. [`view`] draws
//! it, [`run()`] feeds it from terminal and [`Session`] and carries its effects out. A session stands for the
//! running host: [`hosted`] runs one in this process. [`pipe`] is the same session for scripts, and [`unattended`]
//! the script that lets two of them talk.

pub mod app;
pub mod command;
pub mod event;
pub mod format;
pub mod hosted;
pub mod input;
pub mod limits;
pub mod options;
pub mod pipe;
pub mod run;
pub mod session;
pub mod terminal;
pub mod transcript;
pub mod unattended;
pub mod view;

mod worker;

#[cfg(test)]
mod app_tests;
#[cfg(test)]
mod fakes;
#[cfg(test)]
mod run_tests;
#[cfg(all(test, unix))]
mod terminal_tests;
#[cfg(test)]
mod view_tests;

pub use app::App;
pub use event::{Effect, Event, Outcome};
pub use options::Options;
pub use run::{RunError, run};
pub use session::{
    About, ChatLine, Module, Page, Peer, Session, SessionError, SessionEvent, Swap, SwapTarget,
};
