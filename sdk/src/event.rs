//! Publishing and receiving events.

use crate::attachment;
use crate::client::{CallError, read_reply, with_args};
use crate::current;
use crate::host::{HostHandle, ReplyFuture};
use crate::value::Value;
use backplane_descriptor::fixed::InterfaceTy;
use backplane_plugin_api::{Reply, status};

/// An event of an interface as a type. `#[interface]` makes one for each event.
pub trait EventSpec: Send + Sync + 'static {
    /// What the event carries.
    type Body: Value;
    /// The interface that has the event.
    const INTERFACE: &'static InterfaceTy;
    /// Its name.
    const NAME: &'static str;
    /// Its number, counted in the order of the interface.
    const INDEX: u32;
}

/// The events of an interface, as its provider publishes them. `#[interface]` makes one for each trait that
/// has events.
pub trait Events: Clone + Send + Sync + 'static {
    /// The interface that has the events.
    const INTERFACE: &'static InterfaceTy;

    /// Makes a publisher that emits through `emitter`.
    fn new(emitter: Emitter) -> Self;
}

/// Most bodies fit, so that they are encoded with one allocation.
const BODY_SIZE: usize = 512;

/// Where a module publishes the events of one interface.
#[derive(Debug, Clone)]
pub struct Emitter {
    host: HostHandle,
    interface: u32,
}

impl Emitter {
    /// `interface` counts the manifest's `provides`.
    pub fn new(host: HostHandle, interface: u32) -> Self {
        Self { host, interface }
    }

    /// Publishes an event. Waits for room in the queues of subscribers that block, at most until the
    /// deadline of the call that is being served, or the host's own.
    ///
    /// # Errors
    /// `TIMEOUT` when a subscriber had no room in time: it has lost this event and will see a gap.
    pub async fn emit<T: Value>(&self, event: u32, body: &T) -> Result<(), CallError> {
        let mut payload = Vec::with_capacity(BODY_SIZE);
        let (encoded, attachments) = attachment::collect(|| body.encode(&mut payload));
        let reply = match encoded {
            Ok(()) => with_args(&payload, &attachments, |args| {
                self.host.emit(self.interface, event, &current::context(), args)
            }),
            Err(error) => ReplyFuture::ready(Reply::error(status::BAD_ARGUMENTS, error.to_string())),
        };
        let reply = reply.await;
        if reply.status == status::OK {
            Ok(())
        } else {
            read_reply(Some(&self.host), reply)
        }
    }
}

/// An event as a subscriber gets it.
#[derive(Debug, Clone)]
pub struct Event<T> {
    /// What it carries.
    pub body: T,
    /// Its number, counted from 1 for each publisher and event.
    pub sequence: u64,
    /// How many events this subscription lost directly before this one.
    pub lost: u64,
    /// The name of the module that published it.
    pub publisher: String,
}

impl<T> std::ops::Deref for Event<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.body
    }
}
