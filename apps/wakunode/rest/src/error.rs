//! What can go wrong, for those who embed the servers and for those who ask them.

use std::net::SocketAddr;

use backplane_sdk::CallError;
use hyper::StatusCode;

use crate::answer::Answer;

/// Why a server does not listen, or is not attached.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// A pattern of origins is too long.
    #[error("allow_origins[{index}] has {size} bytes, the limit is {limit}")]
    Origin {
        /// The place in the list, counted from 0.
        index: usize,
        /// Its length in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A number that is out of its bounds.
    #[error("{field} is {value}, the limit is {limit}")]
    TooMany {
        /// The field of the configuration.
        field: &'static str,
        /// Its value.
        value: usize,
        /// The limit.
        limit: usize,
    },
    /// The host does not know this front end.
    #[error(transparent)]
    Host(#[from] backplane_host::HostError),
}

/// A request that was not fulfilled: a status and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }

    pub(crate) fn bad_request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub(crate) fn too_many(text: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, text)
    }

    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self::text(refusal.status, refusal.text)
    }
}

/// A call that has no refusals of its own, or none that the endpoint expects.
impl<E: std::fmt::Display> From<CallError<E>> for Refusal {
    fn from(error: CallError<E>) -> Self {
        Self::failed(error.to_string())
    }
}
