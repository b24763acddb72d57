//! Real Waku peers that the tests talk to.
//!
//! [`ToyChat`] runs `toychat.mjs`, a js-waku relay peer that speaks toy chat, and drives it over JSON lines.
//! [`LightNode`] runs `light/light.mjs`, a js-waku light node, in the same way; its packages are of another
//! age, so that they are in a folder of their own.
//! The npm packages are pinned in the `package-lock.json` beside and installed when they are missing or others.
//! Whatever is missing (node, npm, the registry) is an error, so that a test fails and does not pass by
//! skipping.

mod event;
mod install;
mod light;
mod process;
mod toychat;

pub use event::{Chat, Event, Metadata, Peer, Ready, Sent};
pub use install::InstallError;
pub use light::{LightConnected, LightEncoded, LightNode, LightQuery, LightReceived, LightRecord};
pub use process::PeerError;
pub use toychat::{Options, ToyChat};
