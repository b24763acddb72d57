//! What lies where in the job of an archive.
//!
//! A message has a *place* in the order of time, 40 bytes: its timestamp, as eight bytes that sort as the number does,
//! and its hash. Four categories hold it; numbers are big-endian.
//!
//! | category | key | payload |
//! |---|---|---|
//! | `message` | place | cluster and shard (2 + 2 bytes), the protobuf of the message |
//! | `hash` | hash | timestamp of the place (8), length of the payload in `message` (4) |
//! | `content` | first 16 bytes of the SHA-256 of the content topic, cluster, shard, place | length (4) |
//! | `shard` | cluster, shard, place | length (4) |
//! | `state` | `figures` | number of messages (8) |
//! | `state` | `online` | when the node was last online, as a timestamp (8) |
//!
//! Everything follows from the message alone, so that a message has one set of rows however often it comes. The
//! hash of the content topic is long enough that nobody finds two topics with the same one.

use sha2::{Digest, Sha256};
use storage_api::{Op, Row};

use super::{ArchiveError, Entry, Job};
use crate::{MessageHash, PubsubTopic, WakuMessage};

pub(super) const MESSAGES: &str = "message";
pub(super) const HASHES: &str = "hash";
pub(super) const CONTENT: &str = "content";
pub(super) const SHARDS: &str = "shard";
const STATE: &str = "state";
const FIGURES: &[u8] = b"figures";
const ONLINE: &[u8] = b"online";

/// Bytes of a place.
const PLACE: usize = 40;

/// Where a message is in the order of time: by its timestamp, then by its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The timestamp, in nanoseconds since 1970.
    pub timestamp: i64,
    /// The hash.
    pub hash: MessageHash,
}

/// What the archive knows of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) messages: u64,
}

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) pubsub_topic: PubsubTopic,
    pub(super) message: WakuMessage,
}

impl Place {
    pub(super) fn key(&self) -> Vec<u8> {
        [&sortable(self.timestamp)[..], self.hash.as_bytes()].concat()
    }

    /// Reads the place at the end of a key.
    pub(super) fn at_end_of(key: &[u8]) -> Option<Self> {
        let (timestamp, hash) = key
            .get(key.len().checked_sub(PLACE)?..)?
            .split_first_chunk::<8>()?;
        let hash: [u8; 32] = hash.try_into().ok()?;
        Some(Self {
            timestamp: unsorted(*timestamp),
            hash: hash.into(),
        })
    }
}

/// A timestamp as bytes that sort as it does.
pub(super) fn sortable(timestamp: i64) -> [u8; 8] {
    (timestamp as u64 ^ 1 << 63).to_be_bytes()
}

fn unsorted(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ 1 << 63) as i64
}

/// The beginning of the keys of a content topic.
pub(super) fn content_prefix(content_topic: &str) -> Vec<u8> {
    Sha256::digest(content_topic)[..16].to_vec()
}

/// The bytes of a shard in keys and payloads.
pub(super) fn shard_prefix(topic: PubsubTopic) -> [u8; 4] {
    let ([a, b], [c, d]) = (topic.cluster().to_be_bytes(), topic.shard().to_be_bytes());
    [a, b, c, d]
}

/// Reads a shard from the beginning of bytes.
pub(super) fn shard_of(bytes: &[u8]) -> Option<PubsubTopic> {
    let [a, b, c, d] = *bytes.first_chunk()?;
    PubsubTopic::new(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])).ok()
}

/// The length of a message's record, as an index has it.
pub(super) fn length_of(payload: &[u8]) -> Option<usize> {
    let length: [u8; 4] = payload.try_into().ok()?;
    Some(u32::from_be_bytes(length) as usize)
}

/// Reads a payload of the category `hash`: the timestamp and the length.
pub(super) fn hash_row(payload: &[u8]) -> Option<(i64, usize)> {
    let (timestamp, length) = payload.split_first_chunk()?;
    Some((unsorted(*timestamp), length_of(length)?))
}

impl Record {
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        Some(Self {
            pubsub_topic: shard_of(payload)?,
            message: WakuMessage::decode(payload.get(4..)?).ok()?,
        })
    }
}

