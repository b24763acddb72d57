//! The way of an event: publisher → topic → one reader a subscriber → module or front end. The topic keeps an event
//! once for all as long as they have room, and after that in one bounded queue a subscriber.
//!
//! A topic is an event of an interface. Topics and queues belong to the host, not to modules: one can
//! subscribe before there is a publisher, and both sides can be exchanged without a loss.

mod block;
mod delivery;
mod log;
mod publisher;
mod queue;
mod reader;
mod sleepers;
mod stream;
mod subscriber;
mod taken;
mod topic;

pub(crate) use delivery::Delivery;
pub use delivery::SubscriptionStatus;
pub(crate) use publisher::Publisher;
pub(crate) use queue::Item;
pub(crate) use reader::Reader;
pub use stream::{EventStream, Received};
pub(crate) use topic::{Data, Origin, Topic, Topics};

#[cfg(test)]
mod tests;
