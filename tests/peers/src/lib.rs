//! Real Waku peers that the tests talk to.
//!
//! [`ToyChat`] runs `toychat.mjs`, a js-waku relay peer that speaks toy chat, and drives it over JSON lines.
//! [`LightNode`] runs `light/light.mjs`, a js-waku light node, in the same way; its packages are of another
//! age, so that they are in a folder of their own.
//! [`GossipPeer`] runs `gossip/gossip.mjs` or `python/gossip.py`, which know gossipsub and nothing else of Waku.
//! [`compile_typescript`] compiles modules with the compiler of `typescript/`.
//!
//! The packages are pinned in the `package-lock.json` or `requirements.txt` beside and installed when they are missing
//! or others. Whatever is missing (node, npm, python, a registry) is an error, so that a test fails and does not pass
//! by skipping.

mod event;
mod gossip;
mod install;
mod light;
mod process;
mod toychat;
mod typescript;

pub use event::{Chat, Event, Metadata, Peer, Ready, Sent};
pub use gossip::{GossipKind, GossipOptions, GossipPeer};
pub use install::InstallError;
pub use light::{LightConnected, LightNode, LightQuery, LightReceived, LightRecord};
pub use process::PeerError;
pub use toychat::{Options, ToyChat};
pub use typescript::compile_typescript;
