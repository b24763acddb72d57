//! Filter (12/WAKU2-FILTER, version 2): a service pushes the messages of the content topics that a light
//! node has subscribed to.
//!
//! The light node asks in requests of their own; the messages come on one stream that the service keeps open.

mod feed;
mod subscriptions;
mod wire;

use crate::{exchange, limits::MAX_SERVICE_FRAME, streams};

pub(crate) use feed::{Feed, Offer};
pub(crate) use subscriptions::Subscriptions;
pub(crate) use wire::{
    Ask, Criteria, Pushed, Request, decode_response, encode_push, encode_response, too_many_requests,
};

pub(crate) const SUBSCRIBE: &str = "/vac/waku/filter-subscribe/2.0.0-beta1";
const PUSH: &str = "/vac/waku/filter-push/2.0.0-beta1";

/// The requests.
pub(crate) fn requests(serve: bool) -> exchange::Behaviour {
    exchange::new(SUBSCRIBE, serve, MAX_SERVICE_FRAME)
}

/// The streams of messages. Every node takes them, so that a service finds the protocol among those of its
/// subscriber.
pub(crate) fn pushes() -> streams::Behaviour {
    streams::Behaviour::new(PUSH)
}
