//! Store sync: two archives find out what each of them lacks, and send it to each other.
//!
//! *Reconciliation* is a conversation about the order of time. Whoever begins sends the fingerprint of its messages in a
//! range: the exclusive or of their hashes. Where the fingerprints differ, the other side divides the range, down to
//! ranges of so few messages that their places are listed ([`Window::answer`]). Each side notes what the other lacks,
//! and sends it afterwards by *transfer*, on a stream of its own, one message a frame.
//!
//! Nothing here knows a network: [`codec`] turns payloads into bytes, [`window`] holds the places of a time, and
//! [`reconcile`] answers a payload from them. The wire is that of the deployed nodes since version 0.37, which is another
//! than that of the specification.

mod codec;
mod leb128;
mod reconcile;
mod transfer;
mod window;

pub use codec::{ItemSet, RangeContent, SyncDecodeError, SyncPayload, SyncRange};
pub(crate) use reconcile::{Answer, TooMuch};
pub use transfer::TransferredMessage;
pub(crate) use window::Window;

use crate::{Capabilities, streams};

pub(crate) const RECONCILIATION: &str = "/vac/waku/reconciliation/1.0.0";
const TRANSFER: &str = "/vac/waku/transfer/1.0.0";

/// The streams of conversations.
pub(crate) fn reconciliation() -> streams::Behaviour {
    streams::Behaviour::new(RECONCILIATION)
}

/// The streams on which messages are sent.
pub(crate) fn transfer() -> streams::Behaviour {
    streams::Behaviour::new(TRANSFER)
}

/// Whether a peer that speaks these protocols synchronises its archive.
pub(crate) fn capability(protocols: &[String]) -> Capabilities {
    let is_served = protocols.iter().any(|it| it == RECONCILIATION);
    Capabilities::default().with_if(is_served, Capabilities::SYNC)
}
