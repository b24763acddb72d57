//! One connection: request after request, each within its bounds.

use std::{convert::Infallible, future::Future, pin::pin};

use hyper::{Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::watch};

use super::patience::Patience;
use crate::{
    answer::Body,
    limits::{HEAD_TIMEOUT, MAX_HEAD, WRITE_TIMEOUT},
};

/// What answers requests.
pub(crate) trait Service: Clone + Send + Sync + 'static {
    fn answer(&self, request: hyper::Request<Incoming>) -> impl Future<Output = Response<Body>> + Send;
}

/// Answers the requests of a connection until it ends, or until the server is stopped and the one under way is
/// answered.
pub(super) async fn converse(
    stream: TcpStream,
    service: impl Service,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), String> {
    // Answers are written at once; without it small ones may wait.
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let stream = Patience::new(TokioIo::new(stream), WRITE_TIMEOUT);
    let answer = service_fn(|request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(stream, answer);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => ended.map_err(|error| error.to_string()),
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await.map_err(|error| error.to_string())
        }
    }
}
