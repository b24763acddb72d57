//! The way to the node: typed clients of its interfaces, made when there is a host.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use backplane_host::{FrontEnd, Host, HostError, bundle::Grants};
use backplane_sdk::CallError;
use waku_api::{FilterClient, LightPushClient, NodeClient, RelayClient, StoreClient};

/// What the servers may call.
const GRANTS: [&str; 5] = [
    "waku.relay",
    "waku.node",
    "waku.lightpush",
    "waku.filter",
    "waku.store",
];

/// A host with a node.
pub(crate) struct Waku {
    pub(crate) host: Arc<Host>,
    pub(crate) front: FrontEnd,
    clients: OnceLock<Clients>,
    /// Whether everything is subscribed to, so that endpoints may be served.
    is_ready: AtomicBool,
    relays: AtomicBool,
}

/// Clients of the interfaces of the node.
pub(crate) struct Clients {
    pub(crate) relay: RelayClient,
    pub(crate) node: NodeClient,
    pub(crate) lightpush: LightPushClient,
    pub(crate) filter: FilterClient,
    pub(crate) store: StoreClient,
}

impl Waku {
    /// A front end of the host, by the name that modules shall see.
    pub(crate) fn new(host: &Arc<Host>, name: &str) -> Result<Self, HostError> {
        let grants = Grants(GRANTS.iter().filter_map(|grant| grant.parse().ok()).collect());
        Ok(Self {
            host: Arc::clone(host),
            front: host.front_end(name, &grants)?,
            clients: OnceLock::new(),
            is_ready: AtomicBool::new(false),
            relays: AtomicBool::new(false),
        })
    }

    /// The clients.
    ///
    /// # Errors
    /// No module provides the interfaces yet.
    pub(crate) fn clients(&self) -> Result<&Clients, CallError> {
        if let Some(clients) = self.clients.get() {
            return Ok(clients);
        }
        let clients = Clients {
            relay: self.front.client()?,
            node: self.front.client()?,
            lightpush: self.front.client()?,
            filter: self.front.client()?,
            store: self.front.client()?,
        };
        Ok(self.clients.get_or_init(|| clients))
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready.load(Relaxed)
    }

    /// Whether the node takes part in shards, as far as it was asked last.
    pub(crate) fn relays(&self) -> bool {
        self.relays.load(Relaxed)
    }

    /// The node has begun and everything is subscribed to.
    pub(crate) fn ready(&self, relays: bool) {
        self.relays.store(relays, Relaxed);
        self.is_ready.store(true, Relaxed);
    }
}