/// The keys of a message in each category.
fn keys(place: Place, pubsub_topic: PubsubTopic, content_topic: &str) -> [(&'static str, Vec<u8>); 4] {
    let (shard, key) = (shard_prefix(pubsub_topic), place.key());
    [
        (HASHES, place.hash.as_bytes().to_vec()),
        (
            CONTENT,
            [&content_prefix(content_topic), &shard[..], &key].concat(),
        ),
        (SHARDS, [&shard[..], &key].concat()),
        (MESSAGES, key),
    ]
}

/// Stores a message.
pub(super) fn put(entry: &Entry) -> [Op; 4] {
    let message = &entry.message;
    let record = [&shard_prefix(entry.pubsub_topic)[..], &message.encode()].concat();
    let length = u32::try_from(record.len()).unwrap_or(u32::MAX).to_be_bytes();
    let timestamp = sortable(message.timestamp);
    let place = Place {
        timestamp: message.timestamp,
        hash: entry.hash,
    };
    let mut record = Some(record);
    keys(place, entry.pubsub_topic, &message.content_topic).map(|(category, key)| {
        let payload = match category {
            MESSAGES => record.take().unwrap_or_default(),
            HASHES => [&timestamp[..], &length].concat(),
            _ => length.to_vec(),
        };
        Op::put(category, key, payload)
    })
}

/// Removes the message of a row of `message`. One that cannot be read goes alone; nothing leads to it.
pub(super) fn remove(row: &Row) -> Vec<Op> {
    let payload = row.payload.as_deref().unwrap_or_default();
    let delete = |(category, key): (&str, Vec<u8>)| Op::Delete {
        category: category.to_owned(),
        key: key.into(),
    };
    match (Place::at_end_of(&row.key), Record::read(payload)) {
        (Some(place), Some(record)) => keys(place, record.pubsub_topic, &record.message.content_topic)
            .map(delete)
            .into(),
        _ => vec![delete((MESSAGES, row.key.to_vec()))],
    }
}

impl Figures {
    pub(super) fn put(&self) -> Op {
        Op::put(STATE, FIGURES, self.messages.to_be_bytes().to_vec())
    }
}

impl Job {
    pub(super) async fn figures(&self) -> Result<Figures, ArchiveError> {
        let Some(bytes) = self.state(FIGURES).await? else {
            return Ok(Figures::default());
        };
        let messages = u64::from_be_bytes(bytes);
        Ok(Figures { messages })
    }

    pub(super) async fn online(&self) -> Result<Option<i64>, ArchiveError> {
        Ok(self.state(ONLINE).await?.map(unsorted))
    }

    pub(super) async fn mark_online(&self, until: i64) -> Result<(), ArchiveError> {
        let (category, payload) = (STATE.to_owned(), sortable(until).to_vec().into());
        let put = self
            .kv
            .put(&self.name, &category, &ONLINE.into(), &payload, &false, &None);
        Ok(put.await?)
    }

    async fn state(&self, key: &[u8]) -> Result<Option<[u8; 8]>, ArchiveError> {
        let payload = self.kv.get(&self.name, &STATE.to_owned(), &key.into()).await?;
        let read = |bytes: backplane_sdk::Bytes| bytes.0.try_into();
        let state = payload.map(read).transpose();
        state.map_err(|_| ArchiveError::Damaged("state"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::sync::Arc;

    use super::*;

    fn place(timestamp: i64, byte: u8) -> Place {
        Place {
            timestamp,
            hash: [byte; 32].into(),
        }
    }

    #[test]
    fn the_rows_of_a_message_follow_from_it_and_go_with_it() {
        let message = WakuMessage {
            payload: vec![1],
            content_topic: "/a".into(),
            timestamp: 5,
            ..WakuMessage::default()
        };
        let entry = Entry {
            hash: [7; 32].into(),
            pubsub_topic: PubsubTopic::new(1, 2).unwrap(),
            message: Arc::new(message.clone()),
        };
        let ops = put(&entry);
        let rows: Vec<_> = ops
            .iter()
            .map(|op| match op {
                Op::Put {
                    category,
                    key,
                    payload,
                    ..
                } => (category.as_str(), hex::encode(&key.0), hex::encode(&payload.0)),
                _ => panic!("{op:?}"),
            })
            .collect();
        let key = format!("8000000000000005{}", "07".repeat(32));
        let topic = &hex::encode(Sha256::digest("/a"))[..32];
        let length = "0000000d";
        assert_eq!(
            rows,
            [
                (HASHES, "07".repeat(32), format!("8000000000000005{length}")),
                (CONTENT, format!("{topic}00010002{key}"), length.into()),
                (SHARDS, format!("00010002{key}"), length.into()),
                (MESSAGES, key.clone(), "000100020a010112022f61500a".into()),
            ]
        );
        let row = Row {
            key: hex::decode(&key).unwrap().into(),
            payload: Some(hex::decode(&rows[3].2).unwrap().into()),
        };
        let removed = remove(&row);
        for (op, (category, key, _)) in removed.iter().zip(&rows) {
            let expected = Op::Delete {
                category: (*category).to_owned(),
                key: hex::decode(key).unwrap().into(),
            };
            assert!(*op == expected);
        }
        assert_eq!(removed.len(), 4);
        let record = Record::read(&hex::decode(&rows[3].2).unwrap()).unwrap();
        assert_eq!(
            (record.pubsub_topic, record.message),
            (entry.pubsub_topic, message)
        );
    }

    #[test]
    fn an_unreadable_record_goes_alone() {
        let row = Row {
            key: place(1, 1).key().into(),
            payload: Some(vec![0xff].into()),
        };
        assert_eq!(remove(&row).len(), 1);
    }

    proptest! {
        #[test]
        fn keys_sort_as_places_do(a: (i64, u8), b: (i64, u8)) {
            let (a, b) = (place(a.0, a.1), place(b.0, b.1));
            prop_assert_eq!(a.key().cmp(&b.key()), a.cmp(&b));
            prop_assert_eq!(Place::at_end_of(&[&[9; 20][..], &a.key()].concat()), Some(a));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Place::at_end_of(&bytes);
            let _ = Record::read(&bytes);
            let _ = hash_row(&bytes);
            let _ = length_of(&bytes);
        }
    }
}
