//! The metadata protocol (66/WAKU2-METADATA): each side tells its cluster and shards.
//!
//! Deployed nodes ask on every new connection and hang up on a peer that does not answer, or answers with
//! another cluster. This node answers anybody at once, asks in its turn, and parts from a peer that names
//! another cluster or none. A peer that does not speak the protocol at all stays: a plain gossipsub node can
//! do no harm, since its topics name the cluster.

mod behaviour;
mod message;

pub(crate) use behaviour::{Behaviour, Event, new, verdict};
pub(crate) use message::Metadata;
