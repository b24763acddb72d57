//! Every decoder of bytes that come from outside, under one roof: for those who feed them with anything.

use std::{fmt::Display, str::FromStr};

use futures::{FutureExt, io::Cursor};
use prost::Message;

use crate::{
    ContentTopic, MessageHash, NodeRecord, PubsubTopic, RateLimits, TreeUrl, WakuMessage,
    discovery::{Entry, Hash, Root},
    filter::{self, Pushed},
    framing,
    lightpush::{self, Version},
    limits::MAX_SERVICE_FRAME,
    metadata::Metadata,
    peer_exchange, store,
};

/// The id under which responses are read: they make sense only as the answer to a request.
const ID: &str = "1";
/// The key of the example of EIP-1459, by which roots of trees are read.
const TREE: &str = "enrtree://AKPYQIUQIL7PSIACI32J7FGZW56E5FKHEFCCOFHILBIMW3M6LWXS2@nodes.example.org";

/// What reads bytes that a peer, a name server or a person may have chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decoder {
    /// A message (14/WAKU2-MESSAGE).
    Message,
    /// What peers tell of themselves (66/WAKU2-METADATA), either way.
    Metadata,
    /// A request to a store (13/WAKU2-STORE).
    StoreRequest,
    /// The answer of a store.
    StoreResponse,
    /// A request to a filter service (12/WAKU2-FILTER).
    FilterRequest,
    /// The answer of a filter service.
    FilterResponse,
    /// A message that a filter service pushes.
    FilterPush,
    /// A request to publish (19/WAKU2-LIGHTPUSH, version 3).
    LightpushRequest,
    /// The answer to it.
    LightpushResponse,
    /// A request to publish, of version 2.
    LegacyLightpushRequest,
    /// The answer to it.
    LegacyLightpushResponse,
    /// A request for peers (34/WAKU2-PEER-EXCHANGE).
    PeerExchangeRequest,
    /// The answer to it.
    PeerExchangeResponse,
    /// A node record in its binary form (EIP-778).
    Record,
    /// A node record as text.
    RecordText,
    /// The root of a tree in DNS (EIP-1459).
    TreeRoot,
    /// What stands below the root.
    TreeEntry,
    /// The name of a tree.
    TreeUrl,
    /// A content topic (23/WAKU2-TOPICS).
    ContentTopic,
    /// A pubsub topic (51/WAKU2-RELAY-SHARDING).
    PubsubTopic,
    /// The hash of a message as text.
    MessageHash,
    /// A rate limit of the configuration.
    RateLimit,
    /// A frame of the request protocols, of at most 64 KiB.
    Frame,
}

/// What became of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// They were refused.
    Refused,
    /// They were read, written, and read again as what they were; these bytes were written.
    Same(Vec<u8>),
    /// They were read as something that cannot be written, or that is read as something else then.
    Other,
}

