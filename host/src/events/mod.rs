//! The way of an event: publisher → topic → one bounded queue a subscriber → module or front end.
//!
//! A topic is an event of an interface. Topics and queues belong to the host, not to modules: one can
//! subscribe before there is a publisher, and both sides can be exchanged without a loss.

mod delivery;
mod queue;
mod stream;
mod topic;

pub(crate) use delivery::Delivery;
pub use delivery::SubscriptionStatus;
pub(crate) use queue::{Item, Queue};
pub use stream::{EventStream, Received};
pub(crate) use topic::{Data, Origin, Publisher, Topic, Topics};
