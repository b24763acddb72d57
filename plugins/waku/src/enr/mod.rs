//! Node records (EIP-778, 31/WAKU2-ENR): what a node says of itself where there is no connection yet, signed with
//! its node key.

mod addresses;
mod capabilities;
mod make;
mod shards;

use std::{
    fmt,
    net::{SocketAddr, SocketAddrV4, SocketAddrV6},
    str::FromStr,
};

use ::enr::{CombinedPublicKey, EnrPublicKey};
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use discv5::Enr;
use libp2p::{Multiaddr, PeerId, identity::secp256k1, multiaddr::Protocol};

use crate::limits::MAX_RECORD;

pub use capabilities::Capabilities;
pub(crate) use make::{Content, RecordKey};
pub use shards::RecordShards;

const CAPABILITIES: &str = "waku2";
const SHARDS: &str = "rs";
const SHARD_BITS: &str = "rsv";
const ADDRESSES: &str = "multiaddrs";
const PREFIX: &str = "enr:";

/// A signed node record, at most [`MAX_RECORD`] bytes. Its signature has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRecord {
    record: Enr,
    peer_id: PeerId,
}

/// Why there is no node record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Too long.
    #[error("node record has {0} bytes, the limit is {MAX_RECORD}")]
    TooLong(usize),
    /// The text is not `enr:` and unpadded base64url.
    #[error("node record is not \"enr:\" and base64url")]
    Text,
    /// Malformed, or its signature is not that of its key; carries the reason.
    #[error("node record is invalid: {0}")]
    Invalid(String),
    /// The key is of another kind than secp256k1, which node keys are.
    #[error("node record has no secp256k1 key")]
    Key,
}

impl NodeRecord {
    /// Reads the binary form (RLP).
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn decode(mut bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.len() > MAX_RECORD {
            return Err(RecordError::TooLong(bytes.len()));
        }
        let record = <Enr as alloy_rlp::Decodable>::decode(&mut bytes)
            .map_err(|error| RecordError::Invalid(error.to_string()))?;
        if bytes.is_empty() {
            Self::new(record)
        } else {
            Err(RecordError::Invalid("there are bytes behind it".to_owned()))
        }
    }

    pub(crate) fn new(record: Enr) -> Result<Self, RecordError> {
        let CombinedPublicKey::Secp256k1(key) = record.public_key() else {
            return Err(RecordError::Key);
        };
        let key = secp256k1::PublicKey::try_from_bytes(&key.encode()).map_err(|_| RecordError::Key)?;
        Ok(Self {
            peer_id: libp2p::identity::PublicKey::from(key).to_peer_id(),
            record,
        })
    }

    /// The binary form (RLP).
    pub fn encode(&self) -> Vec<u8> {
        alloy_rlp::encode(&self.record)
    }

    pub(crate) fn inner(&self) -> &Enr {
        &self.record
    }

    /// The peer, whose key has signed the record.
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// The number of this version of the record; a greater one replaces a lesser one.
    pub fn seq(&self) -> u64 {
        self.record.seq()
    }

    /// What the node serves; nothing if it does not say, as nodes of other networks.
    pub fn capabilities(&self) -> Capabilities {
        match self.bytes(CAPABILITIES).as_deref() {
            Some([bits]) => Capabilities::from_bits(*bits),
            _ => Capabilities::default(),
        }
    }

    /// The shards that the node takes part in, if it says so.
    pub fn shards(&self) -> Option<RecordShards> {
        let list = self.bytes(SHARDS).and_then(|it| RecordShards::from_list(&it));
        list.or_else(|| RecordShards::from_bits(&self.bytes(SHARD_BITS)?))
    }

    /// Where the node can be dialled, each address with its peer id: by TCP as the record's `ip` and `tcp` say,
    /// then as its `multiaddrs` say.
    pub fn addresses(&self) -> Vec<Multiaddr> {
        let v4 = self.record.tcp4_socket().map(SocketAddr::V4);
        let v6 = self.record.tcp6_socket().map(SocketAddr::V6);
        let plain = v4
            .into_iter()
            .chain(v6)
            .map(|socket| Multiaddr::from(socket.ip()).with(Protocol::Tcp(socket.port())));
        let field = self.bytes(ADDRESSES).unwrap_or_default();
        plain
            .chain(addresses::decode(&field))
            .filter_map(|address| address.with_p2p(self.peer_id).ok())
            .collect()
    }

    /// Where the node speaks discv5 by IPv4.
    pub fn udp4(&self) -> Option<SocketAddrV4> {
        self.record.udp4_socket()
    }

    /// Where the node speaks discv5 by IPv6.
    pub fn udp6(&self) -> Option<SocketAddrV6> {
        self.record.udp6_socket()
    }

    /// The value of a key that holds bytes.
    fn bytes(&self, key: &str) -> Option<Bytes> {
        self.record.get_decodable::<Bytes>(key)?.ok()
    }
}

impl FromStr for NodeRecord {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        let digits = text.strip_prefix(PREFIX).ok_or(RecordError::Text)?;
        // Longer texts need not be decoded to be refused.
        if digits.len() > BASE64URL_NOPAD.encode_len(MAX_RECORD) {
            return Err(RecordError::TooLong(digits.len() / 4 * 3));
        }
        let bytes = BASE64URL_NOPAD
            .decode(digits.as_bytes())
            .map_err(|_| RecordError::Text)?;
        Self::decode(&bytes)
    }
}

impl fmt::Display for NodeRecord {
    /// `enr:` and the binary form as base64url.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64URL_NOPAD.encode(&self.encode()))
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{sample, sample_with};