impl Decoder {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::Message,
        Self::Metadata,
        Self::StoreRequest,
        Self::StoreResponse,
        Self::FilterRequest,
        Self::FilterResponse,
        Self::FilterPush,
        Self::LightpushRequest,
        Self::LightpushResponse,
        Self::LegacyLightpushRequest,
        Self::LegacyLightpushResponse,
        Self::PeerExchangeRequest,
        Self::PeerExchangeResponse,
        Self::Record,
        Self::RecordText,
        Self::TreeRoot,
        Self::TreeEntry,
        Self::TreeUrl,
        Self::ContentTopic,
        Self::PubsubTopic,
        Self::MessageHash,
        Self::RateLimit,
        Self::Frame,
    ];

    /// Reads bytes, writes what was found, and reads that. What has no written form of its own (refusals of services,
    /// roots of trees, whose signature is not ours to make, and limits) is only read.
    pub fn again(self, bytes: &[u8]) -> Again {
        match self {
            Self::Message => again(bytes, |it| WakuMessage::decode(it).ok(), WakuMessage::encode),
            Self::Metadata => again(bytes, |it| Metadata::decode(it).ok(), Metadata::encode_to_vec),
            Self::StoreRequest => again(
                bytes,
                |it| store::Request::decode(it).ok(),
                store::Request::encode,
            ),
            Self::StoreResponse => again(
                bytes,
                |it| store::decode_response(it, ID).ok(),
                |page| store::encode_response(ID, &Ok(page.clone())),
            ),
            Self::FilterRequest => again(
                bytes,
                |it| filter::Request::decode(it).ok(),
                filter::Request::encode,
            ),
            Self::FilterResponse => again(
                bytes,
                |it| filter::decode_response(it, ID).ok(),
                |()| filter::encode_response(ID, &Ok(())),
            ),
            Self::FilterPush => again(
                bytes,
                |it| Pushed::decode(it).ok(),
                |pushed| filter::encode_push(&pushed.pubsub_topic, &pushed.message),
            ),
            Self::LightpushRequest => pushed_again(Version::V3, bytes),
            Self::LegacyLightpushRequest => pushed_again(Version::Legacy, bytes),
            Self::LightpushResponse => published_again(Version::V3, bytes),
            Self::LegacyLightpushResponse => published_again(Version::Legacy, bytes),
            Self::PeerExchangeRequest => again(
                bytes,
                |it| peer_exchange::decode_request(it).ok(),
                |count| peer_exchange::encode_request(*count as u64),
            ),
            Self::PeerExchangeResponse => again(
                bytes,
                |it| peer_exchange::decode_response(it).ok(),
                |records| peer_exchange::encode_response(Ok(records.clone())),
            ),
            Self::Record => again(bytes, |it| NodeRecord::decode(it).ok(), NodeRecord::encode),
            Self::RecordText => text_again::<NodeRecord>(bytes),
            Self::TreeRoot => {
                let tree: Option<TreeUrl> = TREE.parse().ok();
                let root = tree
                    .zip(text(bytes))
                    .map(|(tree, text)| Root::parse(text, &tree.key));
                only_read(root.is_some_and(|root| root.is_ok()), bytes)
            }
            Self::TreeEntry => again(
                bytes,
                |it| text(it).and_then(|text| Entry::parse(text, &Hash::of(text)).ok()),
                |entry| entry.to_string().into_bytes(),
            ),
            Self::TreeUrl => text_again::<TreeUrl>(bytes),
            Self::ContentTopic => text_again::<ContentTopic>(bytes),
            Self::PubsubTopic => text_again::<PubsubTopic>(bytes),
            Self::MessageHash => text_again::<MessageHash>(bytes),
            Self::RateLimit => {
                let read = text(bytes).map(|text| RateLimits::parse(&[text]));
                only_read(read.is_some_and(|it| it.is_ok()), bytes)
            }
            Self::Frame => again(bytes, frame, |content| framing::framed(content)),
        }
    }
}

fn again<T: PartialEq>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Option<T>,
    encode: impl Fn(&T) -> Vec<u8>,
) -> Again {
    let Some(value) = decode(bytes) else {
        return Again::Refused;
    };
    let written = encode(&value);
    match decode(&written) == Some(value) {
        true => Again::Same(written),
        false => Again::Other,
    }
}

fn text_again<T: FromStr + Display + PartialEq>(bytes: &[u8]) -> Again {
    again(
        bytes,
        |it| text(it)?.parse().ok(),
        |value: &T| value.to_string().into_bytes(),
    )
}

fn pushed_again(version: Version, bytes: &[u8]) -> Again {
    again(
        bytes,
        |it| version.decode_request(it).ok(),
        |request| version.encode_request(request),
    )
}

fn published_again(version: Version, bytes: &[u8]) -> Again {
    let encode = |peers: &Option<u32>| {
        version.encode_response(&lightpush::Response {
            id: ID.to_owned(),
            outcome: Ok(*peers),
        })
    };
    again(bytes, |it| version.decode_response(it, ID).ok(), encode)
}

fn only_read(was_read: bool, bytes: &[u8]) -> Again {
    match was_read {
        true => Again::Same(bytes.to_vec()),
        false => Again::Refused,
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The first frame; a stream that ends early is refused.
fn frame(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut stream = Cursor::new(bytes);
    framing::read_whole(&mut stream, MAX_SERVICE_FRAME)
        .now_or_never()?
        .ok()
}
