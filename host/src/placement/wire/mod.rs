//! The wire between a host and a module that runs elsewhere: frames over a byte stream.
//!
//! `frame` and `ask` are what is said, `reader` and `link` how it is received and sent, `turns` which thread reads. What
//! is done about it stands with the two ends: `proxy` and `guest`.

mod ask;
mod fields;
mod frame;
mod kind;
mod link;
mod reader;
#[cfg(test)]
mod tests;
mod turns;

pub use ask::{Answer, Ask, Part, Parts};
pub use frame::{Frame, FrameError};
pub(super) use link::{Link, Refused};
pub(super) use reader::{Broken, Reader};
pub(super) use turns::{Taken, Turns};
