//! The value of `multiaddrs`: binary multiaddrs without the peer at their end, each after its length in two bytes, big-endian.

use libp2p::{Multiaddr, multiaddr::Protocol};

use crate::limits::MAX_PEER_ADDRS;

pub(super) fn encode<'a>(addresses: impl IntoIterator<Item = &'a Multiaddr>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for address in addresses {
        let address = without_peer(address).to_vec();
        // A longer one fits into no record.
        if let Ok(length) = u16::try_from(address.len()) {
            bytes.extend(length.to_be_bytes());
            bytes.extend(address);
        }
    }
    bytes
}

/// The addresses up to the first that makes no sense.
pub(super) fn decode(mut bytes: &[u8]) -> Vec<Multiaddr> {
    let mut addresses = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>()
        && let Some((address, rest)) = rest.split_at_checked(u16::from_be_bytes(*length).into())
        && let Ok(address) = Multiaddr::try_from(address.to_vec())
        && addresses.len() < MAX_PEER_ADDRS
    {
        addresses.push(without_peer(&address));
        bytes = rest;
    }
    addresses
}

/// A circuit names its relay in the middle, without which it leads nowhere.
fn without_peer(address: &Multiaddr) -> Multiaddr {
    let mut address = address.clone();
    if let Some(Protocol::P2p(_)) = address.iter().last() {
        address.pop();
    }
    address
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_written_without_the_peer_and_read_up_to_the_first_bad_one() {
        let texts = ["/ip4/127.0.0.1/tcp/8000/ws", "/dns4/example.org/tcp/443/wss"];
        let addresses: Vec<Multiaddr> = texts.map(|text| text.parse().unwrap()).to_vec();
        let named = addresses[0].clone().with_p2p(libp2p::PeerId::random()).unwrap();
        let bytes = encode([&named, &addresses[1]]);
        assert_eq!(hex::encode(&bytes[..14]), "000a047f000001061f40dd030012");
        assert_eq!(decode(&bytes), addresses);
        assert_eq!(decode(&bytes[..bytes.len() - 1]), addresses[..1]);
        assert_eq!(decode(&[0, 2, 0xff, 0xff]), []);
        let relay = libp2p::PeerId::random();
        let circuit: Multiaddr = format!("/ip4/10.0.0.1/tcp/1/p2p/{relay}/p2p-circuit")
            .parse()
            .unwrap();
        let through = circuit.clone().with_p2p(libp2p::PeerId::random()).unwrap();
        assert_eq!(decode(&encode([&through])), [circuit]);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
        }
    }
}
