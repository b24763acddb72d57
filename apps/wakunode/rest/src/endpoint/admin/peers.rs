//! The peers, and connecting to more.

use backplane_sdk::CallError;
use waku_api::{ConnectError, Connectedness, KnownPeer};

use super::{known, peer::Peer, shard};
use crate::{
    answer::Answer,
    endpoint::within,
    error::Refusal,
    http::Request,
    json::decode,
    limits::{DIAL_TIMEOUT, MAX_DIALS},
    text,
    waku::Waku,
};

/// What peers may serve, in the order in which nwaku lists it.
const SERVICES: [&str; 8] = [
    "/vac/waku/relay/2.0.0",
    "/vac/waku/filter-subscribe/2.0.0-beta1",
    "/vac/waku/store-query/3.0.0",
    "/vac/waku/lightpush/2.0.0-beta1",
    "/vac/waku/lightpush/3.0.0",
    "/vac/waku/peer-exchange/2.0.0-alpha1",
    "/vac/waku/reconciliation/1.0.0",
    "/vac/waku/transfer/1.0.0",
];

pub(super) async fn all(waku: &Waku) -> Result<Answer, Refusal> {
    let peers: Vec<Peer> = known(waku).await?.iter().map(Peer::from).collect();
    Ok(Answer::json(&peers))
}

pub(super) async fn one(waku: &Waku, id: &str) -> Result<Answer, Refusal> {
    if !text::is_peer_id(id) {
        return Err(Refusal::bad_request(
            "Invalid argument:peerid: incorrect PeerId string",
        ));
    }
    let peers = known(waku).await?;
    let found = peers.iter().find(|peer| peer.peer_id == id);
    let missing = || Refusal::not_found(format!("Peer with ID {id} not found"));
    found
        .map(|peer| Answer::json(&Peer::from(peer)))
        .ok_or_else(missing)
}

pub(super) async fn service(waku: &Waku) -> Result<Answer, Refusal> {
    let peers = known(waku).await?;
    let serving: Vec<Peer> = peers
        .iter()
        .filter_map(|peer| Peer::serving(peer, &SERVICES))
        .collect();
    Ok(Answer::json(&serving))
}

pub(super) async fn connected(waku: &Waku) -> Result<Answer, Refusal> {
    listed(waku, |_| true).await
}

pub(super) async fn connected_on(waku: &Waku, number: &str) -> Result<Answer, Refusal> {
    let number = shard(number)?;
    listed(waku, |peer| peer.shards.contains(&number)).await
}

async fn listed(waku: &Waku, wanted: impl Fn(&KnownPeer) -> bool) -> Result<Answer, Refusal> {
    let peers = known(waku).await?;
    let is_connected = |peer: &&KnownPeer| peer.connectedness == Connectedness::Connected;
    let listed = peers.iter().filter(is_connected).filter(|peer| wanted(peer));
    let listed: Vec<Peer> = listed.map(Peer::from).collect();
    Ok(Answer::json(&listed))
}

/// Connects to the peers of the body, one after the other, as far as it goes.
pub(super) async fn connect(waku: &Waku, request: &Request) -> Result<Answer, Refusal> {
    let addresses: Vec<String> = decode(request)
        .map_err(|refusal| Refusal::bad_request(format!("Failed to decode request: {}", refusal.text)))?;
    if addresses.len() > MAX_DIALS {
        let text = format!("{} peers, the limit is {MAX_DIALS}", addresses.len());
        return Err(Refusal::bad_request(text));
    }
    let unreadable =
        |reason: &str| Refusal::bad_request(format!("Couldn't parse remote peer info: {reason}"));
    for (index, address) in addresses.iter().enumerate() {
        if let Some(reason) = text::not_a_peer(address) {
            return Err(unreadable(&reason));
        }
        let failed = format!("Failed to connect to peer at index: {index} - {address}");
        let call = waku.clients()?.node.connect(address);
        match within(DIAL_TIMEOUT, call, &failed).await? {
            Ok(_) => {}
            Err(CallError::Interface(ConnectError::InvalidAddress { reason, .. })) => {
                return Err(unreadable(&format!("MultiAddress.init [{reason}]")));
            }
            Err(_) => return Err(Refusal::bad_request(failed)),
        }
    }
    Ok(Answer::ok())
}
