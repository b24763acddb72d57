//! Discv5 (33/WAKU2-DISCV5): a table of nodes over UDP, of its own network by the protocol id `d5waku`.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ::discv5::{ConfigBuilder, Event, ListenConfig, ProtocolIdentity};
use ::enr::NodeId;
use tokio::{net::UdpSocket, sync::mpsc, task::JoinHandle, time::sleep};

use crate::{
    NodeRecord,
    enr::RecordKey,
    limits::{LOOKUP_PERIOD, UNBIND_TIMEOUT},
};

const IDENTITY: ProtocolIdentity = ProtocolIdentity {
    protocol_id: *b"d5waku",
    protocol_version: [0, 1],
};

/// The service: it answers others, and looks up random nodes again and again.
pub(crate) struct Discv5 {
    service: Arc<::discv5::Discv5>,
    socket: Arc<UdpSocket>,
    events: mpsc::Receiver<Event>,
    lookups: JoinHandle<()>,
}

impl Discv5 {
    /// Starts the service on a socket; on the present runtime.
    pub(crate) async fn start(
        socket: UdpSocket,
        address: SocketAddr,
        record: &NodeRecord,
        key: RecordKey,
        bootstrap: &[NodeRecord],
    ) -> Result<Self, String> {
        let socket = Arc::new(socket);
        let (ipv4, ipv6) = match address {
            SocketAddr::V4(_) => (Some(socket.clone()), None),
            SocketAddr::V6(_) => (None, Some(socket.clone())),
        };
        let mut config = ConfigBuilder::new(ListenConfig::FromSockets { ipv4, ipv6 });
        config.protocol_identity(IDENTITY).disable_enr_update();
        if !address.ip().is_loopback() {
            // Both bound what one address can do, of which the loopback interface has but few.
            config.ip_limit().enable_packet_filter();
        }
        let mut service = ::discv5::Discv5::new(record.inner().clone(), key.into_inner(), config.build())?;
        service.start().await.map_err(|error| format!("{error:?}"))?;
        let events = service
            .event_stream()
            .await
            .map_err(|error| format!("{error:?}"))?;
        let service = Arc::new(service);
        let lookups = tokio::spawn(look_up(service.clone()));
        let all = Self {
            service,
            socket,
            events,
            lookups,
        };
        all.add(bootstrap);
        Ok(all)
    }

    /// Notes nodes to ask, as far as they speak discv5.
    pub(crate) fn add(&self, records: &[NodeRecord]) {
        for record in records {
            if let Err(reason) = self.service.add_enr(record.inner().clone()) {
                tracing::debug!(peer_id = %record.peer_id(), reason, "is of no use for discv5");
            }
        }
    }

    /// The next record that was heard of, whoever's it is; `None` after the end. Nothing is lost when it is
    /// cancelled.
    pub(crate) async fn next(&mut self) -> Option<NodeRecord> {
        loop {
            let record = match self.events.recv().await? {
                Event::Discovered(record) | Event::SessionEstablished(record, _) => record,
                _ => continue,
            };
            if let Ok(record) = NodeRecord::new(record) {
                return Some(record);
            }
        }
    }

    /// What others are told of this node from now on.
    pub(crate) fn renew(&self, record: &NodeRecord) {
        *self.service.external_enr().write() = record.inner().clone();
    }

    /// Ends the service; the port is free then.
    pub(crate) async fn stop(self) {
        self.lookups.abort();
        let socket = Arc::downgrade(&self.socket);
        drop(self);
        let freed = async {
            while socket.strong_count() > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(UNBIND_TIMEOUT, freed).await.is_err() {
            tracing::warn!("the port of discv5 is not free yet");
        }
    }
}

impl Drop for Discv5 {
    fn drop(&mut self) {
        self.lookups.abort();
    }
}

/// Queries report what they find as events; their own result adds nothing.
async fn look_up(service: Arc<::discv5::Discv5>) {
    loop {
        match service.find_node(NodeId::random()).await {
            Ok(found) => tracing::trace!(count = found.len(), "looked up a random node"),
            Err(error) => tracing::debug!(?error, "lookup"),
        }
        sleep(LOOKUP_PERIOD).await;
    }
}
