//! The control socket: whoever owns the host steers it here.
//!
//! JSON-RPC 2.0 over a Unix socket that its owner alone may open: one JSON document a line, in both directions.
//! Requests of one connection run at the same time and are answered as they get done; batches are run in their
//! order. A line that cannot be understood is answered with an error, and the connection goes on. When a client
//! ends its side, what it has asked for is answered still, and its subscriptions end.
//!
//! | method | parameters | result |
//! |---|---|---|
//! | `version` | | `{backplane, protocol, abi, pid}` |
//! | `modules` | | a list of [`ModuleReport`](crate::ModuleReport) |
//! | `module` | `name` | a [`ModuleReport`](crate::ModuleReport) |
//! | `interfaces` | | a list of [`InterfaceReport`](crate::InterfaceReport) |
//! | `inspect` | `interface` or `module` | `{interface, modules}`, or `{report, manifest, interfaces}` |
//! | `call` | `target`, `args`, `deadline_ms`? | what the method answers |
//! | `events.subscribe` | `pattern`? | `{subscription}`; then `event` notifications |
//! | `events.unsubscribe` | `subscription` | `true` |
//! | `load` | `name`, `plugin`, `grants`?, `config`? | a [`ModuleReport`](crate::ModuleReport) |
//! | `unload` | `name`, `force`? | `true` |
//! | `swap` | `name`, `plugin`, `config`? | a [`SwapReport`](crate::SwapReport) |
//! | `rollback` | `name` | a [`SwapReport`](crate::SwapReport) |
//! | `logs` | `after`?, `module`?, `follow`? | `{lines, subscription?}`; then `log` notifications |
//! | `permissions` | `module`? | a list of [`PermissionReport`](crate::PermissionReport) |
//! | `audit` | `module`? | a list of [`AuditEntry`](crate::AuditEntry) |
//! | `states` | | a list of [`StateChange`](crate::StateChange) |
//! | `stop` | | `true`; the connection ends when the host has ended |
//!
//! The parameters of `event` are `subscription`, `interface`, `event`, `publisher`, `sequence`, `lost`, and `body`
//! or `error`; those of `log` are `subscription` and `line`. `events.unsubscribe` ends either.
//!
//! A call is cancelled after `deadline_ms`; the deadline of the method itself holds as well. A failure has the
//! codes of JSON-RPC, or [`STATUS`] less the status of the call with `{status, error?}` as its data, where `error`
//! is the interface's own. Neither parameters nor results reach a log: they may be secrets.

mod client;
mod connection;
mod error;
pub mod limits;
mod line;
mod message;
mod methods;
mod service;
mod socket;
mod stop;
mod subscriptions;

pub use client::{Client, ClientError, Notification};
pub use error::GatewayError;
pub use message::{INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, RpcError, STATUS};
pub use methods::STOP_REASON;
pub use stop::stop_wanted;

use crate::host::Host;
use service::Service;
use socket::Socket;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The version of the methods above; a change that breaks clients counts it up.
pub const PROTOCOL: u32 = 1;

/// The control socket of a host. Dropping it removes the socket.
#[derive(Debug)]
pub struct Gateway {
    socket: Socket,
}

impl Gateway {
    /// Opens the socket for its owner alone, in a folder that is made if need be; a socket that a dead host left
    /// is removed. Clients may connect from now on, and are answered once [`Gateway::serve`] runs. Needs a tokio
    /// runtime with IO and time.
    ///
    /// # Errors
    /// [`GatewayError`]; nothing has changed then.
    pub async fn bind(socket: &Path) -> Result<Self, GatewayError> {
        Ok(Self {
            socket: Socket::open(socket).await?,
        })
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket.path
    }

    /// Serves until the future is dropped, which ends every connection. It does not stop the host: whoever runs
    /// this awaits [`stop_wanted`].
    ///
    /// # Errors
    /// A module of the host has the name of the front end, `cli`.
    pub async fn serve(&self, host: Arc<Host>) -> Result<Infallible, GatewayError> {
        let service = Arc::new(Service::new(host)?);
        let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
        // Dropping the set ends its tasks.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.socket.listener.accept() => match accepted {
                    Ok((stream, _)) => match Arc::clone(&places).try_acquire_owned() {
                        Ok(place) => {
                            let service = Arc::clone(&service);
                            connections.spawn(async move {
                                let (read, write) = stream.into_split();
                                connection::serve(service, read, write).await;
                                drop(place);
                            });
                        }
                        Err(_) => refuse(stream).await,
                    },
                    Err(error) => {
                        tracing::warn!("the control socket cannot accept a connection: {error}");
                        tokio::time::sleep(limits::ACCEPT_PAUSE).await;
                    }
                },
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!("a connection to the control socket ended badly: {error}");
                    }
                }
            }
        }
    }
}

/// Says why there is no place, and closes.
async fn refuse(mut stream: UnixStream) {
    let message = format!("{} connections are open, which is the limit", limits::CONNECTIONS);
    let error = RpcError::of_status(backplane_plugin_api::status::BUSY, message);
    let line = message::line(&message::answer(&serde_json::Value::Null, Err(error)));
    // Whoever does not read this sees the end of the connection.
    let _ = tokio::time::timeout(limits::REFUSAL, stream.write_all(&line)).await;
}

#[cfg(test)]
mod tests;
