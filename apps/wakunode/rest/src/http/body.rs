//! A request, with its body as far as the bounds allow.

use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::{
    Method, StatusCode,
    body::{Body, Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderMap},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    error::Refusal,
    limits::{BODY_TIMEOUT, MAX_BODIES, MAX_BODY},
};

/// A request of which everything has come in.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The room that the body takes.
    _room: Option<OwnedSemaphorePermit>,
}

/// The room for bodies in memory.
#[derive(Clone)]
pub(crate) struct Bodies(Arc<Semaphore>);

impl Default for Bodies {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_BODIES)))
    }
}

impl Bodies {
    /// Reads the rest of a request.
    pub(crate) async fn read(&self, request: hyper::Request<Incoming>) -> Result<Request, Refusal> {
        let (head, body) = request.into_parts();
        let late = || Refusal::new(StatusCode::REQUEST_TIMEOUT, "The body did not come in time");
        let read = timeout(BODY_TIMEOUT, self.collect(body)).await;
        let (body, room) = read.map_err(|_| late())??;
        Ok(Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body,
            _room: room,
        })
    }

    async fn collect(&self, mut body: Incoming) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refusal> {
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(too_large());
        }
        let mut all = Vec::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Refusal::bad_request(format!("Invalid request: {error}")))?;
            let data: Bytes = frame.into_data().unwrap_or_default();
            if all.len() + data.len() > MAX_BODY {
                return Err(too_large());
            }
            // The bound of a body fits.
            let more = u32::try_from(data.len()).unwrap_or(u32::MAX);
            let taken = self.0.clone().try_acquire_many_owned(more);
            let taken = taken.map_err(|_| Refusal::unavailable("Too many requests under way"))?;
            match &mut room {
                Some(room) => room.merge(taken),
                None => room = Some(taken),
            }
            all.extend_from_slice(&data);
        }
        Ok((all, room))
    }
}

impl Request {
    /// The media type of the body, in lower case and without parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let text = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = text.split(';').next().unwrap_or_default();
        Some(media_type.trim().to_ascii_lowercase())
    }
}

fn too_large() -> Refusal {
    let text = format!("The body is larger than {MAX_BODY} bytes");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}
