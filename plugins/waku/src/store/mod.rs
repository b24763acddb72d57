//! The store protocol (13/WAKU2-STORE, version 3): the history of topics, asked of whoever keeps it.

mod query;
mod wire;

pub use query::{StorePage, StoreQuery, StoredMessage};
pub(crate) use wire::{Request, decode_response, encode_response};

use crate::{
    Refusal, Status,
    exchange::{self, Limits},
    limits::{MAX_STORE_REQUEST, MAX_STORE_RESPONSE, STORE_TIMEOUT},
};

pub(crate) const PROTOCOL: &str = "/vac/waku/store-query/3.0.0";

/// The client of the protocol, and its server if it is served.
pub(crate) fn behaviour(serve: bool) -> exchange::Behaviour {
    let limits = Limits {
        request: MAX_STORE_REQUEST,
        response: MAX_STORE_RESPONSE,
        time: STORE_TIMEOUT,
    };
    exchange::limited(PROTOCOL, serve, limits)
}

/// Whether a peer that speaks these protocols serves the store.
pub(crate) fn is_served(protocols: &[String]) -> bool {
    protocols.iter().any(|it| it == PROTOCOL)
}

/// What a service over its rate limit answers; it does not look into the request.
pub(crate) fn too_many_requests() -> Vec<u8> {
    encode_response("N/A", &Err(Refusal::new(Status::TOO_MANY_REQUESTS, "")))
}
