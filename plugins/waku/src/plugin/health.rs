//! How the node and its protocols are, as deployed nodes judge it.

use waku_api::{HealthState, NodeHealth, ProtocolHealth};

use crate::{Connection, NodeInfo, PeerInfo, Services, filter, lightpush::Version, relay, store};

/// Connected peers that speak each protocol.
struct Counts {
    relay: usize,
    store: usize,
    filter: usize,
    lightpush: usize,
    legacy_lightpush: usize,
}

pub(super) fn health(info: &NodeInfo, peers: &[PeerInfo]) -> NodeHealth {
    let speaking = |protocol| {
        let connected = peers.iter().filter(|peer| peer.direction.is_some());
        connected.filter(|peer| peer.speaks(protocol)).count()
    };
    let counts = Counts {
        relay: if info.services.relay {
            speaking(relay::PROTOCOL)
        } else {
            0
        },
        store: speaking(store::PROTOCOL),
        filter: speaking(filter::SUBSCRIBE),
        lightpush: speaking(Version::V3.protocol()),
        legacy_lightpush: speaking(Version::Legacy.protocol()),
    };
    let lightpush = counts.lightpush.max(counts.legacy_lightpush);
    let connection = Connection::judge(counts.relay, [counts.store, counts.filter, lightpush]);
    NodeHealth {
        connection: connection.into(),
        protocols: protocols(info.services, &counts),
    }
}

fn protocols(served: Services, counts: &Counts) -> Vec<ProtocolHealth> {
    let no_pushes = "Node has no relay peers to fullfill push requests";
    let no_filter = "Relay is not ready, filter will not be able to sort out messages";
    let no_store = "No Store service peer available yet, neither Store service set up for the node";
    let no_lightpush = "No Lightpush service peer available yet";
    let relays = counts.relay > 0;
    vec![
        service("Relay", served.relay, relays, "No connected peers"),
        service("Lightpush", served.lightpush, relays, no_pushes),
        service("Legacy Lightpush", served.lightpush, relays, no_pushes),
        service("Filter", served.filter, relays, no_filter),
        service("Store", served.store, true, ""),
        service("Peer Exchange", served.peer_exchange, true, ""),
        service("Rendezvous", false, false, ""),
        service("Mix", false, false, ""),
        service("Lightpush Client", true, counts.lightpush > 0, no_lightpush),
        service(
            "Legacy Lightpush Client",
            true,
            counts.legacy_lightpush > 0,
            no_lightpush,
        ),
        service("Store Client", true, counts.store > 0 || served.store, no_store),
        service(
            "Filter Client",
            true,
            counts.filter > 0,
            "No Filter service peer available yet",
        ),
        service("Rln Relay", false, false, ""),
    ]
}

fn service(protocol: &str, is_mounted: bool, is_ready: bool, lacks: &str) -> ProtocolHealth {
    let (state, reason) = match (is_mounted, is_ready) {
        (false, _) => (HealthState::NotMounted, None),
        (true, true) => (HealthState::Ready, None),
        (true, false) => (HealthState::NotReady, Some(lacks.to_owned())),
    };
    ProtocolHealth {
        protocol: protocol.to_owned(),
        state,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_lacks_is_said_and_what_it_does_not_speak_is_not_mounted() {
        let served = Services {
            relay: true,
            lightpush: true,
            filter: false,
            store: true,
            peer_exchange: false,
        };
        let counts = Counts {
            relay: 0,
            store: 0,
            filter: 1,
            lightpush: 0,
            legacy_lightpush: 0,
        };
        let all = protocols(served, &counts);
        let of = |name: &str| all.iter().find(|it| it.protocol == name).unwrap();
        assert_eq!(of("Relay").reason.as_deref(), Some("No connected peers"));
        assert_eq!(of("Lightpush").state, HealthState::NotReady);
        assert_eq!(of("Filter").state, HealthState::NotMounted);
        assert_eq!(of("Store").state, HealthState::Ready);
        assert_eq!(of("Store Client").state, HealthState::Ready);
        assert_eq!(of("Filter Client").state, HealthState::Ready);
        assert_eq!(all.len(), 13);
    }
}
