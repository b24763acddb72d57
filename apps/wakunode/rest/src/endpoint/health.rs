//! `/health`, which is there before the node is.

use serde::{Serialize, Serializer, ser::SerializeMap};
use waku_api::{ConnectionStatus, HealthState, ProtocolHealth};

use super::within;
use crate::{answer::Answer, error::Refusal, limits::CALL_TIMEOUT, rest::State, waku::Waku};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    node_health: &'static str,
    connection_status: &'static str,
    protocols_health: Vec<Protocol>,
}

/// A protocol, its name being the key of its state.
struct Protocol(ProtocolHealth);

impl Serialize for Protocol {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry(&self.0.protocol, state(self.0.state))?;
        if let Some(reason) = &self.0.reason {
            map.serialize_entry("desc", reason)?;
        }
        map.end()
    }
}

pub(crate) async fn get(state: &State) -> Result<Answer, Refusal> {
    match state.waku() {
        Some(waku) if waku.is_ready() => ask(waku).await,
        _ => Ok(Answer::json(&Health {
            node_health: "INITIALIZING",
            connection_status: "Disconnected",
            protocols_health: Vec::new(),
        })),
    }
}

async fn ask(waku: &Waku) -> Result<Answer, Refusal> {
    let failed = |_| Refusal::unavailable("Health check failed");
    let node = &waku.clients().map_err(failed)?.node;
    let health = within(CALL_TIMEOUT, node.health(), "Health check timed out").await?;
    let health = health.map_err(|_| Refusal::unavailable("Health check failed"))?;
    Ok(Answer::json(&Health {
        node_health: "READY",
        connection_status: match health.connection {
            ConnectionStatus::Disconnected => "Disconnected",
            ConnectionStatus::PartiallyConnected => "PartiallyConnected",
            ConnectionStatus::Connected => "Connected",
        },
        protocols_health: health.protocols.into_iter().map(Protocol).collect(),
    }))
}

fn state(state: HealthState) -> &'static str {
    match state {
        HealthState::Ready => "READY",
        HealthState::NotReady => "NOT_READY",
        HealthState::NotMounted => "NOT_MOUNTED",
    }
}
