//! Accepting connections, as many as the bound allows, until the server is stopped.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::connection::{Service, converse};
use crate::{
    ServeError,
    limits::{ACCEPT_PAUSE, MAX_CONNECTIONS, STOP_TIMEOUT},
};

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
    places: Arc<Semaphore>,
}

/// Listens, and has `service` answer every request. Needs a tokio runtime with time and IO.
pub(crate) async fn serve(address: SocketAddr, service: impl Service) -> Result<Listening, ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let (stop, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let accepting = tokio::spawn(accept(listener, service, places.clone(), stopped));
    Ok(Listening {
        address,
        stop,
        accepting,
        places,
    })
}

async fn accept(
    listener: TcpListener,
    service: impl Service,
    places: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let place: OwnedSemaphorePermit = tokio::select! {
            place = places.clone().acquire_owned() => match place {
                Ok(place) => place,
                Err(_) => return,
            },
            _ = stopped.changed() => return,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (service, stopped) = (service.clone(), stopped.clone());
                tokio::spawn(async move {
                    if let Err(error) = converse(stream, service, stopped).await {
                        tracing::debug!(%peer, error, "a connection ended early");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Listening {
    /// Accepts no more, and waits for requests under way as long as the bound allows.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        // It ends as soon as it is told.
        let _ended = self.accepting.await;
        let all = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
        if timeout(STOP_TIMEOUT, self.places.acquire_many(all))
            .await
            .is_err()
        {
            tracing::warn!("some HTTP requests were still under way at the end");
        }
    }
}
