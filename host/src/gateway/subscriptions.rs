//! What one connection follows.

use super::connection::Outgoing;
use super::message::{INVALID_PARAMS, RpcError, notification};
use super::{limits, service::Service};
use crate::events::{EventStream, Received};
use backplane_plugin_api::status;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// What one connection follows. Dropping it ends everything.
#[derive(Default)]
pub(super) struct Subscriptions(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    live: HashMap<u64, AbortHandle>,
}

/// A subscription that has not begun: it does when the client knows its number.
pub(super) struct Subscription {
    pub(super) number: u64,
    pub(super) begin: oneshot::Sender<()>,
}

impl Subscriptions {
    /// Adds a task that writes what it hears. `task` is given the number.
    pub(super) fn add<F>(&self, task: impl FnOnce(u64) -> F) -> Result<Subscription, RpcError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let state = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.live.retain(|_, task| !task.is_finished());
        if state.live.len() >= limits::SUBSCRIPTIONS {
            let message = format!(
                "{} subscriptions are open on this connection, which is the limit",
                limits::SUBSCRIPTIONS
            );
            return Err(RpcError::of_status(status::BUSY, message));
        }
        state.last += 1;
        let number = state.last;
        let task = task(number);
        let (begin, begun) = oneshot::channel();
        let running = tokio::spawn(async move {
            if begun.await.is_ok() {
                task.await;
            }
        });
        state.live.insert(number, running.abort_handle());
        Ok(Subscription { number, begin })
    }

    /// Ends one.
    pub(super) fn end(&self, number: u64) -> Result<(), RpcError> {
        let state = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.live.remove(&number) {
            Some(task) => {
                task.abort();
                Ok(())
            }
            None => {
                let message = format!("there is no subscription {number} on this connection");
                Err(RpcError::new(INVALID_PARAMS, message))
            }
        }
    }
}

impl Drop for Subscriptions {
    fn drop(&mut self) {
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.live.values().for_each(AbortHandle::abort);
    }
}

/// Writes the events of a stream. While the client does not read, they gather in the queue of the stream, which
/// drops what it has no room for.
pub(super) async fn write_events(number: u64, mut stream: EventStream, out: mpsc::Sender<Outgoing>) {
    loop {
        let told = notification("event", event(number, &stream.next().await));
        if out.send(Outgoing::from(&told)).await.is_err() {
            return;
        }
    }
}

fn event(number: u64, received: &Received<'_>) -> Json {
    let mut params = json!({
        "subscription": number,
        "interface": received.interface(),
        "event": received.name(),
        "publisher": received.publisher(),
        "sequence": received.sequence(),
        "lost": received.lost,
    });
    match received.json() {
        Ok(body) => params["body"] = body,
        Err(error) => params["error"] = error.to_string().into(),
    }
    params
}

/// Writes the lines of the log after number `after`.
pub(super) async fn write_log(
    number: u64,
    service: Arc<Service>,
    mut after: u64,
    module: Option<String>,
    out: mpsc::Sender<Outgoing>,
) {
    loop {
        for each in service.host.log(after, module.as_deref()) {
            after = each.number;
            let told = notification("log", json!({ "subscription": number, "line": each }));
            if out.send(Outgoing::from(&told)).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(limits::LOG_POLL).await;
    }
}
