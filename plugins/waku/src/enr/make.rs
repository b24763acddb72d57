//! Making and signing a record.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use ::enr::{CombinedKey, Enr};
use libp2p::{Multiaddr, multiaddr::Protocol};

use super::{
    ADDRESSES, CAPABILITIES, Capabilities, NodeRecord, RecordError, RecordShards, SHARD_BITS, SHARDS,
    addresses,
};

/// The node key in the form that signs records. `Debug` does not show it.
pub(crate) struct RecordKey(CombinedKey);

impl RecordKey {
    /// Takes the 32 bytes of a secp256k1 key and wipes them; `None` if they are no key.
    pub(crate) fn new(bytes: &mut [u8]) -> Option<Self> {
        CombinedKey::secp256k1_from_bytes(bytes).ok().map(Self)
    }

    pub(crate) fn into_inner(self) -> CombinedKey {
        self.0
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey(…)")
    }
}

/// What a node says of itself in its record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    capabilities: Capabilities,
    shards: Option<RecordShards>,
    udp: Option<SocketAddr>,
    tcp4: Option<(Ipv4Addr, u16)>,
    tcp6: Option<(Ipv6Addr, u16)>,
    /// What the fields before cannot express.
    others: Vec<Multiaddr>,
}

impl Content {
    /// Without `shards` if the node takes part in none; of `udp`, where discv5
    /// is spoken, the port and the kind count.
    pub(crate) fn new(
        capabilities: Capabilities,
        shards: Option<RecordShards>,
        udp: Option<SocketAddr>,
    ) -> Self {
        Self {
            capabilities,
            shards,
            udp,
            ..Self::default()
        }
    }

    /// With these addresses, the best first: the first of IPv4 and the first of IPv6 by plain TCP, and all that are
    /// more than IP and TCP.
    pub(crate) fn with_addresses(mut self, addresses: impl IntoIterator<Item = Multiaddr>) -> Self {
        for address in addresses {
            let parts: Vec<_> = address
                .iter()
                .filter(|part| !matches!(part, Protocol::P2p(_)))
                .collect();
            match parts[..] {
                [Protocol::Ip4(ip), Protocol::Tcp(port)] => {
                    self.tcp4.get_or_insert((ip, port));
                }
                [Protocol::Ip6(ip), Protocol::Tcp(port)] => {
                    self.tcp6.get_or_insert((ip, port));
                }
                _ => self.others.push(address),
            }
        }
        self
    }

    /// Signs the record. Of the addresses beyond plain TCP, those go from the end that find no room, then that of
    /// IPv6.
    pub(crate) fn sign(&self, seq: u64, key: &RecordKey) -> Result<NodeRecord, RecordError> {
        let (mut count, mut tcp6) = (self.others.len(), self.tcp6);
        loop {
            match self.sign_with(seq, key, tcp6, &self.others[..count]) {
                Err(::enr::Error::ExceedsMaxSize) if count > 0 => count -= 1,
                Err(::enr::Error::ExceedsMaxSize) if tcp6.is_some() => tcp6 = None,
                made => {
                    return made.map_or_else(
                        |error| Err(RecordError::Invalid(error.to_string())),
                        NodeRecord::new,
                    );
                }
            }
        }
    }

    fn sign_with(
        &self,
        seq: u64,
        key: &RecordKey,
        tcp6: Option<(Ipv6Addr, u16)>,
        others: &[Multiaddr],
    ) -> Result<Enr<CombinedKey>, ::enr::Error> {
        let mut record = Enr::builder();
        record.seq(seq);
        record.add_value(CAPABILITIES, &&[self.capabilities.bits()][..]);
        match &self.shards {
            Some(shards) if shards.are_many() => {
                record.add_value(SHARD_BITS, &&shards.to_bits()[..]);
            }
            Some(shards) => {
                record.add_value(SHARDS, &&shards.to_list()[..]);
            }
            None => {}
        }
        if let Some((ip, port)) = self.tcp4 {
            record.ip4(ip).tcp4(port);
            let udp = self.udp.filter(SocketAddr::is_ipv4);
            udp.map(|udp| record.udp4(udp.port()));
        }
        if let Some((ip, port)) = tcp6 {
            record.ip6(ip).tcp6(port);
            let udp = self.udp.filter(SocketAddr::is_ipv6);
            udp.map(|udp| record.udp6(udp.port()));
        }
        if !others.is_empty() {
            record.add_value(ADDRESSES, &&addresses::encode(others)[..]);
        }
        record.build(&key.0)
    }
}
