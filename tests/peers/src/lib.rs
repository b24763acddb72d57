//! Real Waku peers that the tests talk to.
//!
//! [`ToyChat`] runs `toychat.mjs`, a js-waku relay peer that speaks toy chat, and drives it over JSON lines.
//! Its npm packages are pinned in `package-lock.json` beside and installed when they are missing or others.
//! Whatever is missing (node, npm, the registry) is an error, so that a test fails and does not pass by
//! skipping.

mod event;
mod install;
mod toychat;

pub use event::{Chat, Event, Metadata, Peer, Ready, Sent};
pub use install::InstallError;
pub use toychat::{Options, PeerError, ToyChat};
